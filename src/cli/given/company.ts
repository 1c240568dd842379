import {
  hasEncryptedKey,
  IdentityError,
  isPem,
  readPem,
  readPfx,
  type CompanyCertificate,
} from '../../identity/index.ts';
import { misuse, type Context } from '../command.ts';
import { readGivenFile, readGivenText, readPasswordFile } from './files.ts';

export const certificateBytesMax = 1024 * 1024;

/** Files of a company certificate: a PFX, or PEM with the private key in it or in `key`. */
export type CompanyFiles = {
  readonly certificate: string;
  readonly key: string | undefined;
  readonly passwordFile: string | undefined;
};

/**
 * The company certificate that a person named, with its private key.
 *
 * @throws CliError USAGE_INVALID, FILE_NOT_READABLE; IdentityError for what is in the files
 */
export async function givenCompany(
  context: Context,
  { certificate, key, passwordFile }: CompanyFiles,
): Promise<CompanyCertificate> {
  const bytes = readGivenFile(certificate, 'certificate', certificateBytesMax);
  if (!isPem(bytes)) {
    if (key !== undefined)
      throw misuse(
        'Cannot use the certificate: --key is for one in PEM, and this is a PFX',
        'Leave --key out.',
      );
    return await readPfx(bytes, await passwordOf(context, passwordFile, certificate, false));
  }
  const pem = readGivenText(certificate, 'certificate', certificateBytesMax);
  const keyPem = key === undefined ? undefined : readGivenText(key, 'private key', certificateBytesMax);
  return readPem(pem, keyPem, await pemPassword(context, passwordFile, keyPem ?? pem, key ?? certificate));
}

async function pemPassword(
  { terminal }: Context,
  passwordFile: string | undefined,
  pem: string,
  name: string,
): Promise<string> {
  if (passwordFile !== undefined) return readPasswordFile(passwordFile);
  return hasEncryptedKey(pem) && terminal.asks ? terminal.ask(`Password of ${name}: `, true) : '';
}

/**
 * The password of a PFX: from its file, else none where that fits, else asked for, else none. A new one is asked for
 * twice.
 */
export async function passwordOf(
  { terminal }: Context,
  file: string | undefined,
  pfx: string,
  isNew: boolean,
): Promise<string> {
  if (file !== undefined) return readPasswordFile(file);
  // Most have none where a build uses them; who is asked in vain loses the next line that was pasted.
  if (!terminal.asks || (!isNew && (await hasNoPassword(pfx)))) return '';
  if (!isNew) return terminal.ask(`Password of ${pfx}: `, true);
  const password = await terminal.ask(`Password for ${pfx} (empty for none): `, true);
  if (password === '') return password;
  if ((await terminal.ask('The same again: ', true)) === password) return password;
  throw misuse('Cannot make a certificate: the two passwords differ', 'Run the command again.');
}

async function hasNoPassword(pfx: string): Promise<boolean> {
  try {
    await readPfx(readGivenFile(pfx, 'certificate', certificateBytesMax), '');
    return true;
  } catch (error) {
    if (error instanceof IdentityError && error.code === 'PFX_PASSWORD_WRONG') return false;
    throw error;
  }
}
