import { readPemCertificates, readPemChain } from '../../identity/index.ts';
import {
  signerCommand,
  type HashName,
  type PackageSigner,
  type TimestampAuthority,
} from '../../packages/index.ts';
import { misuse, needed, text, type Context } from '../command.ts';
import { commandWords } from '../shell/command-words.ts';
import { readGivenText } from './files.ts';
import { certificateBytesMax, givenCompany } from './company.ts';

const signerSecondsDefault = 120;
const signerSecondsMax = 24 * 60 * 60;

/** How a person says who signs a package, and who stamps it with a time. */
export const signerOptions = {
  certificate: needed('FILE', 'PFX, or PEM with the certificates that issued it in any order'),
  key: text('PEM', 'the private key, where it is not in the file of the certificate'),
  'password-file': text('FILE', 'file with the password of the PFX or key (else asked for, else none)'),
  signer: text(
    'COMMAND',
    "signs in the key's place: bytes on its stdin, signature on its stdout; split at blanks, quotes keep them, no shell",
  ),
  'signer-timeout': text('SECONDS', `how long that command may take (else ${signerSecondsDefault})`),
  hash: text('HASH', 'sha256, sha384 or sha512 (else sha256)'),
  timestamp: text('URL', 'time stamp authority (RFC 3161), http or https'),
  'timestamp-hash': text('HASH', 'the hash in the time stamp (else that of the signature)'),
  'timestamp-trust': text(
    'PEM',
    'certificates its time stamps must lead to, and are completed with (else any)',
  ),
};

type Given = {
  readonly [Name in keyof typeof signerOptions]: ReturnType<(typeof signerOptions)[Name]['read']>;
};

/** Who signs. @throws CliError USAGE_INVALID, FILE_NOT_READABLE; IdentityError for what is in the files */
export async function givenSigner(context: Context, given: Given): Promise<PackageSigner> {
  const { certificate, key, signer, 'password-file': passwordFile } = given;
  if (signer === undefined && given['signer-timeout'] !== undefined)
    throw misuse('Cannot sign: --signer-timeout is for --signer alone', 'Give both or none.');
  if (signer !== undefined) {
    for (const [option, value] of [
      ['--key', key],
      ['--password-file', passwordFile],
    ])
      if (value !== undefined)
        throw misuse(
          `Cannot sign: --signer and ${option} exclude one another`,
          'Give the command that signs, or the key itself.',
        );
    const chain = readPemChain(readGivenText(certificate, 'certificate', certificateBytesMax));
    const sign = signerCommand({
      words: commandWords(signer, '--signer'),
      environment: process.env,
      timeoutMs: secondsNamed(given['signer-timeout']) * 1000,
      onTalk: (talk) => context.terminal.talk(talk),
    });
    return { chain, sign };
  }
  return givenCompany(context, { certificate, key, passwordFile });
}

/** Which hash the signature has, and who stamps it, where somebody does. @throws CliError USAGE_INVALID, FILE_NOT_READABLE */
export function givenHashes(given: Given): {
  readonly hash: HashName;
  readonly timestamp: TimestampAuthority | undefined;
} {
  const { timestamp: url, 'timestamp-trust': trust } = given;
  const hash = hashNamed(given.hash, '--hash') ?? 'sha256';
  const stampHash = hashNamed(given['timestamp-hash'], '--timestamp-hash');
  if (url === undefined) {
    if (stampHash !== undefined || trust !== undefined)
      throw misuse('Cannot sign: there is no --timestamp that the other options are about', 'Give its URL.');
    return { hash, timestamp: undefined };
  }
  refuseUnfitUrl(url);
  const certificates =
    trust === undefined ? [] : readPemCertificates(readGivenText(trust, 'certificates', certificateBytesMax));
  return { hash, timestamp: { url, hash: stampHash ?? hash, certificates } };
}

function hashNamed(name: string | undefined, option: string): HashName | undefined {
  if (name === undefined || name === 'sha256' || name === 'sha384' || name === 'sha512') return name;
  throw misuse(`Cannot sign with ${option} ${name}: NuGet has no such hash`, 'Use sha256, sha384 or sha512.');
}

/** What a URL of the command line holds is seen by everybody on the machine, so it holds no password. */
function refuseUnfitUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw misuse(
      'Cannot ask for a time stamp: --timestamp is not an http or https address',
      'Give it whole, for example http://timestamp.example/tsa.',
    );
  if (url.username !== '' || url.password !== '')
    throw misuse(
      'Cannot ask for a time stamp: there is a user or password in --timestamp, where others could read it',
      'Use an authority that asks for none, or one that your network lets you reach.',
    );
}

function secondsNamed(text: string | undefined): number {
  if (text === undefined) return signerSecondsDefault;
  const seconds = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (seconds >= 1 && seconds <= signerSecondsMax) return seconds;
  throw misuse(
    `Cannot follow --signer-timeout ${text}: it is no number of seconds up to ${signerSecondsMax}`,
    'Give a whole number, for example 300.',
  );
}
