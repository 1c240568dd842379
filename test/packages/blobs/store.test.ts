import { execFile } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { openBlobStore } from '../../../src/packages/index.ts';
import { sha256, temporaryFolder } from '../../support/build-nupkg.ts';

const bytes = Buffer.alloc(2_500_000, 'a package ');
const digest = sha256(bytes);
const itsPlace = `sha256/${digest.slice(0, 2)}/${digest}`;

/** All files below a folder, relative. */
const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .toSorted();

describe('the store', () => {
  test('keeps bytes by their digest, readable by nobody else', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    expect(await store.has(digest)).toBe(false);
    expect(await store.size(digest)).toBeUndefined();
    expect(await store.putBytes(bytes)).toEqual({ digest, sizeBytes: bytes.length });
    expect(await store.has(digest)).toBe(true);
    expect(await store.size(digest)).toBe(bytes.length);
    expect(store.path(digest)).toBe(folder.file(`blobs/${itsPlace}`));
    expect(readFileSync(store.path(digest)).equals(bytes)).toBe(true);
    expect(statSync(store.path(digest)).mode & 0o777).toBe(0o600);
    expect(statSync(folder.file('blobs')).mode & 0o777).toBe(0o700);
  });

  test('copies a file in, and the file stays', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    const source = folder.file('in.nupkg', bytes);
    expect(await store.putFile(source)).toEqual({ digest, sizeBytes: bytes.length });
    expect(readFileSync(source).equals(bytes)).toBe(true);
    expect(filesBelow(folder.file('blobs'))).toEqual([itsPlace]);
  });

  test('takes the same bytes many times at once', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await Promise.all([store.putBytes(bytes), store.putBytes(bytes), store.putBytes(bytes)]);
    expect(filesBelow(folder.file('blobs'))).toEqual([itsPlace]);
  });

  test.each([
    ['cut off', bytes.subarray(0, 1000)],
    ['changed', Buffer.from(bytes).fill(1, 2_000_000)],
  ])('mends a blob that was %s when it comes again', async (_how, wrong) => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await store.putBytes(bytes);
    writeFileSync(store.path(digest), wrong);
    await store.putBytes(bytes);
    expect(sha256(readFileSync(store.path(digest)))).toBe(digest);
  });

  test('keeps empty bytes as well', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    const empty = sha256(Buffer.alloc(0));
    expect(await store.putBytes(Buffer.alloc(0))).toEqual({ digest: empty, sizeBytes: 0 });
    expect(await store.size(empty)).toBe(0);
  });

  test('forgets what is removed, also what is not there', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await store.putBytes(bytes);
    expect(store.remove(digest)).toBe(true);
    expect(store.remove(digest)).toBe(false);
    expect(await store.has(digest)).toBe(false);
  });

  test('T-95 removes nothing elsewhere, whatever leads there', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await store.putBytes(bytes);
    const elsewhere = join(folder.path, 'elsewhere');
    renameSync(dirname(store.path(digest)), elsewhere);
    symlinkSync(elsewhere, dirname(store.path(digest)));
    expect(() => store.remove(digest)).toThrow(expect.objectContaining({ code: 'BLOB_STORE_UNUSABLE' }));
    expect(existsSync(join(elsewhere, digest))).toBe(true);
  });

  test('keeps the mode whatever the umask says', async () => {
    using folder = temporaryFolder();
    const before = process.umask(0);
    try {
      const store = await openBlobStore(folder.file('blobs'));
      await store.putBytes(bytes);
      expect(statSync(store.path(digest)).mode & 0o777).toBe(0o600);
    } finally {
      process.umask(before);
    }
  });

  test.each(['', 'ab', digest.toUpperCase(), `../${digest.slice(3)}`, `${digest}0`])(
    'takes %j for no digest',
    async (wrong) => {
      using folder = temporaryFolder();
      const store = await openBlobStore(folder.file('blobs'));
      expect(() => store.path(wrong)).toThrow(TypeError);
      expect(() => store.incomingPath(wrong)).toThrow(TypeError);
      await expect(store.has(wrong)).rejects.toThrow(TypeError);
      expect(() => store.remove(wrong)).toThrow(TypeError);
    },
  );
});

describe('what arrived in parts', () => {
  test('becomes a blob when it is what was announced', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    const incoming = store.incomingPath(digest);
    writeFileSync(incoming, bytes);
    chmodSync(incoming, 0o666);
    await store.adopt(incoming, digest);
    expect(readFileSync(store.path(digest)).equals(bytes)).toBe(true);
    expect(statSync(store.path(digest)).mode & 0o777).toBe(0o600);
    expect(filesBelow(folder.file('blobs'))).toEqual([itsPlace]);
  });

  test('is thrown away when it is not', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    const incoming = store.incomingPath(digest);
    const wrong = Buffer.from(bytes);
    wrong[1_234_567]! ^= 1;
    writeFileSync(incoming, wrong);
    await expect(store.adopt(incoming, digest)).rejects.toMatchObject({
      code: 'BLOB_DIGEST_DIFFERS',
      exitCode: 4,
      details: { expected: digest, found: sha256(wrong) },
    });
    expect(filesBelow(folder.file('blobs'))).toEqual([]);
    writeFileSync(incoming, bytes);
    await store.adopt(incoming, digest);
    expect(await store.has(digest)).toBe(true);
  });

  test('is swept only when nobody has added to it for long', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    const incoming = store.incomingPath(digest);
    writeFileSync(incoming, bytes.subarray(0, 1000));
    const [then, hour] = [1_000_000_000, 3_600_000];
    utimesSync(incoming, new Date(then), new Date(then));
    await store.putBytes(Buffer.from('kept'));
    expect(await store.sweep(then + hour, hour)).toEqual({ removed: [] });
    expect(await store.sweep(then + hour + 1, hour)).toEqual({ removed: [incoming] });
    expect(filesBelow(folder.file('blobs'))).toHaveLength(1);
  });
});

describe('a disk that refuses is named', () => {
  const unusable = { code: 'BLOB_STORE_UNUSABLE' };

  test('where the folder is below a file', async () => {
    using folder = temporaryFolder();
    folder.file('file', Buffer.from('x'));
    await expect(openBlobStore(folder.file('file/blobs'))).rejects.toMatchObject(unusable);
  });

  test('where the file to put is missing or a folder, and nothing is left', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await expect(store.putFile(folder.file('missing'))).rejects.toMatchObject(unusable);
    await expect(store.putFile(folder.path)).rejects.toMatchObject(unusable);
    expect(filesBelow(folder.file('blobs'))).toEqual([]);
  });

  test('where what arrived is not there', async () => {
    using folder = temporaryFolder();
    const store = await openBlobStore(folder.file('blobs'));
    await expect(store.adopt(folder.file('missing'), digest)).rejects.toMatchObject(unusable);
  });
});

describe('after a power cut', () => {
  const points = [
    ['store.half-written', 'put'],
    ['store.before-fsync', 'put'],
    ['store.before-rename', 'put'],
    ['store.after-rename', 'put'],
    ['store.before-adopt', 'adopt'],
    ['store.before-rename', 'adopt'],
    ['store.after-rename', 'adopt'],
  ] as const;
  test.each(points)('at %s of %s a blob is whole or not there, and comes again', async (point, how) => {
    using folder = temporaryFolder();
    const source = folder.file('in.nupkg', bytes);
    const [blobs, module] = [
      folder.file('blobs'),
      join(import.meta.dirname, '../../../src/packages/blobs/store.ts'),
    ];
    const program = `
      import { copyFileSync } from 'node:fs';
      import { openBlobStore } from ${JSON.stringify(module)};
      const store = await openBlobStore(${JSON.stringify(blobs)});
      const incoming = store.incomingPath('${digest}');
      if ('${how}' === 'put') await store.putFile(${JSON.stringify(source)});
      else {
        copyFileSync(${JSON.stringify(source)}, incoming);
        await store.adopt(incoming, '${digest}');
      }`;
    const run = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
      env: { ...process.env, CROSSGAP_FAULT: point },
    });
    await expect(run).rejects.toMatchObject({ signal: 'SIGKILL' });
    const store = await openBlobStore(blobs);
    if (await store.has(digest)) expect(sha256(readFileSync(store.path(digest)))).toBe(digest);
    await store.sweep(Date.now() + 10_000, 0);
    await store.putFile(source);
    expect(filesBelow(blobs)).toEqual([itsPlace]);
    expect(sha256(readFileSync(store.path(digest)))).toBe(digest);
  });
});
