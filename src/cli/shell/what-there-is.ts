import { existsSync } from 'node:fs';
import { CrossgapError } from '../../errors.ts';
import { dataFolder, openInstance, releaseOf, type Instance } from '../../instance/index.ts';
import { readDeployments, readEnvironments, readLinks, readReleases } from '../../projections/index.ts';
import { CliError } from '../errors.ts';

const shownMax = 5;

/** What can be named as an argument or with an option, for somebody who named nothing. */
const named: Readonly<Record<string, (instance: Instance) => string>> = {
  ID: ({ db }) =>
    oneOf(
      'The newest here:',
      readDeployments(db, shownMax).map(
        ({ deployment, process, number, environment }) =>
          `${deployment} (${process} ${number} in ${environment})`,
      ),
      'Nothing was deployed here yet.',
    ),
  R: ({ db }) =>
    oneOf(
      'The newest here:',
      readReleases(db)
        .slice(-shownMax)
        .toReversed()
        .map((release) => releaseOf(db, release)),
      'There is no release yet.',
    ),
  LINK: (instance) => named['to']!(instance),
  env: ({ db }) =>
    oneOf(
      'This side has the environments',
      readEnvironments(db).map(({ name }) => name),
      'This side has no environment yet: `crossgap environment add NAME`.',
    ),
  to: ({ db }) =>
    oneOf(
      'Links here:',
      readLinks(db)
        .filter(({ state }) => state !== 'removed')
        .map(({ name }) => name),
      'There is no link yet: `crossgap link invite NAME --out FILE`.',
    ),
};

/** A refused command line whose hint says also what could have been named; the same where nothing is known of it. */
export async function withWhatThereIs(error: CliError, folder: string): Promise<CliError> {
  const list = named[String(error.details['lacking'])];
  if (list === undefined || !existsSync(dataFolder(folder).database)) return error;
  const { code, message, hint, details, cause } = error;
  try {
    using instance = await openInstance(folder);
    return new CliError(code, message, { hint: `${list(instance)} ${hint}`, details, cause });
  } catch (unreadable) {
    // What is wrong with the instance is told by the first command that can be understood.
    if (unreadable instanceof CrossgapError) return error;
    throw unreadable;
  }
}

function oneOf(what: string, names: readonly string[], none: string): string {
  return names.length === 0 ? none : `${what} ${names.join(', ')}.`;
}
