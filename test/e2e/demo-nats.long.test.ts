import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { program } from '../support/companies.ts';
import { requires } from '../support/requires.ts';
import { filesHolding, secretForms } from '../support/secret-forms.ts';

const folder = mkdtempSync(join(tmpdir(), 'crossgap-demo-nats-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.runIf(requires('nats-server', 'the story over a NATS server'))(
  'the same story is told over a NATS server with TLS, and no secret stands in what the server stored',
  () => {
    const out = join(folder, 'story');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [program, 'demo', '--exit', '--transport', 'nats', '--out', out],
      { encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
    const told = stdout + stderr;
    expect([...told.matchAll(/^([1-9])\. /gm)].map(([, number]) => Number(number))).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8,
    ]);
    expect(told).toContain('page.html was changed on the way; it has been asked for again');
    const found = filesHolding(join(out, 'hub'), secretForms('violet-Harbour-4711'));
    expect([...found.keys()]).toEqual([]);
  },
);
