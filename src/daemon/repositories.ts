import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InstanceError, type Instance, type SecretRef } from '../instance/index.ts';
import { failure, NugetError, type HttpRepository, type Repository } from '../nuget/index.ts';
import type { SourceSettings } from '../settings/index.ts';
import { commandLine } from '../words.ts';

/** What of a repository is kept in the vault. */
export type SourceSecret = 'password' | 'api-key';

/**
 * Under which name the vault keeps it. No input can be called like this, so that no release can ask for it; there is one
 * version, since no plan is frozen with it.
 */
export function sourceSecretRef(source: string, which: SourceSecret): SecretRef {
  return { name: `source\n${source}\n${which}`, environment: null, version: 1 };
}

const fileBytesMax = 64 * 1024;
const caBytesMax = 1 << 20;

/** The repository of that name in the settings, with what it is to be told. @throws NugetError SOURCE_UNKNOWN, SOURCE_CREDENTIAL_MISSING */
export function repositoryNamed(
  instance: Pick<Instance, 'settings' | 'vault' | 'folder'>,
  name: string,
): Repository {
  return repositoryOf(instance, requireSource(instance, name));
}

/** The settings of the repository of that name. @throws NugetError SOURCE_UNKNOWN, with the names that there are */
export function requireSource(instance: Pick<Instance, 'settings'>, name: string): SourceSettings {
  const found = sourceNamed(instance, name);
  if (found !== undefined) return found;
  const names = instance.settings.source.map((each) => each.name);
  const known = names.length === 0 ? 'there is none' : `there are ${names.join(', ')}`;
  throw new NugetError(
    'SOURCE_UNKNOWN',
    `Cannot use repository ${name}: no [[source]] is called so, ${known}`,
    {
      hint: 'Write one into crossgap.toml, or name an address (https://…/index.json) or a folder that is there.',
      details: { repository: name, known: names },
    },
  );
}

/** The settings of the repository of that name. */
export function sourceNamed(
  { settings }: Pick<Instance, 'settings'>,
  name: string,
): SourceSettings | undefined {
  return settings.source.find((each) => each.name.toLowerCase() === name.toLowerCase());
}

/** A repository of the settings, its password and key from files or the vault. @throws NugetError SOURCE_CREDENTIAL_MISSING */
export function repositoryOf(
  { vault, folder: data }: Pick<Instance, 'vault' | 'folder'>,
  source: SourceSettings,
): Repository {
  const { name, url, folder, user, ca, proxy } = source;
  if (folder !== undefined) return { kind: 'folder', name, folder };
  if (url === undefined) throw new TypeError('a repository has an address or a folder');
  const read = (file: string, bytesMax?: number): string =>
    readCredential(name, resolve(data.root, file), bytesMax);
  const secret = (which: SourceSecret, file: string | undefined): string | undefined =>
    file === undefined ? fromVault(vault, name, which) : read(file);
  const password = user === undefined ? undefined : secret('password', source['password-file']);
  if (user !== undefined && password === undefined)
    throw missing(
      name,
      `there is no password for its user ${user}`,
      `Set it: \`${commandLine('source', 'secret', name)}\`, or name a password-file.`,
    );
  const apiKey = secret('api-key', source['api-key-file']);
  const known: HttpRepository = {
    kind: 'http',
    name,
    url,
    allowInsecure: source['allow-insecure'],
    credentialHosts: source['credential-hosts'],
  };
  return {
    ...known,
    ...(user !== undefined && password !== undefined && { user, password }),
    ...(apiKey !== undefined && { apiKey }),
    ...(ca !== undefined && { ca: read(ca, caBytesMax) }),
    ...(proxy !== undefined && { proxy }),
  };
}

/** The text of a file with a credential, without its line end. @throws NugetError SOURCE_CREDENTIAL_MISSING */
export function readCredential(name: string, file: string, bytesMax = fileBytesMax): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw missing(name, `the file ${file} can't be read (${said})`, 'Mend its path or its rights.', cause);
  }
  const value = text.replace(/\r?\n$/, '');
  const hint = 'Put one value into it, on one line; a file of certificates is PEM.';
  if (value === '') throw missing(name, `the file ${file} is empty`, hint);
  if (Buffer.byteLength(value) > bytesMax) throw missing(name, `the file ${file} is too large`, hint);
  return value;
}

function fromVault(vault: Instance['vault'], name: string, which: SourceSecret): string | undefined {
  try {
    return vault.open(sourceSecretRef(name, which));
  } catch (cause) {
    if (!(cause instanceof InstanceError) || cause.code !== 'SECRET_UNREADABLE') throw cause;
    const option = which === 'api-key' ? ['--api-key'] : [];
    throw missing(
      name,
      `its ${which === 'api-key' ? 'key' : 'password'} in the vault does not open`,
      `Set it again: \`${commandLine('source', 'secret', name, ...option)}\`.`,
      cause,
    );
  }
}

function missing(name: string, because: string, hint: string, cause?: unknown): NugetError {
  return failure({ name }, { code: 'SOURCE_CREDENTIAL_MISSING', because, hint, cause });
}
