import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { program } from '../support/companies.ts';

const folder = mkdtempSync(join(tmpdir(), 'crossgap-demo-installer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('J2.9 J2.12 J2.17 the story of the installer is told: made, started where nothing is, cut off, gone on with, home again', () => {
  const out = join(folder, 'story');
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program, 'demo', '--story', 'installer', '--exit', '--out', out],
    { encoding: 'utf8' },
  );
  expect(status, stderr).toBe(0);
  const told = stdout + stderr;
  expect([...told.matchAll(/^([1-9])\. /gm)].map(([, number]) => Number(number))).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8,
  ]);
  expect(told).toContain('INSTALLER_DAMAGED');
  expect(told).toContain('(kill -9)');
  expect(told).toMatch(/riverside.*words not compared/);
  expect(readFileSync(join(out, 'riverside/opt/orders/orders.conf'), 'utf8')).toContain(
    'title = Orders 1.0.0 at Riverside mill',
  );
});
