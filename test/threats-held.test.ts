import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const page = readFileSync(join(root, 'docs/threats.md'), 'utf8');
const rows = [...page.matchAll(/^\| (T-\d{2}) \|.*\| ([^|]+) \|$/gm)].map(([, id, heldBy]) => ({
  id: id!,
  files: [...heldBy!.matchAll(/`([^`]+)`/g)].map(([, file]) => file!),
}));

test('every threat has its row, and each test that a row names carries its id', () => {
  expect(rows.map(({ id }) => id)).toEqual(
    Array.from({ length: 98 }, (_, n) => `T-${String(n + 1).padStart(2, '0')}`),
  );
  const wrong = rows.flatMap(({ id, files }) =>
    files
      .filter((file) => !readFileSync(join(root, file), 'utf8').includes(id))
      .map((file) => `${id} ${file}`),
  );
  expect(wrong).toEqual([]);
});

test('no threat that a test carries by name is told of as if none held it', () => {
  const texts = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts') && !name.startsWith('threats-held'))
    .map((name) => readFileSync(join(root, 'test', name), 'utf8'));
  const untold = rows.filter(
    ({ id, files }) => files.length === 0 && texts.some((text) => new RegExp(`\\b${id}\\b`).test(text)),
  );
  expect(untold.map(({ id }) => id)).toEqual([]);
});
