import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { blobReader } from '../../src/daemon/blob-bytes.ts';
import type { Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';

let root: ReturnType<typeof memoryFolder>;
let instance: Instance;
beforeEach(() => {
  root = memoryFolder();
  instance = { blobs: { path: (digest: string) => join(root.path, digest) } } as unknown as Instance;
});
afterEach(() => {
  vi.useRealTimers();
  root[Symbol.dispose]();
});

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('a small piece is read once for all who ask within moments, and again later', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const file = root.file('small', Buffer.from('offered to many'));
  const read = blobReader(instance);
  const pieces = await Promise.all([read('small', 0, 7), blobReader(instance)('small', 0, 7)]);
  expect(pieces.map(text)).toEqual(['offered', 'offered']);
  rmSync(file);
  expect(text(await read('small', 0, 7))).toBe('offered');
  await expect(read('small', 8, 2)).rejects.toThrow('ENOENT');
  await vi.advanceTimersByTimeAsync(10_000);
  await expect(read('small', 0, 7)).rejects.toThrow('ENOENT');
});

test('what could not be read is read again', async () => {
  const read = blobReader(instance);
  await expect(read('late', 0, 4)).rejects.toThrow('ENOENT');
  root.file('late', Buffer.from('here'));
  expect(text(await read('late', 0, 4))).toBe('here');
  await expect(read('late', 2, 4)).rejects.toThrow('blob late ends at 4');
});

test('large pieces, and those for which there is a place, are read from the disk each time', async () => {
  const size = 100_000;
  root.file('large', Buffer.alloc(size, 'a'));
  const read = blobReader(instance);
  expect((await read('large', 0, size)).length).toBe(size);
  const place = new Uint8Array(4);
  expect((await read('large', 0, 4, place)).buffer).toBe(place.buffer);
  root.file('large', Buffer.alloc(size, 'b'));
  expect(text((await read('large', 0, size)).subarray(0, 1))).toBe('b');
  expect(text(await read('large', 0, 4, place))).toBe('bbbb');
});
