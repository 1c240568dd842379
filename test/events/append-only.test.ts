import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

test('T-37 no statement in the source changes or removes an entry or a feed', () => {
  const files = ['src', 'migrations'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|sql)$/.test(name))
      .map((name) => join(root, folder, name)),
  );
  const changing =
    /\b(UPDATE(\s+OR\s+\w+)?|DELETE\s+FROM|REPLACE\s+INTO|INSERT\s+OR\s+\w+\s+INTO)\s+"?(entry|feed)"?[\s`']/i;
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => changing.test(readFileSync(file, 'utf8')))).toEqual([]);
});
