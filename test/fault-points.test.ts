import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

function textsBelow(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.startsWith('fault-points'))
    .map((name) => readFileSync(join(root, folder, name), 'utf8'));
}

const points = new Set(
  textsBelow('src').flatMap((text) =>
    [...text.matchAll(/faultPoint\('([^']+)'\)/g)].map(([, name]) => name!),
  ),
);
const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');

test('T-35 at each point where a test can end a process, some test does', () => {
  expect(points.size).toBeGreaterThan(50);
  const texts = textsBelow('test');
  const names = (text: string, point: string): boolean =>
    new RegExp(String.raw`['"\s]${point.replaceAll('.', String.raw`\.`)}(?::\d+)?['"\s]`).test(text);
  expect([...points].filter((point) => !texts.some((text) => names(text, point)))).toEqual([]);
});

test('the points that the architecture page lists are those there are', () => {
  const listed = [...page.matchAll(/^\| `\w+` \| (`[a-z-]+\..*) \|$/gm)].flatMap(([, row]) =>
    [...row!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
  expect(listed.toSorted()).toEqual([...points].toSorted());
});
