import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { readCredential, repositoryOf, requireSource, sourceNamed } from '../../daemon/index.ts';
import type { Instance } from '../../instance/index.ts';
import { NugetError, type HttpRepository, type Repository } from '../../nuget/index.ts';
import { misuse } from '../command.ts';

/** What a command line says of who we are at a repository. */
export type GivenCredentials = {
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  readonly apiKeyFile?: string | undefined;
  readonly allowInsecure?: boolean;
};

/**
 * The repository that a person named: one of the settings by its name or its address, another address, or a folder that
 * is there; without a name the only one of the settings.
 *
 * @throws NugetError SOURCE_UNKNOWN, SOURCE_CREDENTIAL_MISSING; CliError USAGE_INVALID
 */
export function givenRepository(
  instance: Instance,
  named: string | undefined,
  given: GivenCredentials = {},
): Repository {
  if ((given.passwordFile !== undefined) !== (given.user !== undefined))
    throw misuse(
      'Cannot log in: a user needs a password, and a password a user',
      'Give --user and --password-file.',
    );
  const { source } = instance.settings;
  if (named === undefined) {
    const [only, ...others] = source;
    if (only !== undefined && others.length === 0)
      return withCredentials(repositoryOf(instance, only), given);
    throw misuse(
      'Cannot push: it is not said to which repository',
      only === undefined
        ? 'Name one with --to: an address (https://…/index.json) or a folder; crossgap.toml has no [[source]].'
        : `Name one with --to: ${source.map(({ name }) => name).join(', ')}.`,
    );
  }
  const known = sourceNamed(instance, named) ?? source.find(({ url }) => url !== undefined && url === named);
  if (known !== undefined) return withCredentials(repositoryOf(instance, known), given);
  if (/^https?:\/\//i.test(named)) return withCredentials(atAddress(named), given);
  const folder = resolve(named);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true)
    return { kind: 'folder', name: folder, folder };
  // Whatever it is meant to be: the message tells what there is.
  if (!/[\\/]/.test(named)) requireSource(instance, named);
  throw new NugetError('SOURCE_UNKNOWN', `Cannot use repository ${named}: there is no such folder`, {
    hint: 'Make the folder first, or name a [[source]] of crossgap.toml or an address.',
    details: { repository: named },
  });
}

function atAddress(address: string): HttpRepository {
  if (!URL.canParse(address))
    throw misuse(`Cannot push to ${address}: it is no address`, 'Write https://HOST/….');
  const url = new URL(address);
  if (url.username !== '' || url.password !== '')
    throw misuse(
      `Cannot push to ${url.host}: who we are never stands in an address`,
      'Leave it out; use --user with --password-file, or --api-key-file.',
    );
  // What follows a question mark may be a key.
  const name = `${url.origin}${url.pathname}`;
  return { kind: 'http', name, url: url.href, allowInsecure: false, credentialHosts: [] };
}

function withCredentials(
  repository: Repository,
  { user, passwordFile, apiKeyFile, allowInsecure = false }: GivenCredentials,
): Repository {
  const isGiven = [user, passwordFile, apiKeyFile].some((each) => each !== undefined) || allowInsecure;
  if (repository.kind === 'folder') {
    if (!isGiven) return repository;
    throw misuse('Cannot log in at a folder: it has no users or keys', 'Leave those options out.');
  }
  return {
    ...repository,
    allowInsecure: repository.allowInsecure || allowInsecure,
    ...(user !== undefined &&
      passwordFile !== undefined && { user, password: readCredential(repository.name, passwordFile) }),
    ...(apiKeyFile !== undefined && { apiKey: readCredential(repository.name, apiKeyFile) }),
  };
}
