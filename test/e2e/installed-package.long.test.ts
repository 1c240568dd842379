import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'crossgap-package-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, args: readonly string[], cwd: string): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A copy of what git knows, so that the build leaves no trace in the checkout. */
function copyOfCheckout(): string {
  const copy = join(folder, 'checkout');
  const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard'], root).split('\n');
  for (const name of files.filter((one) => /^(src|bin|migrations|demo)\/|^[^/]+$/.test(one))) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(root, name), join(copy, name));
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  return copy;
}

test('what npm pack makes installs into an empty folder and runs there', () => {
  const copy = copyOfCheckout();
  run('npm', ['pack', '--pack-destination', folder], copy);
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'))!;
  const place = join(folder, 'empty');
  mkdirSync(place);
  writeFileSync(join(place, 'package.json'), '{"private": true}');
  run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, archive)], place);

  const crossgap = (...args: string[]): string =>
    run(process.execPath, [join(place, 'node_modules/crossgap/bin/crossgap.js'), ...args], place);
  crossgap('init', '--name', 'acme', '--new-certificate', 'acme.pfx');
  const report = JSON.parse(crossgap('log', 'verify', '--json')) as { ok: boolean; entries: number };
  expect(report).toMatchObject({ ok: true, entries: 1 });
  expect(readdirSync(join(place, 'node_modules/crossgap'))).not.toContain('src');
});
