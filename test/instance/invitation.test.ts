import { generateKeyPairSync, sign } from 'node:crypto';
import { assert as assertLaw, integer, property, string, uint8Array } from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { CrossgapError } from '../../src/errors.ts';
import { rawPublicKey, sealIntroduction, signingKey, type SigningKey } from '../../src/identity/index.ts';
import { readInvitation, writeInvitation } from '../../src/instance/index.ts';
import { companyOf, noon } from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const link = 'ab'.repeat(16);
let key: SigningKey;
let introduction: Uint8Array;
let text: string;
beforeAll(() => {
  key = signingKey(generateKeyPairSync('ed25519').privateKey);
  introduction = introduced('acme', key);
  text = writeInvitation('invitation', link, introduction, key);
});

function introduced(name: string, { publicKey }: SigningKey): Uint8Array {
  const sealingKey = rawPublicKey(generateKeyPairSync('x25519').publicKey);
  const who = { instanceId: '01'.repeat(16), name, signingKey: publicKey, sealingKey, issuedAt: noon };
  return sealIntroduction(who, companyOf('acme'));
}

const changed = (change: (file: Record<string, unknown>) => object): string =>
  JSON.stringify(change(JSON.parse(text) as Record<string, unknown>));
const refused = (given: string): string =>
  codeOf(refusal(() => readInvitation('invitation', given, 'i.json')));
const invalid = 'INVITATION_INVALID verification';

describe('an invitation', () => {
  test('is read as it was written', () => {
    const read = readInvitation('invitation', text, 'i.json');
    expect(read).toMatchObject({ kind: 'invitation', link, introduction: { name: 'acme' } });
    expect(Buffer.from(read.introductionBytes).equals(introduction)).toBe(true);
  });

  test('may have gained or lost blanks on its way', () => {
    expect(readInvitation('invitation', JSON.stringify(JSON.parse(text)), 'i.json').link).toBe(link);
    expect(readInvitation('invitation', text.replaceAll('\n', '\r\n'), 'i.json').link).toBe(link);
  });

  test('is no reply, and a reply no invitation', () => {
    const reply = writeInvitation('reply', link, introduction, key);
    expect(refused(reply)).toBe(invalid);
    expect(readInvitation('reply', reply, 'r.json').kind).toBe('reply');
    const error = refusal(() => readInvitation('reply', text, 'r.json'));
    expect(error.message).toContain('crossgap-invitation/1');
  });

  test('whose kind alone was changed does not hold', () => {
    const disguised = changed((file) => ({ ...file, format: 'crossgap-reply/1' }));
    expect(refused(disguised)).toBe(invalid);
    expect(codeOf(refusal(() => readInvitation('reply', disguised, 'r.json')))).toBe(invalid);
  });

  test('to another link does not hold', () => {
    expect(refused(changed((file) => ({ ...file, link: 'cd'.repeat(16) })))).toBe(invalid);
  });

  test('with the introduction of another instance does not hold', () => {
    const other = introduced('mallory', signingKey(generateKeyPairSync('ed25519').privateKey));
    const swapped = { introduction: Buffer.from(other).toString('base64') };
    expect(refused(changed((file) => ({ ...file, ...swapped })))).toBe(invalid);
  });

  test('signed by another key than the one introduced does not hold', () => {
    const stranger = signingKey(generateKeyPairSync('ed25519').privateKey);
    expect(refused(writeInvitation('invitation', link, introduction, stranger))).toBe(invalid);
  });

  test('signed by the right key over plain bytes does not hold', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const mine = signingKey(privateKey);
    const bytes = introduced('acme', mine);
    const good = JSON.parse(writeInvitation('invitation', link, bytes, mine)) as object;
    const signature = sign(null, bytes, privateKey).toString('base64');
    expect(refused(JSON.stringify({ ...good, signature }))).toBe(invalid);
  });

  test.each<[string, (file: Record<string, unknown>) => object]>([
    ['one key more', (file) => ({ ...file, note: 'hello' })],
    ['one key less', ({ signature: _without, ...rest }) => rest],
    ['a link that is none', (file) => ({ ...file, link: '../../etc/passwd' })],
    ['a newer format', (file) => ({ ...file, format: 'crossgap-invitation/2' })],
    ['a signature that is empty', (file) => ({ ...file, signature: '' })],
    ['a signature that is no text', (file) => ({ ...file, signature: 7 })],
  ])('with %s is refused', (_what, change) => {
    expect(refused(changed(change))).toBe(invalid);
  });

  test.each(['', '{}', 'null', '[]', '"crossgap"', 'PK\u0003\u0004', '{"format":'])('is not %j', (given) => {
    expect(refused(given)).toBe(invalid);
  });

  test('that is refused is named by the file it was read from', () => {
    const error = refusal(() => readInvitation('invitation', '{}', '/mnt/stick/i.json'));
    expect(error.message).toContain('/mnt/stick/i.json');
  });

  test.each<[string, (bytes: Uint8Array) => Uint8Array, string]>([
    ['was cut off', (bytes) => bytes.subarray(0, -1), 'INTRODUCTION_MALFORMED'],
    ['was changed', (bytes) => Buffer.from(bytes).fill('mall', 94, 98), 'INTRODUCTION_SIGNATURE_INVALID'],
  ])('whose introduction %s is named by its file, with what is wrong in it', (_what, change, reason) => {
    const damaged = writeInvitation('invitation', link, change(introduction), key);
    const error = refusal(() => readInvitation('invitation', damaged, '/mnt/stick/i.json'));
    expect(codeOf(error)).toBe(invalid);
    expect(error.message).toMatch(
      /^Cannot use invitation \/mnt\/stick\/i\.json: its introduction does not hold \(cannot \w+ the introduction: .+\)$/,
    );
    expect(error.details).toMatchObject({ reason });
  });
});

describe('whatever a file holds, it is the invitation that was written or a refusal', () => {
  const tryToRead = (given: string): void => {
    try {
      const read = readInvitation('invitation', given, 'i.json');
      expect(read.link).toBe(link);
      expect(Buffer.from(read.introductionBytes).equals(introduction)).toBe(true);
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      expect(error.exitCode).toBe(4);
    }
  };

  test('with any one byte changed', () => {
    const good = Buffer.from(text);
    const place = integer({ min: 0, max: good.length - 1 });
    assertLaw(
      property(place, integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(good);
        bytes[at]! ^= flip;
        tryToRead(bytes.toString());
      }),
      { numRuns: 500 },
    );
  });

  test('with any one byte of the introduction changed, and signed anew', () => {
    const place = integer({ min: 0, max: introduction.length - 1 });
    assertLaw(
      property(place, integer({ min: 1, max: 255 }), (at, flip) => {
        const bytes = Buffer.from(introduction);
        bytes[at]! ^= flip;
        expect(refused(writeInvitation('invitation', link, bytes, key))).toMatch(/ verification$/);
      }),
      { numRuns: 300 },
    );
  });

  test('cut off, or with something in it', () => {
    const place = integer({ min: 0, max: text.length });
    assertLaw(
      property(place, string(), (at, more) => {
        tryToRead(text.slice(0, at));
        tryToRead(`${text.slice(0, at)}${more}${text.slice(at)}`);
      }),
    );
  });

  test('of any bytes as an introduction', () => {
    assertLaw(
      property(uint8Array({ maxLength: 200 }), (bytes) => {
        expect(refused(writeInvitation('invitation', link, bytes, key))).toMatch(/ verification$/);
      }),
    );
  });
});
