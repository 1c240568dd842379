/**
 * A key that another program reaches: a security module, a signing service. The program gets exactly the bytes to sign
 * on standard input and facts about them in its environment, and gives the RSA signature on standard output, as it is
 * or in base64:
 *
 *     CROSSGAP_SIGN_HASH              sha256, sha384 or sha512: what the bytes are to be hashed with
 *     CROSSGAP_SIGN_ALGORITHM         RSASSA-PKCS1-v1_5
 *     CROSSGAP_SIGN_CERTIFICATE       SHA-256 of the signer's certificate, hex
 *     CROSSGAP_SIGN_SIGNATURE_BYTES   how long the signature is
 *
 * It is no shell that runs it, unless the command names one. What it says on standard error is for people.
 */
import { spawn } from 'node:child_process';
import { PackageError } from '../errors.ts';
import type { KeyElsewhere, ToSign } from './package-signer.ts';

export type SignerCommand = {
  /** The program and its arguments. */
  readonly words: readonly [string, ...string[]];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** How long it may take. */
  readonly timeoutMs: number;
  /** Gets what it says on standard error, as it says it. */
  readonly onTalk: (text: string) => void;
};

const outputBytesMax = 64 * 1024;
const talkKept = 4096;
/** From being asked to end to being ended. */
const graceMs = 2000;

/** Signs by a command. Errors: `PACKAGE_SIGNER_FAILED`, which says how and holds the end of what it said. */
export function signerCommand(command: SignerCommand): KeyElsewhere['sign'] {
  return async (toSign) => {
    const { output, talk } = await run(command, toSign);
    const signature = signatureIn(output, toSign.signatureBytes);
    if (signature !== undefined) return signature;
    const expected = `a signature of ${toSign.signatureBytes} bytes, as it is or in base64`;
    throw failed(command, `it gave ${output.length} bytes, which are not ${expected}`, talk);
  };
}

/** The bytes where they are as many as they must be, else what they are in base64. */
function signatureIn(output: Buffer, size: number): Buffer | undefined {
  if (output.length === size) return output;
  const text = output.toString('latin1').replaceAll(/\s/g, '');
  const decoded = Buffer.from(text, 'base64');
  return decoded.length === size && decoded.toString('base64') === text ? decoded : undefined;
}

function run(command: SignerCommand, toSign: ToSign): Promise<{ output: Buffer; talk: string }> {
  const [program, ...args] = command.words;
  const env = { ...command.environment, ...factsOf(toSign) };
  const { promise, resolve, reject } = Promise.withResolvers<{ output: Buffer; talk: string }>();
  // In our own session, so that it may ask a person at the terminal for a PIN, and ends with us at Ctrl-C.
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  const pieces: Buffer[] = [];
  let [size, talk] = [0, ''];
  let failure: string | undefined;
  const giveUp = (why: string): void => {
    if (failure !== undefined) return;
    failure = why;
    child.kill();
    setTimeout(() => child.kill('SIGKILL'), graceMs).unref();
    // Whatever it started may hold them open for as long as it likes.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const seconds = command.timeoutMs / 1000;
  const limit = setTimeout(() => giveUp(`it took longer than ${seconds} seconds`), command.timeoutMs);
  child.stdout.on('data', (piece: Buffer) => {
    size += piece.length;
    if (size > outputBytesMax) giveUp(`it gave more than ${outputBytesMax} bytes`);
    else pieces.push(piece);
  });
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    talk = (talk + piece).slice(-talkKept);
    command.onTalk(piece);
  });
  // One that does not read all it is given may still know what to sign: its signature is checked.
  child.stdin.on('error', () => undefined);
  child.stdin.end(toSign.bytes);
  child.on('error', (error) => {
    clearTimeout(limit);
    reject(failed(command, `it could not be started: ${error.message}`, talk, error));
  });
  child.on('close', (exitCode, endedBy) => {
    clearTimeout(limit);
    if (failure === undefined && exitCode !== 0)
      failure = endedBy === null ? `it ended with exit code ${exitCode}` : `it was ended by ${endedBy}`;
    if (failure === undefined) resolve({ output: Buffer.concat(pieces), talk });
    else reject(failed(command, failure, talk));
  });
  return promise;
}

function factsOf({ hash, fingerprint, signatureBytes }: ToSign): Record<string, string> {
  return {
    CROSSGAP_SIGN_HASH: hash,
    CROSSGAP_SIGN_ALGORITHM: 'RSASSA-PKCS1-v1_5',
    CROSSGAP_SIGN_CERTIFICATE: fingerprint,
    CROSSGAP_SIGN_SIGNATURE_BYTES: String(signatureBytes),
  };
}

/** Its arguments are not repeated: nobody can know that no secret is among them. */
function failed(command: SignerCommand, why: string, talk: string, cause?: unknown): PackageError {
  const [program] = command.words;
  const lastLine = talk
    .trimEnd()
    .split(/[\r\n]+/)
    .at(-1);
  const said = lastLine ? `; it said "${lastLine}"` : '';
  return new PackageError('PACKAGE_SIGNER_FAILED', `Cannot sign with ${program}: ${why}${said}`, {
    hint: 'Run the command by itself with some bytes on its standard input; nothing was written.',
    details: { program, stderr: talk },
    cause,
  });
}
