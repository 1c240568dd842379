import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');

/** Codes in the source, room by room: string literals and keys in capitals in each `errors.ts`, and the disk's. */
function codesInSource(): string[] {
  const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const errorFiles = files.filter((name) => /\/(?:errors|story-error)\.ts$|^disk-error\.ts$/.test(name));
  const codes = errorFiles.flatMap((name) => {
    const text = readFileSync(join(root, 'src', name), 'utf8');
    return [...text.matchAll(/'([A-Z][A-Z0-9_]{5,})'|^\s*([A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+):/gm)].map(
      ([, literal, key]) => (literal ?? key)!,
    );
  });
  return [...new Set(codes)].filter((code) => !code.startsWith('SQLITE_')).toSorted();
}

/** Codes in docs/errors.md: each has a heading of its own and at least one sentence below it. */
function codesInDocs(): string[] {
  const text = readFileSync(join(root, 'docs/errors.md'), 'utf8');
  return [...text.matchAll(/^#{3} `([A-Z0-9_]+)`[^\n]*\n+(?!#)\S/gm)].map(([, code]) => code!).toSorted();
}

test('every error code has its paragraph in docs/errors.md, and no paragraph is of a code that is gone', () => {
  expect(codesInDocs()).toEqual(codesInSource());
});
