import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAccount, createUser } from '@nats-io/nkeys';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ensureHubAuthority } from '../../src/hub/index.ts';
import { rawPublicKey, sealIntroduction, signingKey, type SigningKey } from '../../src/identity/index.ts';
import {
  dataFolder,
  ensureNatsKey,
  natsSeedFile,
  readInvitation,
  readNatsKey,
  writeInvitation,
  type HubAddress,
} from '../../src/instance/index.ts';
import { companyOf, noon } from '../support/instances.ts';
import { codeOf, laterRefusal, refusal } from '../support/refusal.ts';

const link = 'ab'.repeat(16);
const nkey = createUser().getPublicKey();
let root: string;
let key: SigningKey;
let introduction: Uint8Array;
let hub: HubAddress;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'crossgap-invitation-'));
  const keys = join(root, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  const { pem } = ensureHubAuthority(keys, { name: 'acme', now: Date.now() });
  hub = { urls: ['tls://hub.acme.example:4222', 'wss://hub.acme.example:443'], ca: pem };
  key = signingKey(generateKeyPairSync('ed25519').privateKey);
  introduction = sealIntroduction(
    {
      instanceId: '01'.repeat(16),
      name: 'acme',
      signingKey: key.publicKey,
      sealingKey: rawPublicKey(generateKeyPairSync('x25519').publicKey),
      issuedAt: noon,
    },
    companyOf('acme'),
  );
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type File = { hub: { urls: string[]; ca?: string }; nkey: string };
const invitation = (): string => writeInvitation('invitation', link, introduction, key, { hub });
const reply = (): string => writeInvitation('reply', link, introduction, key, { nkey });
const changed = (text: string, change: (file: File) => object): string =>
  JSON.stringify(change(JSON.parse(text) as File));
const invalid = 'INVITATION_INVALID verification';

describe('an invitation to a NATS server', () => {
  test('is read as it was written', () => {
    expect(readInvitation('invitation', invitation(), 'i.json')).toMatchObject({
      link,
      hub,
      nkey: undefined,
    });
  });

  test('without a certificate is read so too', () => {
    const local = { urls: ['nats://127.0.0.1:4222'] };
    const text = writeInvitation('invitation', link, introduction, key, { hub: local });
    expect(readInvitation('invitation', text, 'i.json').hub).toEqual(local);
  });

  test('has the signature of one without where it names none', () => {
    const plain = writeInvitation('invitation', link, introduction, key);
    expect(writeInvitation('invitation', link, introduction, key, {})).toBe(plain);
    expect(Object.keys(JSON.parse(plain) as object)).toEqual(['format', 'link', 'introduction', 'signature']);
  });

  test.each<[string, (file: File) => object]>([
    ['another server', (file) => ({ ...file, hub: { ...file.hub, urls: ['tls://mallory.example:4222'] } })],
    ['one server less', (file) => ({ ...file, hub: { ...file.hub, urls: file.hub.urls.slice(1) } })],
    [
      'its servers turned round',
      (file) => ({ ...file, hub: { ...file.hub, urls: file.hub.urls.toReversed() } }),
    ],
    ['its servers in one', (file) => ({ ...file, hub: { ...file.hub, urls: [file.hub.urls.join('')] } })],
    [
      'another certificate',
      (file) => ({ ...file, hub: { ...file.hub, ca: file.hub.ca?.replace('MII', 'MIJ') } }),
    ],
    ['no certificate', (file) => ({ ...file, hub: { urls: file.hub.urls } })],
    ['no server', ({ hub: _without, ...file }) => file],
    ['an empty list of servers', (file) => ({ ...file, hub: { ...file.hub, urls: [] } })],
    ['two certificates', (file) => ({ ...file, hub: { ...file.hub, ca: `${file.hub.ca}${file.hub.ca}` } })],
    ['a server with a line end', (file) => ({ ...file, hub: { ...file.hub, urls: ['tls://a\nb'] } })],
    ['one key more', (file) => ({ ...file, hub: { ...file.hub, proxy: 'x' } })],
    ['a credential', (file) => ({ ...file, nkey })],
  ])('with %s put in on the way does not hold', (_what, change) => {
    const text = changed(invitation(), change);
    expect(codeOf(refusal(() => readInvitation('invitation', text, 'i.json')))).toBe(invalid);
  });
});

describe('a reply with a credential', () => {
  test('is read as it was written', () => {
    expect(readInvitation('reply', reply(), 'r.json')).toMatchObject({ link, nkey, hub: undefined });
  });

  test.each<[string, (file: File) => object]>([
    ['another one', (file) => ({ ...file, nkey: createUser().getPublicKey() })],
    ['none', ({ nkey: _without, ...file }) => file],
    ['that of an account', (file) => ({ ...file, nkey: createAccount().getPublicKey() })],
    ['a seed', (file) => ({ ...file, nkey: new TextDecoder().decode(createUser().getSeed()) })],
    ['a server besides', (file) => ({ ...file, hub })],
  ])('and %s in its place does not hold', (_what, change) => {
    const text = changed(reply(), change);
    expect(codeOf(refusal(() => readInvitation('reply', text, 'r.json')))).toBe(invalid);
  });
});

describe('the credential of an instance', () => {
  const folderOf = (name: string): ReturnType<typeof dataFolder> => {
    const folder = dataFolder(join(root, name));
    mkdirSync(folder.keys, { recursive: true, mode: 0o700 });
    return folder;
  };

  test('is made once, also where several ask at the same time', async () => {
    const folder = folderOf('several');
    const keys = await Promise.all(Array.from({ length: 8 }, () => ensureNatsKey(folder)));
    expect(new Set(keys.map(({ publicKey }) => publicKey)).size).toBe(1);
    expect(await readNatsKey(folder)).toEqual(keys[0]);
    expect(statSync(natsSeedFile(folder)).mode & 0o777).toBe(0o600);
    expect(readFileSync(natsSeedFile(folder), 'utf8')).toBe(`${keys[0]!.seed}\n`);
  });

  test('that is not there yet is not made by who only reads it', async () => {
    expect(codeOf(await laterRefusal(() => readNatsKey(folderOf('none'))))).toBe(
      'KEY_FILE_MISSING inputMissing',
    );
  });

  test.each([
    ['cut off', (seed: string) => seed.slice(0, 40)],
    ['empty', () => ''],
    ['of an account', () => new TextDecoder().decode(createAccount().getSeed())],
  ])('that is %s is refused and not replaced', async (what, change) => {
    const folder = folderOf(what);
    const { seed } = await ensureNatsKey(folder);
    const damaged = change(seed);
    writeFileSync(natsSeedFile(folder), damaged);
    const error = await laterRefusal(() => ensureNatsKey(folder));
    expect(codeOf(error)).toBe('NATS_KEY_UNREADABLE verification');
    expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(seed.slice(0, 20));
    expect(readFileSync(natsSeedFile(folder), 'utf8')).toBe(damaged);
  });
});
