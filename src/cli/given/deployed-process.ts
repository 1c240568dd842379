import type { Database } from '../../db/index.ts';
import { findLink } from '../../instance/index.ts';
import { readDeployments, readLinks } from '../../projections/index.ts';
import { misuse } from '../command.ts';
import { CliError } from '../errors.ts';

/**
 * Which process of whom: `LINK:PROCESS`, or its name where only one of that name was deployed there. `verb` is what is
 * wanted of it, for the refusal.
 */
export function deployedProcess(
  db: Database,
  named: string,
  environment: string,
  verb: string,
): { readonly process: string; readonly link: string } {
  const here = readDeployments(db).filter((row) => row.environment === environment);
  const [, linkName, rest] = /^([^:]+):(.+)$/.exec(named) ?? [];
  if (linkName !== undefined && rest !== undefined)
    return { process: rest, link: findLink(db, linkName).link };
  const links = [...new Set(here.filter((row) => row.process === named).map(({ link }) => link))];
  if (links.length === 1) return { process: named, link: links[0]! };
  if (links.length > 1) {
    const names = new Map(readLinks(db).map(({ link, name }) => [link, name]));
    const candidates = links.map((link) =>
      link === '' ? `${named} of this side` : `${names.get(link)}:${named}`,
    );
    throw misuse(
      `Cannot tell which ${named} is meant: there are ${links.length} in ${environment}`,
      `Say one of: ${candidates.join(', ')}.`,
    );
  }
  const known = [...new Set(here.map(({ process }) => process))];
  throw new CliError(
    'PROCESS_UNKNOWN',
    `Cannot ${verb} ${named} in ${environment}: nothing of that name was deployed there`,
    {
      hint: known.length === 0 ? 'Nothing was deployed there yet.' : `Deployed there: ${known.join(', ')}.`,
      details: { process: named, environment },
    },
  );
}
