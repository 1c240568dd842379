import { chmodSync, chownSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verify } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import {
  createInstanceKeys,
  loadInstanceKeys,
  readKeyFile,
  verifyingKey,
  writeKeyFile,
} from '../../src/identity/index.ts';

const refusal = (code: string, hint: RegExp = /./): unknown =>
  expect.objectContaining({ code, hint: expect.stringMatching(hint) as unknown });

function keysFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'crossgap-keys-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'keys');
}

test('keys that were made are read back, sign, and agree on a secret with those of another instance', () => {
  const folder = keysFolder();
  const made = createInstanceKeys(folder);
  const read = loadInstanceKeys(folder);
  const message = Buffer.from('x');
  expect(read.signing.publicKey).toEqual(made.signing.publicKey);
  expect(verify(null, message, verifyingKey(made.signing.publicKey), read.signing.sign(message))).toBe(true);
  const other = createInstanceKeys(keysFolder());
  expect(read.sealing.agree(other.sealing.publicKey)).toEqual(other.sealing.agree(made.sealing.publicKey));
  expect(() => read.sealing.agree(new Uint8Array(32))).toThrow(refusal('PUBLIC_KEY_UNFIT'));
});

test('T-77 key files are readable by their owner alone, and never written over', () => {
  const folder = keysFolder();
  createInstanceKeys(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  for (const name of ['instance.key', 'sealing.key'])
    expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  expect(() => createInstanceKeys(folder)).toThrow(refusal('KEY_FILE_EXISTS'));
});

for (const mode of [0o644, 0o640, 0o604, 0o660, 0o602])
  test(`T-77 a key file of mode ${mode.toString(8)} is refused with the command that mends it`, () => {
    const folder = keysFolder();
    createInstanceKeys(folder);
    const path = join(folder, 'instance.key');
    chmodSync(path, mode);
    expect(() => loadInstanceKeys(folder)).toThrow(
      refusal('KEY_FILE_EXPOSED', new RegExp(`chmod 600 '${path}'`)),
    );
    chmodSync(path, 0o600);
    expect(loadInstanceKeys(folder).signing.publicKey).toHaveLength(32);
  });

test('T-77 a folder that others may enter, and a key of another account, are refused', () => {
  const folder = keysFolder();
  createInstanceKeys(folder);
  chmodSync(folder, 0o755);
  expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_EXPOSED', /chmod 700/));
  chmodSync(folder, 0o700);
  if (process.getuid?.() !== 0) return;
  chownSync(join(folder, 'sealing.key'), 65_534, 65_534);
  expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_EXPOSED', /chown/));
});

test('a missing, damaged, exchanged or linked key file is refused', () => {
  const folder = keysFolder();
  expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_MISSING'));
  createInstanceKeys(folder);
  const path = join(folder, 'instance.key');
  const content = readKeyFile(join(folder, 'sealing.key'));
  for (const wrong of [Buffer.alloc(0), Buffer.from('-----BEGIN PRIVATE KEY-----\nAAAA\n'), content]) {
    writeFileSync(path, wrong);
    expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_UNREADABLE'));
  }
  rmSync(path);
  symlinkSync(join(folder, 'sealing.key'), path);
  expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_UNREADABLE'));
  rmSync(path);
  expect(() => loadInstanceKeys(folder)).toThrow(refusal('KEY_FILE_MISSING'));
});

test('another secret can be kept in the same way', () => {
  const path = join(keysFolder(), 'vault.key');
  writeKeyFile(path, Buffer.from('secret'));
  expect(readKeyFile(path).toString()).toBe('secret');
  chmodSync(path, 0o644);
  expect(() => readKeyFile(path)).toThrow(refusal('KEY_FILE_EXPOSED'));
});
