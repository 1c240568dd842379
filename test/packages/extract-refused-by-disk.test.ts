import { chmodSync, mkdirSync, readdirSync, readFileSync, existsSync } from 'node:fs';
import type * as filesystem from 'node:fs/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { extractPackage } from '../../src/packages/index.ts';
import { buildZip, sha256, temporaryFolder, type RawEntry } from '../support/build-nupkg.ts';

/** Which call of the system fails, and how many of them succeed before. */
const failing: { call?: string; code: string; after: number } = { code: 'ENOSPC', after: 0 };

function refuse(call: string): void {
  if (failing.call !== call) return;
  failing.after -= 1;
  if (failing.after >= 0) return;
  throw Object.assign(new Error(`${failing.code}: refused by the disk, ${call}`), {
    code: failing.code,
    syscall: call,
  });
}

vi.mock('node:fs', async (original) => {
  const fs = await original<Record<string, (...given: unknown[]) => unknown>>();
  const guarded = ['openSync', 'writeSync', 'futimesSync', 'mkdirSync', 'renameSync', 'rmdirSync'].map(
    (name) => [
      name,
      (...given: unknown[]): unknown => {
        refuse(name);
        return fs[name]!(...given);
      },
    ],
  );
  const fdatasync = (descriptor: number, done: (error?: unknown) => void): void => {
    try {
      refuse('fdatasync');
    } catch (error) {
      return done(error);
    }
    fs['fdatasync']!(descriptor, done);
  };
  return { ...fs, ...Object.fromEntries(guarded), fdatasync };
});

vi.mock('node:fs/promises', async (original) => {
  const promises = await original<typeof filesystem>();
  const open: typeof promises.open = async (...given) => {
    const handle = await promises.open(...given);
    const sync = handle.sync.bind(handle);
    handle.sync = async () => {
      refuse('fsync');
      await sync();
    };
    return handle;
  };
  return { ...promises, open };
});

afterEach(() => delete failing.call);

const huge = Buffer.alloc(70_000_000, 'application ');
const entries: RawEntry[] = [
  { name: 'a.txt', content: 'a', both: { dosDate: (40 << 9) | (1 << 5) | 1 } },
  { name: 'b/c.txt', content: 'c' },
  { name: 'b/large.bin', content: Buffer.alloc(900_000, 'application ') },
];

describe('T-62 a disk that refuses while a package is extracted is named, and nothing is left', () => {
  test.each<[call: string, after: number, entries?: RawEntry[]]>([
    ['mkdirSync', 0],
    ['mkdirSync', 1],
    ['mkdirSync', 2],
    ['openSync', 1],
    ['openSync', 3],
    ['writeSync', 0],
    ['writeSync', 1],
    ['writeSync', 2],
    ['writeSync', 4],
    ['futimesSync', 0],
    ['fdatasync', 0, [{ name: 'huge.bin', content: huge, stored: true }]],
    ['fsync', 0],
    ['fsync', 2],
    ['fsync', 4],
    ['fsync', 5],
    ['renameSync', 0],
    ['rmdirSync', 0],
  ])('%s, after %i that went well', async (call, after, given = entries) => {
    using folder = temporaryFolder();
    const bytes = buildZip(given);
    const path = folder.file('in.nupkg', bytes);
    const out = `${folder.path}/out`;
    Object.assign(failing, { call, after });
    const work = extractPackage(path, out, { expectedSha256: sha256(bytes) });
    await expect(work).rejects.toMatchObject({ code: 'PACKAGE_NOT_WRITTEN', exitCode: 3 });
    delete failing.call;
    expect(readdirSync(folder.path)).toEqual(['in.nupkg']);
    await extractPackage(path, out, { expectedSha256: sha256(bytes) });
    expect(readdirSync(out).length).toBe(given === entries ? 2 : 1);
  });
});

describe('what is extracted is on the disk before it has its name', () => {
  const many = Array.from({ length: 40 }, (_, i) => ({ name: `d${i % 3}/f${i}`, content: `${i}` }));

  /** Extracts with a program `sync` that notes what it was asked, and what was there by then. */
  async function syncedBy(exitCode: number, given: RawEntry[]): Promise<{ asked: string[]; files: number }> {
    using folder = temporaryFolder();
    const bytes = buildZip(given);
    const [path, programs, note] = [folder.file('in.nupkg', bytes), folder.file('bin'), folder.file('note')];
    mkdirSync(programs);
    const script = `#!/bin/sh\necho "$1 $(/usr/bin/find "$2" -type f | /usr/bin/wc -l) $(/bin/ls ${folder.path})" >> ${note}\nexit ${exitCode}\n`;
    chmodSync(folder.file('bin/sync', Buffer.from(script)), 0o755);
    vi.stubEnv('PATH', programs);
    try {
      const { files } = await extractPackage(path, folder.file('out'), { expectedSha256: sha256(bytes) });
      const asked = existsSync(note)
        ? readFileSync(note, 'utf8')
            .trim()
            .split(/\n(?=-)/)
        : [];
      return { asked, files: files.length };
    } finally {
      vi.unstubAllEnvs();
    }
  }

  test.runIf(process.platform === 'linux')('many files by one request to the whole file system', async () => {
    const { asked, files } = await syncedBy(0, many);
    expect(files).toBe(40);
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatch(/^-f 40 /);
    expect(asked[0]).not.toMatch(/\bout\b/);
  });

  test('many files one by one where that program fails', async () => {
    expect(await syncedBy(1, many)).toMatchObject({ files: 40 });
    Object.assign(failing, { call: 'fsync', after: 30, code: 'EIO' });
    await expect(syncedBy(1, many)).rejects.toMatchObject({ code: 'PACKAGE_NOT_WRITTEN' });
  });

  test('few files without that program', async () => {
    expect(await syncedBy(0, entries)).toEqual({ asked: [], files: 3 });
  });
});
