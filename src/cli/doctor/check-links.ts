import { accessSync, constants, statSync } from 'node:fs';
import { readLinkViews } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { commandLine } from '../../words.ts';
import { neverHeard } from '../links/never-heard.ts';
import { advice, good, wrong, type Finding } from './finding.ts';

const shownMax = 50;

/** What keeps links from working, as far as it is seen from here: their state, their folders, and what a daemon said. */
export function checkLinks(instance: Instance): Finding[] {
  const links = readLinks(instance.db).filter(({ state }) => state !== 'removed');
  if (links.length === 0) return [];
  const found = [
    ...links.flatMap((link) => [...unfinished(link), ...folderOf(link)]),
    ...neverHeard(instance.db).map((said) => advice('folder', said, 'Name the same folder on both sides.')),
    ...readLinkViews(instance).flatMap(({ name, live }): Finding[] => {
      const error = live?.lastError ?? null;
      if (error === null || error.over) return [];
      const { code, message, hint } = error;
      const level = code === 'UNEXPECTED' ? 'advice' : 'wrong';
      return [{ level, about: 'link', link: name, code, message, ...(hint !== null && { hint }) }];
    }),
  ];
  return found.length === 0 ? [good('link', 'no link waits for a person')] : found.slice(0, shownMax);
}

function unfinished({ name, state, transport }: LinkRow): Finding[] {
  if (state === 'pending')
    return [
      {
        ...advice(
          'link',
          `${name} is paired but not confirmed, so that nothing of theirs runs here`,
          `Compare the words by telephone: ${commandLine('link', 'confirm', name, '--fingerprint', 'SIX WORDS')}.`,
        ),
        link: name,
      },
    ];
  if (state !== 'invited') return [];
  const why =
    transport.kind === 'nats' && transport.hub ? ', and our server lets it in only after its reply' : '';
  return [
    {
      ...advice(
        'link',
        `${name} has not answered the invitation${why}`,
        `Take its reply in: ${commandLine('link', 'confirm', 'REPLY', '--fingerprint', 'SIX WORDS')}.`,
      ),
      link: name,
    },
  ];
}

function folderOf({ name, transport }: LinkRow): Finding[] {
  if (transport.kind !== 'folder') return [];
  const { folder } = transport;
  const problem = folderProblem(folder);
  if (problem === undefined) return [];
  const hint = 'Plug it in, mount it, or let this account write there; the exchange goes on by itself.';
  return [
    {
      ...wrong('folder', `the folder ${folder} of ${name} ${problem.what}`, hint),
      ...problem.of,
      link: name,
    },
  ];
}

function folderProblem(
  folder: string,
): { readonly what: string; readonly of: Pick<Finding, 'code'> } | undefined {
  try {
    if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
      return { what: 'is not there', of: { code: 'FOLDER_MISSING' } };
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unreadable';
    return { what: `can't be used by this account (${reason})`, of: { code: 'FOLDER_NOT_WRITABLE' } };
  }
}
