import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { injectBlob } from '../../../src/installer/inject/executable.ts';
import { readTree, type ResourceTable } from '../../../src/installer/inject/pe-resources.ts';
import { codeOf, laterRefusal } from '../../support/refusal.ts';
import { peFile, readPe, type Oddity } from './pe-file.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-pe-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const content = (text: string) => ({ bytes: Buffer.from(text), codePage: 0 });
const icon: ResourceTable = {
  entries: [
    { key: 3, of: { entries: [{ key: 1, of: { entries: [{ key: 0x409, of: content('icon') }] } }] } },
    { key: 16, of: { entries: [{ key: 1, of: { entries: [{ key: 0x409, of: content('version 24') }] } }] } },
  ],
};
const withOwn: ResourceTable = {
  entries: [
    { key: 'WORD', of: { entries: [{ key: 1, of: { entries: [{ key: 0, of: content('named') }] } }] } },
    ...icon.entries,
    { key: 10, of: { entries: [{ key: 'ZZZ', of: { entries: [{ key: 0, of: content('own') }] } }] } },
  ].toSorted((a, b) => (typeof a.key === 'string' ? -1 : typeof b.key === 'string' ? 1 : a.key - b.key)),
};

async function injected(resources: ResourceTable, blob: Buffer): Promise<Buffer> {
  const path = join(root, 'program.exe');
  writeFileSync(path, peFile(resources));
  await injectBlob(path, blob);
  return readFileSync(path);
}

/** The resources as their path and what they hold. */
function resourcesOf(file: Buffer): Record<string, string> {
  const { resources, sections } = readPe(file);
  const section = sections.find(({ address }) => address === resources.address)!;
  const bytes = file.subarray(section.offset, section.offset + section.rawBytes);
  const found: Record<string, string> = {};
  const walk = ({ entries }: ResourceTable, path: string): void => {
    for (const { key, of } of entries) {
      if ('entries' in of) walk(of, `${path}${key}/`);
      else found[`${path}${key}`] = of.bytes.toString();
    }
  };
  walk(readTree(bytes, 0, section.address), '');
  return found;
}

test('a blob becomes a resource beside those there were', async () => {
  const file = await injected(icon, Buffer.from('the blob'));
  expect(resourcesOf(file)).toEqual({
    '3/1/1033': 'icon',
    '10/NODE_SEA_BLOB/0': 'the blob',
    '16/1/1033': 'version 24',
  });
});

test('resources with names keep their order, names first', async () => {
  const file = await injected(withOwn, Buffer.from('the blob'));
  expect(Object.keys(resourcesOf(file))).toEqual([
    'WORD/1/0',
    '3/1/1033',
    '10/NODE_SEA_BLOB/0',
    '10/ZZZ/0',
    '16/1/1033',
  ]);
});

test('the new section lies behind all others, in the file and in memory', async () => {
  const blob = Buffer.alloc(100_000, 7);
  const before = readPe(peFile(icon));
  const file = await injected(icon, blob);
  const after = readPe(file);
  expect(after.sections.map(({ name }) => name)).toEqual(['.rsrcold', '.rsrc']);
  const [old, own] = after.sections as [(typeof after.sections)[0], (typeof after.sections)[0]];
  expect(old).toEqual({ ...before.sections[0], name: '.rsrcold' });
  expect(own.address).toBe(before.imageBytes);
  expect(own.offset).toBe(old.offset + old.rawBytes);
  expect(own.offset + own.rawBytes).toBe(file.length);
  expect(after.imageBytes).toBe(Math.ceil((own.address + own.inMemory) / 4096) * 4096);
  expect(after.resources).toEqual({ address: own.address, sizeBytes: own.inMemory });
});

test('the signature of who made the runtime goes, since it does not fit any more', async () => {
  const file = await injected(icon, Buffer.from('the blob'));
  expect(readPe(file)).toMatchObject({ signedBytes: 0, checksum: 0, machine: 0x8664 });
  expect(file.includes(Buffer.alloc(24, 0xcc))).toBe(false);
});

test('the runtime is told that there is a blob', async () => {
  const file = await injected(icon, Buffer.from('the blob'));
  expect(file.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1')).toBe(true);
  expect(file.includes('NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:0')).toBe(false);
});

test.each<[string, Oddity]>([
  ['of 32 bits', { bits: 32 }],
  ['whose headers are full', { sections: 16 }],
  ['whose signature is not at its end', { after: 16 }],
])('an executable %s is refused', async (_, oddity) => {
  const path = join(root, 'odd.exe');
  writeFileSync(path, peFile(icon, oddity));
  const error = await laterRefusal(() => injectBlob(path, Buffer.from('the blob')));
  expect(codeOf(error)).toBe('RUNNER_NOT_BUILT refused');
});

test('an executable that takes no blob is refused', async () => {
  const path = join(root, 'other.exe');
  const file = peFile(icon);
  file.fill(0, 900, 960);
  writeFileSync(path, file);
  const error = await laterRefusal(() => injectBlob(path, Buffer.from('the blob')));
  expect(error.message).toContain('does not run single executables');
});
