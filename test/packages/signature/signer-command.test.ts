import { sign, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { signerCommand } from '../../../src/packages/signature/signer-command.ts';
import { signWith, type ToSign } from '../../../src/packages/signature/package-signer.ts';
import { readCertificate } from '../../../src/packages/signature/signer-certificate.ts';
import { selfSigned } from '../../support/certificates.ts';

const company = selfSigned('Acme');
const leaf = readCertificate(Buffer.from(company.chain[0]!));
const bytes = Buffer.from('these are the bytes to sign \n\0 and nothing else');
const key = company.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const toSign: ToSign = { bytes, hash: 'sha256', fingerprint: leaf.fingerprint, signatureBytes: 256 };

/** A command that runs this text in Node, with `input` as all it was given and `signature` of that. */
function command(text: string, more: { timeoutMs?: number; onTalk?: (text: string) => void } = {}) {
  const program = `
    const { sign } = require('node:crypto');
    const input = require('node:fs').readFileSync(0);
    const signature = sign(process.env.CROSSGAP_SIGN_HASH, input, process.env.KEY);
    ${text}`;
  return signerCommand({
    words: [process.execPath, '-e', program],
    environment: { PATH: process.env['PATH'], KEY: key },
    timeoutMs: 60_000,
    onTalk: () => undefined,
    ...more,
  });
}
const signing = (text: string, more = {}): Promise<Buffer> =>
  signWith({ chain: company.chain, sign: command(text, more) }, leaf, 'sha256', bytes);

describe('a command signs', () => {
  test('exactly the bytes it is given, and gives the signature as it is or in base64', async () => {
    const signatures = await Promise.all([
      signing('process.stdout.write(signature)'),
      signing('console.log(signature.toString("base64").replace(/(.{64})/g, "$1\\n"))'),
    ]);
    for (const signature of signatures)
      expect(verify('sha256', bytes, company.privateKey, signature)).toBe(true);
  });

  test('knowing what it signs, and saying to people what it likes', async () => {
    let talk = '';
    const onTalk = (text: string): void => {
      talk += text;
    };
    const told = 'Object.entries(process.env).filter(([name]) => name.startsWith("CROSSGAP")).sort()';
    await signing(`console.error(${told}.join("\\n")); process.stdout.write(signature)`, { onTalk });
    expect(talk.trim().split('\n')).toEqual([
      'CROSSGAP_SIGN_ALGORITHM,RSASSA-PKCS1-v1_5',
      `CROSSGAP_SIGN_CERTIFICATE,${leaf.fingerprint}`,
      'CROSSGAP_SIGN_HASH,sha256',
      'CROSSGAP_SIGN_SIGNATURE_BYTES,256',
    ]);
  });
});

describe('a command that signs is refused', () => {
  const wrong: [string, RegExp, string, object?][] = [
    [
      'where it fails',
      /ended with exit code 3; it said "no such slot"/,
      'console.error("no such slot"); process.exit(3)',
    ],
    ['where it is killed', /ended by SIGKILL/, 'process.kill(process.pid, "SIGKILL")'],
    ['where it says nothing', /gave 0 bytes, which are not a signature of 256 bytes/, ''],
    ['where its answer is short', /gave 255 bytes/, 'process.stdout.write(signature.subarray(1))'],
    [
      'where there is more behind its answer',
      /gave 257 bytes/,
      'process.stdout.write(signature); console.log()',
    ],
    [
      'where it does not end its answer',
      /gave more than 65536 bytes/,
      'for (;;) require("node:fs").writeSync(1, signature)',
    ],
    [
      'where it takes too long',
      /took longer than 0.3 seconds/,
      'setInterval(() => {}, 1000)',
      { timeoutMs: 300 },
    ],
    [
      'where it signs something else',
      /not a signature of these bytes/,
      'process.stdout.write(sign("sha256", Buffer.from("x"), process.env.KEY))',
    ],
    [
      'where it signs with another hash',
      /not a signature of these bytes/,
      'process.stdout.write(sign("sha512", input, process.env.KEY))',
    ],
  ];
  test.each(wrong)('%s', async (_what, message, text, more = {}) => {
    await expect(signing(text, more)).rejects.toMatchObject({
      code: 'PACKAGE_SIGNER_FAILED',
      exitCode: 3,
      message: expect.stringMatching(message),
    });
  });

  test('where it is another key', async () => {
    const stranger = selfSigned('Stranger');
    const by = async ({ bytes: given, hash }: ToSign): Promise<Buffer> =>
      sign(hash, given, stranger.privateKey);
    await expect(signWith({ chain: company.chain, sign: by }, leaf, 'sha256', bytes)).rejects.toMatchObject({
      code: 'PACKAGE_SIGNER_FAILED',
    });
  });

  test('where it is not there, without repeating its arguments', async () => {
    const missing = signerCommand({
      words: ['no-such-signer', '--pin', '1234'],
      environment: {},
      timeoutMs: 1000,
      onTalk: () => undefined,
    });
    const error: unknown = await missing(toSign).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: 'PACKAGE_SIGNER_FAILED',
      message: expect.stringContaining('Cannot sign with no-such-signer: it could not be started'),
      details: { program: 'no-such-signer' },
    });
    const { message, hint, details } = error as { message: string; hint: string; details: object };
    expect(JSON.stringify([message, hint, details])).not.toContain('1234');
  });

  test('where it reads nothing of what it is to sign, its answer still counts', async () => {
    const large = Buffer.alloc(1 << 20, 'x');
    const stored = sign('sha256', large, company.privateKey).toString('base64');
    const blind = signerCommand({
      words: [process.execPath, '-e', `console.log("${stored}")`],
      environment: {},
      timeoutMs: 60_000,
      onTalk: () => undefined,
    });
    const signature = await signWith({ chain: company.chain, sign: blind }, leaf, 'sha256', large);
    expect(verify('sha256', large, company.privateKey, signature)).toBe(true);
  });
});
