import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readInPlace } from '../../../src/installer/bootstrap/read-in-place.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-in place-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
// What describes a package there is not even read.
writeFileSync(join(root, 'package.json'), '{ broken');

let turn = 0;
const fileNow = (): string => join(root, `größer installer ${turn}`);
/** Reads what a program of these files exports, in a new file each time, since the runtime reads a module once. */
async function exportsOf(files: Readonly<Record<string, string>>): Promise<Record<string, unknown>> {
  turn += 1;
  writeFileSync(fileNow(), '');
  using reading = readInPlace(fileNow(), (path) => files[path]);
  const start = join(reading.folder, 'dist', 'cli', 'start.js');
  const { look } = createRequire(start)(start) as { look: () => Promise<Record<string, unknown>> };
  return await look();
}

test('modules of a program that lies nowhere are read, ours and those of others', async () => {
  const seen = await exportsOf({
    'dist/cli/start.js': `import { one } from '../parts/one-$1.js';
      export const look = async () => ({ one, ...(await import('./late.js')) });`,
    'dist/parts/one-$1.js': `export const one = import.meta.dirname;`,
    'dist/cli/late.js': `import Library, { half } from 'library'; import { sep } from 'node:path';
      export { Library, half, sep };`,
    'node_modules/library/package.json': '{ "main": "lib/index.js" }',
    'node_modules/library/lib/index.js': `module.exports = require('./part'); module.exports.half = 0.5;`,
    'node_modules/library/lib/part.js': `exports.path = require('path').basename(__filename);`,
  });
  expect(seen).toMatchObject({
    one: expect.stringContaining(join('crossgap', 'dist', 'parts')) as string,
    Library: { path: 'part.js', half: 0.5 },
  });
});

test('what the program does not bring is not looked for beside the file', async () => {
  mkdirSync(join(root, 'node_modules', 'planted'), { recursive: true });
  writeFileSync(join(root, 'node_modules', 'planted', 'index.js'), 'globalThis.planted = true;');
  writeFileSync(join(root, 'beside.js'), 'globalThis.planted = true;');
  for (const planted of ['planted', '../../../../../beside.js', join(root, 'beside.js')])
    await expect(
      exportsOf({
        'dist/cli/start.js': `export const look = () => import(${JSON.stringify(planted)});`,
      }),
    ).rejects.toMatchObject({ code: 'MODULE_NOT_FOUND' });
  expect(globalThis).not.toHaveProperty('planted');
});

test('others read their modules as ever, and nothing is there any more when it is over', async () => {
  await exportsOf({
    'dist/cli/start.js': 'export const look = async () => ({});',
    'dist/cli/other.js': 'export const other = true;',
  });
  const require = createRequire(import.meta.url);
  expect(require('better-sqlite3')).toBeTypeOf('function');
  expect(
    () => require(join(fileNow(), 'node_modules', 'crossgap', 'dist', 'cli', 'other.js')) as unknown,
  ).toThrow(/Cannot find/);
});
