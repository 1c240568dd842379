import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { ownProblemCodes } from '../../src/packages/problems.ts';

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/packages.md'), 'utf8');
const told = [...page.slice(page.indexOf('## Every code')).matchAll(/^\| `?([A-Z][A-Z0-9_]+)`? \|/gm)].map(
  ([, code]) => code!,
);

/** Every number of NuGet's that stands in the program. */
function numbers(): string[] {
  const src = join(root, 'src');
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const found = files.flatMap((name) => [...readFileSync(join(src, name), 'utf8').matchAll(/NU3\d{3}/g)]);
  return [...new Set(found.map(([code]) => code))];
}

test('each code that a report can have is told on the page of packages with what to do, and no other, once', () => {
  expect(told.toSorted()).toEqual([...numbers(), ...ownProblemCodes].toSorted());
});
