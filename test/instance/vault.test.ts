import { randomBytes } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { assert as assertLaw, integer, property, string } from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CrossgapError } from '../../src/errors.ts';
import { openVault, type SecretRef } from '../../src/instance/vault.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const key = randomBytes(32);
const instance = 'a'.repeat(32);
const ref = (name: string, version = 1, environment: string | null = null): SecretRef => ({
  name,
  version,
  environment,
});
const password = ref('Db.Password');

let folder: ReturnType<typeof memoryFolder>;
let path: string;
beforeEach(() => {
  folder = memoryFolder();
  path = folder.file('vault');
});
afterEach(() => folder[Symbol.dispose]());

const vault = (withKey = key, of = instance) => openVault(path, withKey, of);
type Stored = { format: number; secrets: Record<string, string> };
const stored = (): Stored => JSON.parse(readFileSync(path, 'utf8')) as Stored;
const store = (content: unknown): void => writeFileSync(path, JSON.stringify(content));

describe('a vault', () => {
  test('gives back what was kept, and nothing for what was not', () => {
    vault().keep(password, 'geheim ü \u0000 😀');
    expect(vault().open(password)).toBe('geheim ü \u0000 😀');
    expect(vault().open(ref('Db.User'))).toBeUndefined();
    expect(vault().open(ref('Db.Password', 2))).toBeUndefined();
    expect(vault().open(ref('Db.Password', 1, 'uat'))).toBeUndefined();
  });

  test('that holds nothing yet is no file', () => {
    expect(vault().open(password)).toBeUndefined();
    expect(vault().values()).toEqual([]);
  });

  test('knows names whatever their case', () => {
    vault().keep(password, 'geheim');
    expect(vault().open(ref('DB.PASSWORD'))).toBe('geheim');
  });

  test('keeps each version and each environment for itself', () => {
    vault().keep(password, 'first');
    vault().keep(ref('Db.Password', 2), 'second');
    vault().keep(ref('Db.Password', 1, 'uat'), 'other');
    expect(vault().open(password)).toBe('first');
    expect(vault().open(ref('Db.Password', 2))).toBe('second');
    expect(vault().open(ref('Db.Password', 1, 'uat'))).toBe('other');
    expect(vault().values().toSorted()).toEqual(['first', 'other', 'second']);
  });

  test('is a file that only its owner can read, and shows no value', () => {
    vault().keep(password, 'geheim-1234');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'latin1')).not.toContain('geheim');
    expect(readFileSync(path, 'latin1')).not.toContain(Buffer.from('geheim-1234').toString('base64'));
  });

  test('never seals the same value to the same bytes', () => {
    vault().keep(ref('A'), 'same');
    vault().keep(ref('B'), 'same');
    const [a, b] = Object.values(stored().secrets);
    expect(a).not.toBe(b);
  });
});

describe('a secret is not opened', () => {
  const refused = (work: () => unknown): void => {
    expect(codeOf(refusal(work))).toBe('SECRET_UNREADABLE verification');
  };

  test('under another name than it was kept under', () => {
    vault().keep(ref('Public.Title'), 'Orders');
    vault().keep(password, 'geheim');
    const { secrets } = stored();
    const [title, secret] = Object.keys(secrets);
    store({ format: 1, secrets: { [title!]: secrets[secret!], [secret!]: secrets[title!] } });
    refused(() => vault().open(ref('Public.Title')));
    refused(() => vault().open(password));
    expect(vault().values()).toEqual([]);
    // The way out is to set it again.
    vault().keep(ref('Db.Password', 2), 'new');
    expect(vault().open(ref('Db.Password', 2))).toBe('new');
    expect(vault().values()).toEqual(['new']);
  });

  test('as another version, or for another environment', () => {
    vault().keep(password, 'geheim');
    const [sealed] = Object.values(stored().secrets);
    const moved = { '["DB.PASSWORD","",2]': sealed, '["DB.PASSWORD","uat",1]': sealed };
    store({ format: 1, secrets: moved });
    refused(() => vault().open(ref('Db.Password', 2)));
    refused(() => vault().open(ref('Db.Password', 1, 'uat')));
  });

  test('with another key, or by another instance', () => {
    vault().keep(password, 'geheim');
    refused(() => vault(randomBytes(32)).open(password));
    refused(() => vault(key, 'b'.repeat(32)).open(password));
    expect(vault().open(password)).toBe('geheim');
  });

  test('after any of its bits was changed', () => {
    vault().keep(password, 'geheim');
    const [name, sealed] = Object.entries(stored().secrets)[0]!;
    const bytes = Buffer.from(sealed, 'base64');
    assertLaw(
      property(integer({ min: 0, max: bytes.length * 8 - 1 }), (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        store({ format: 1, secrets: { [name]: changed.toString('base64') } });
        refused(() => vault().open(password));
      }),
    );
  });

  test.each(['', 'AAAA', Buffer.alloc(27).toString('base64')])(
    'from what is too short to be sealed: %j',
    (sealed) => {
      store({ format: 1, secrets: { '["DB.PASSWORD","",1]': sealed } });
      refused(() => vault().open(password));
    },
  );

  test.each([
    ['no JSON', 'secrets'],
    ['nothing', ''],
    ['of another format', JSON.stringify({ format: 2, secrets: {} })],
    ['more than a vault', JSON.stringify({ format: 1, secrets: {}, key: 'x' })],
    ['without secrets', JSON.stringify({ format: 1 })],
    ['with a value that is no base64', JSON.stringify({ format: 1, secrets: { a: '%' } })],
  ])('from a file that is %s', (_what, text) => {
    writeFileSync(path, text);
    refused(() => vault().open(password));
    // And nothing is written over what may be put right again.
    refused(() => vault().keep(password, 'new'));
    expect(readFileSync(path, 'utf8')).toBe(text);
  });

  test('from a file with a name that is none of ours', () => {
    store({ format: 1, secrets: { 'not a list': 'AAAA' } });
    expect(vault().values()).toEqual([]);
  });

  test('of a file with any byte changed: it opens as it was, or is refused', () => {
    vault().keep(password, 'geheim');
    const good = readFileSync(path);
    const place = integer({ min: 0, max: good.length - 1 });
    assertLaw(
      property(place, integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = Buffer.from(good);
        changed[at]! ^= flip;
        writeFileSync(path, changed);
        let opened: unknown;
        try {
          opened = [vault().open(password), vault().values()];
        } catch (error) {
          expect(error).toBeInstanceOf(CrossgapError);
          return;
        }
        // A changed name is another secret, which does not open; base64 has bits that mean nothing.
        expect([
          ['geheim', ['geheim']],
          [undefined, []],
        ]).toContainEqual(opened);
      }),
      { numRuns: 300 },
    );
  });

  test('under a key of another length', () => {
    expect(codeOf(refusal(() => vault(randomBytes(16))))).toBe('INSTANCE_DAMAGED verification');
  });
});

test('whatever is kept comes back as it was', () => {
  assertLaw(
    property(string({ unit: 'grapheme' }), string(), (value, name) => {
      vault().keep(ref(name), value);
      expect(vault().open(ref(name))).toBe(value);
    }),
    { numRuns: 30 },
  );
});
