import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { senderOf } from '../../src/cli/bundles/bundle-ends.ts';
import { readTree, type ResourceTable } from '../../src/installer/inject/pe-resources.ts';
import { readInstaller, verifyInstaller, writeInstaller, type Runner } from '../../src/installer/index.ts';
import { runtimeHere, sharedRunner } from '../support/installer-runtime.ts';
import { heldClock, makeInstance } from '../support/instances.ts';
import { readPe, type PeFacts } from './inject/pe-file.ts';

const runtime = await runtimeHere('win-x64', 'the structure of installers for Windows');

// There is no Windows here: that the file has the structure of one is all that is shown.
describe.runIf(runtime !== undefined)('an installer for Windows', () => {
  const root = mkdtempSync(join(tmpdir(), 'crossgap-windows-'));
  let runner: Runner;
  let file: Buffer;
  let before: PeFacts;
  let after: PeFacts;

  beforeAll(async () => {
    runner = await sharedRunner('win-x64');
    file = readFileSync(runner.path);
    before = readPe(readFileSync(runtime!));
    after = readPe(file);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  test('it is an executable of the machine it is for', () => {
    expect(file.toString('latin1', 0, 2)).toBe('MZ');
    expect(after.machine).toBe(0x8664);
    expect(after.signedBytes).toBe(0);
  });

  test('its sections are those of the runtime and one more, none over another, in the file or in memory', () => {
    const renamed = before.sections.map((one) => (one.name === '.rsrc' ? { ...one, name: '.rsrcold' } : one));
    expect(after.sections.slice(0, -1)).toEqual(renamed);
    expect(after.sections.at(-1)!.name).toBe('.rsrc');
    const ends = after.sections.map((one) => ({ ...one, end: one.offset + one.rawBytes }));
    for (const [at, one] of ends.entries()) {
      const next = ends[at + 1];
      if (next === undefined) continue;
      expect(next.offset).toBeGreaterThanOrEqual(one.end);
      expect(next.address).toBeGreaterThanOrEqual(one.address + one.inMemory);
    }
    const last = after.sections.at(-1)!;
    expect(last.offset + last.rawBytes).toBe(file.length);
    expect(after.imageBytes).toBe(Math.ceil((last.address + last.inMemory) / 4096) * 4096);
  });

  test('its resources are those of the runtime, byte for byte, and the program', () => {
    const [old, own] = [resourcesOf(readFileSync(runtime!), before), resourcesOf(file, after)];
    const { '10/NODE_SEA_BLOB/0': blob, ...others } = own;
    expect(Object.keys(others)).toEqual(Object.keys(old));
    for (const [path, bytes] of Object.entries(old)) expect(others[path]!.equals(bytes)).toBe(true);
    expect(blob!.includes('program/bin/crossgap.js')).toBe(true);
    expect(blob!.includes('program/node_modules/better-sqlite3/prebuilds/win32-x64.node')).toBe(true);
    expect(blob!.includes('program/node_modules/better-sqlite3/prebuilds/linux-x64.node')).toBe(false);
  });

  test('outside of headers and the new section nothing was changed but the one character that says there is a program', () => {
    const original = readFileSync(runtime!);
    const end = after.sections.at(-1)!.offset;
    const changed: number[] = [];
    for (let at = 1024; at < end; at += 1) if (original[at] !== file[at]) changed.push(at);
    expect(changed).toHaveLength(1);
    expect(file.toString('latin1', changed[0]! - 47, changed[0]! + 1)).toBe(
      'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:1',
    );
  });

  test('with what its maker signed behind it, it is read as any installer', async () => {
    const instance = await makeInstance(root, 'acme', heldClock());
    const out = join(root, 'crossgap-runner.exe');
    await writeInstaller({ runner, content: undefined, maker: senderOf(instance), out });
    instance.close();
    expect(statSync(out).size).toBeLessThan(120_000_000);
    const read = (await readInstaller(out))!;
    expect(read.index).toMatchObject({ platform: 'win-x64', bundle: null });
    await verifyInstaller(read, { tell: () => {}, signal: new AbortController().signal });
  });
});

function resourcesOf(file: Buffer, { resources, sections }: PeFacts): Record<string, Buffer> {
  const section = sections.find(({ address, inMemory }) => {
    const at = resources.address - address;
    return at >= 0 && at < inMemory;
  })!;
  const bytes = file.subarray(section.offset, section.offset + section.rawBytes);
  const found: Record<string, Buffer> = {};
  const walk = ({ entries }: ResourceTable, path: string): void => {
    for (const { key, of } of entries) {
      if ('entries' in of) walk(of, `${path}${key}/`);
      else found[`${path}${key}`] = of.bytes;
    }
  };
  walk(readTree(bytes, resources.address - section.address, section.address), '');
  return found;
}
