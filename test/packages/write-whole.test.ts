import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeWhole } from '../../src/packages/write-whole.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';

const old = Buffer.from('old');

test('what is written takes the place of an older file, and nothing stays beside it', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.nupkg', old);
  const written = await writeWhole(path, async (temporary) => {
    writeFileSync(temporary, 'new');
    return readFileSync(path, 'utf8');
  });
  expect([written, readFileSync(path, 'utf8'), readdirSync(folder.path)]).toEqual([
    'old',
    'new',
    ['a.nupkg'],
  ]);
});

test('what its writer refuses is refused in its words, the older file as it was and nothing beside it', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.nupkg', old);
  const refusal = new Error('this is no package');
  const failing = writeWhole(path, (temporary) => {
    writeFileSync(temporary, 'half');
    return Promise.reject(refusal);
  });
  await expect(failing).rejects.toBe(refusal);
  expect([readFileSync(path, 'utf8'), readdirSync(folder.path)]).toEqual(['old', ['a.nupkg']]);
});

test('what the system refuses is named with the file', async () => {
  using folder = temporaryFolder();
  const path = join(folder.path, 'missing', 'a.nupkg');
  const error = await laterRefusal(() => writeWhole(path, async (temporary) => writeFileSync(temporary, '')));
  expect(codeOf(error)).toBe('PACKAGE_NOT_WRITTEN refused');
  expect(error.message).toContain(`Cannot write package ${path}: ENOENT`);
});

test('what can not be taken away again is named, beside what went wrong first', async () => {
  using folder = temporaryFolder();
  const path = folder.file('a.nupkg', old);
  const refusal = new Error('this is no package');
  const error = await laterRefusal(() =>
    writeWhole(path, (temporary) => {
      mkdirSync(temporary);
      return Promise.reject(refusal);
    }),
  );
  const [left] = readdirSync(folder.path).filter((name) => name.endsWith('.tmp'));
  expect(error.message).toContain('this is no package; what there is of it stays behind: ');
  expect(error.hint).toContain(join(folder.path, left!));
  expect(error.cause).toBe(refusal);
});
