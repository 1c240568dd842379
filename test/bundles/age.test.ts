import { execFileSync } from 'node:child_process';
import { createHash, createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import * as vectors from 'cctv-age';
import { afterAll, describe, expect, test } from 'vitest';
import {
  ageHeaderLength,
  ageRecipient,
  loadAgeIdentity,
  nonceBytes,
  openAgeHeader,
  sealAgeFront,
  type AgeIdentity,
} from '../../src/bundles/age-keys.ts';
import {
  openPiece,
  payloadKey,
  pieceBytes,
  pieceCount,
  plainSize,
  sealedPieceBytes,
  sealedSize,
} from '../../src/bundles/age-payload.ts';
import { ageFileBytes, type Plaintext } from '../../src/bundles/content.ts';
import { createInstanceKeys } from '../../src/identity/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { requires } from '../support/requires.ts';

const root = memoryFolder();
afterAll(() => root[Symbol.dispose]());

/** The key of an age identity, as the data folder would give it. */
async function identityOf(secret: string): Promise<AgeIdentity> {
  const { bytes } = bech32.decodeToBytes(secret.toLowerCase());
  const der = Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), bytes]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return [key.toCryptoKey({ name: 'X25519' }, false, ['deriveBits'])];
}

/** Opens an age file as a bundle is opened; undefined where it is refused. */
async function open(file: Buffer, identity: AgeIdentity): Promise<Buffer | undefined> {
  const headerBytes = ageHeaderLength(file);
  if (headerBytes === undefined || file.length < headerBytes + nonceBytes) return undefined;
  const fileKey = await openAgeHeader(file.subarray(0, headerBytes), identity).catch(() => undefined);
  const payload = file.subarray(headerBytes + nonceBytes);
  const plainBytes = plainSize(payload.length);
  if (fileKey === undefined || plainBytes === undefined) return undefined;
  const key = payloadKey({ fileKey, nonce: file.subarray(headerBytes, headerBytes + nonceBytes) });
  const pieces = Array.from({ length: pieceCount(plainBytes) }, (_, at) =>
    openPiece(
      key,
      { at, last: at === pieceCount(plainBytes) - 1 },
      payload.subarray(at * sealedPieceBytes, (at + 1) * sealedPieceBytes),
    ),
  );
  return pieces.includes(undefined) ? undefined : Buffer.concat(pieces as Buffer[]);
}

/** Seals bytes as the content of a bundle is sealed, the whole or a stretch of it. */
async function seal(
  plain: Buffer,
  recipient: string,
): Promise<(from?: number, to?: number) => Promise<Buffer>> {
  const front = await sealAgeFront(recipient);
  const plaintext: Plaintext = {
    sizeBytes: plain.length,
    async *read(from) {
      // In odd pieces, so that none of them is one of the payload's.
      for (let at = from; at < plain.length; at += 50_021) yield plain.subarray(at, at + 50_021);
    },
  };
  const size = front.bytes.length + sealedSize(plain.length);
  return async (from = 0, to = size) => {
    const bytes: Buffer[] = [];
    const file = { front: front.bytes, plaintext, key: payloadKey(front.key) };
    for await (const piece of ageFileBytes(file, from, Math.min(to, size))) bytes.push(Buffer.from(piece));
    return Buffer.concat(bytes);
  };
}

type Vector = { readonly name: string; readonly facts: ReadonlyMap<string, string>; readonly file: Buffer };

function readVector([name, bytes]: [string, Uint8Array]): Vector {
  const all = Buffer.from(bytes);
  const end = all.indexOf('\n\n');
  const lines = all.toString('utf8', 0, end).split('\n');
  const facts = new Map(lines.map((line) => [line.split(': ')[0]!, line.split(': ')[1] ?? '']));
  const body = all.subarray(end + 2);
  return { name, facts, file: facts.get('compressed') === 'zlib' ? inflateSync(body) : body };
}

// What bundles never use stays out: passphrases, armour, and keys of other kinds.
const ours = Object.entries(vectors)
  .map(readVector)
  .filter(
    ({ facts }) =>
      facts.get('identity')?.startsWith('AGE-SECRET-KEY-1') === true &&
      !facts.has('passphrase') &&
      !facts.has('armored'),
  );

describe("age's published test vectors hold", () => {
  test('there are many for what bundles use', () => {
    expect(ours.length).toBeGreaterThan(50);
    expect(ours.filter(({ facts }) => facts.get('expect') === 'success').length).toBeGreaterThan(5);
  });

  test.each(ours)('$name', async ({ facts, file }) => {
    const opened = await open(file, await identityOf(facts.get('identity')!));
    if (facts.get('expect') !== 'success') return expect(opened).toBeUndefined();
    expect(createHash('sha256').update(opened!).digest('hex')).toBe(facts.get('payload'));
  });
});

describe('what is sealed for a bundle', () => {
  // Around the ends of pieces.
  const sizes = [1, pieceBytes - 1, pieceBytes, pieceBytes + 1, 3 * pieceBytes, 200_000];

  test.each(sizes)('is opened by the age library, %i bytes', async (size) => {
    const secret = await generateX25519Identity();
    const plain = randomBytes(size);
    const decrypter = new Decrypter();
    decrypter.addIdentity(secret);
    const file = await (await seal(plain, await identityToRecipient(secret)))();
    expect(Buffer.from(await decrypter.decrypt(file)).equals(plain)).toBe(true);
  });

  test.each(sizes)('opens what the age library sealed, %i bytes', async (size) => {
    const secret = await generateX25519Identity();
    const plain = randomBytes(size);
    const encrypter = new Encrypter();
    encrypter.addRecipient(await identityToRecipient(secret));
    const opened = await open(Buffer.from(await encrypter.encrypt(plain)), await identityOf(secret));
    expect(opened?.equals(plain)).toBe(true);
  });

  test('is the same bytes from whatever byte on it is made again', async () => {
    const sealed = await seal(
      randomBytes(200_000),
      await identityToRecipient(await generateX25519Identity()),
    );
    const whole = await sealed();
    for (const from of [0, 1, 150, 217, 5000, 65_700, 65_760, 65_800, 131_300, whole.length - 1])
      for (const length of [1, 300, 70_000])
        expect((await sealed(from, from + length)).equals(whole.subarray(from, from + length))).toBe(true);
  });

  test('is not sealed twice under one key', async () => {
    const recipient = await identityToRecipient(await generateX25519Identity());
    const [one, other] = [
      await (await seal(Buffer.from('text'), recipient))(),
      await (await seal(Buffer.from('text'), recipient))(),
    ];
    expect(one.equals(other)).toBe(false);
  });

  test('a key of an instance is the one that age names by its public half', async () => {
    const keys = createInstanceKeys(join(root.path, 'keys'));
    const front = await sealAgeFront(ageRecipient(keys.sealing.publicKey));
    const header = front.bytes.subarray(0, -nonceBytes);
    const opened = await openAgeHeader(header, loadAgeIdentity(join(root.path, 'keys')));
    expect(Buffer.from(opened).equals(front.key.fileKey)).toBe(true);
  });

  test('a header for somebody else does not open', async () => {
    createInstanceKeys(join(root.path, 'others'));
    const front = await sealAgeFront(await identityToRecipient(await generateX25519Identity()));
    const header = front.bytes.subarray(0, -nonceBytes);
    await expect(openAgeHeader(header, loadAgeIdentity(join(root.path, 'others')))).rejects.toThrow(
      /no identity/,
    );
  });
});

describe.runIf(
  requires('age', 'opening a bundle by hand') && requires('python3', 'printing a key as age writes it'),
)('by hand', () => {
  test('age -d opens what was sealed, with the key printed as the format page says', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/bundle-format.md'), 'utf8');
    const [, script] = /```python\n([\s\S]*?)```/.exec(page) ?? [];
    writeFileSync(join(root.path, 'identity.py'), script!);
    const keys = createInstanceKeys(join(root.path, 'by-hand'));
    const key = join(root.path, 'by-hand', 'sealing.key');
    const identity = execFileSync('python3', [join(root.path, 'identity.py'), key], { encoding: 'utf8' });
    writeFileSync(join(root.path, 'identity.txt'), identity, { mode: 0o600 });
    const plain = randomBytes(150_000);
    const file = join(root.path, 'bundle.age');
    writeFileSync(file, await (await seal(plain, ageRecipient(keys.sealing.publicKey)))());
    const opened = execFileSync('age', ['-d', '-i', join(root.path, 'identity.txt'), file], {
      maxBuffer: 1e9,
    });
    expect(opened.equals(plain)).toBe(true);
  });
});
