import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readPfx } from '../../../src/identity/index.ts';
import { makeInstance, type Company } from '../company.ts';
import type { Person } from '../typed.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-identity-'));
let acme: Company;
beforeAll(async () => {
  acme = await makeInstance(root, 'acme');
  await acme.asks('environment add integration');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

type Shown = { signingKey: string; words: string; keysSince: string; earlierSealingKeys: string[] };

const shown = (person: Person): Promise<Shown> => person.asks('identity show');
const names = async (person: Person): Promise<string[]> => {
  const rows = await person.asks<{ name: string }[]>('environment list');
  return rows.map(({ name }) => name);
};

test('identity rotate gives new keys under the same certificate, and the instance goes on', async () => {
  const person = acme.copy('rotated');
  const before = await shown(person);
  const changed = await person.asks<{ feeds: string[]; signingKey: string }>([
    'identity',
    'rotate',
    '--certificate',
    acme.pfx,
  ]);
  expect(changed.feeds).toHaveLength(1);
  const after = await shown(person);
  expect([after.signingKey, after.words]).toEqual([changed.signingKey, before.words]);
  expect(after.signingKey).not.toBe(before.signingKey);
  expect(after.earlierSealingKeys).toHaveLength(1);
  await person.asks('environment add production');
  expect(await person.asks('log verify --full')).toMatchObject({ ok: true, entries: 4 });
  const { stdout } = await person.types('log show');
  expect(stdout).toContain('key.rotated');
});

test('identity rotate names what is wrong with a certificate, and changes nothing', async () => {
  const other = await makeInstance(root, 'contoso');
  const before = await shown(acme);
  for (const [line, code] of [
    [['--certificate', other.pfx], 'CERTIFICATE_NOT_INTRODUCED'],
    [['--certificate', other.pfx, '--old-certificate', other.pfx], 'CERTIFICATE_NOT_INTRODUCED'],
    [['--certificate', join(root, 'none.pfx')], 'FILE_NOT_READABLE'],
    [[], 'USAGE_INVALID'],
  ] as const) {
    const { error } = await acme.types(['identity', 'rotate', ...line, '--json']);
    expect(error.code).toBe(code);
  }
  expect(await shown(acme)).toEqual(before);
  await other.asks('environment add staging');
});

test('identity rotate goes over to a new certificate that the present one stands for', async () => {
  const [person, next] = [acme.copy('next'), await makeInstance(root, 'next-of-acme')];
  const { chain, privateKey } = await readPfx(readFileSync(acme.pfx), '');
  const [old, oldKey] = [join(root, 'old.pem'), join(root, 'old.key')];
  writeFileSync(old, new X509Certificate(chain[0]!).toString());
  writeFileSync(oldKey, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const line = ['identity', 'rotate', '--certificate', next.pfx];
  const lacking = await person.types([...line, '--old-key', oldKey, '--json']);
  expect(lacking.error.code).toBe('USAGE_INVALID');
  const { words } = await person.asks<{ words: string }>([
    ...line,
    '--old-certificate',
    old,
    '--old-key',
    oldKey,
  ]);
  expect(words).toBe((await shown(next)).words);
  await person.asks('environment add production');
});

test('identity revoke makes void what was signed from a time or a position on, and says what it was', async () => {
  const points = [
    ['3', ['integration']],
    ['now', ['integration', 'stolen']],
    ['2026-01-01T00:00:00Z', []],
  ] as const;
  for (const [at, [point, left]] of points.entries()) {
    const person = acme.copy(`revoked-${at}`);
    await person.asks('environment add stolen');
    const line = [
      'identity',
      'revoke',
      '--from',
      point,
      '--reason',
      'laptop stolen',
      '--certificate',
      acme.pfx,
    ];
    const { exitCode, stdout, error } = await person.types([...line, '--json']);
    // From the first entry on there is nothing left to go on from.
    if (left.length === 0) {
      expect([exitCode, error.code]).toEqual([2, 'REVOCATION_POINT_UNKNOWN']);
      continue;
    }
    expect(exitCode, stdout).toBe(0);
    expect(await names(person)).toEqual(left);
    await person.asks('environment add production');
    expect(await names(person)).toEqual([...left, 'production']);
    expect(await person.asks('log rebuild')).toMatchObject({ ok: true });
  }
});

test('identity revoke says what a point is', async () => {
  for (const point of ['yesterday', '12.5', '2026-99-99']) {
    const line = [
      'identity',
      'revoke',
      '--from',
      point,
      '--reason',
      'x',
      '--certificate',
      acme.pfx,
      '--json',
    ];
    const { exitCode, error } = await acme.types(line);
    expect([exitCode, error.code]).toEqual([2, 'USAGE_INVALID']);
  }
});

test('backup and restore say which heads are there and what comes next', async () => {
  const person = acme.copy('restored');
  const file = join(root, 'acme.db');
  const { heads, entries } = await person.asks<{
    heads: { author: string; audience: string; seq: number }[];
    entries: number;
  }>(['backup', file]);
  expect([entries, heads]).toMatchObject([2, [{ author: 'acme', audience: 'self', seq: 2 }]]);
  const again = await person.types(['backup', file, '--json']);
  expect([again.exitCode, again.error.code]).toEqual([3, 'BACKUP_EXISTS']);
  await person.asks('environment add production');
  const { stdout, exitCode } = await person.types(['restore', file]);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('log new-epoch');
  const refused = await person.types('environment add production --json');
  expect([refused.exitCode, refused.error.code]).toEqual([4, 'ROLLED_BACK']);
  await person.asks(['log', 'new-epoch', '--reason', 'disk broke']);
  await person.asks('environment add production');
  expect(existsSync(join(person.data, 'crossgap.db.replaced'))).toBe(true);
});

test('J2.F10 a certificate rotated between two bundles is introduced inside the second; bundles under way are opened after the receiver rotated', async () => {
  const [vendor, customer] = [acme.copy('by-hand'), await makeInstance(root, 'plant')];
  const next = await makeInstance(root, 'acme-next');
  const [invitation, reply, process] = [join(root, 'invitation'), join(root, 'reply'), join(root, 'p.yaml')];
  await vendor.asks(['link', 'invite', 'plant', '--by-hand', '--out', invitation]);
  const { words } = await shown(vendor);
  await customer.asks(['link', 'accept', invitation, '--fingerprint', words, '--out', reply]);
  await vendor.asks(['link', 'confirm', reply, '--fingerprint', (await shown(customer)).words]);
  writeFileSync(process, 'process: Orders\nsteps:\n  - name: Hello\n    run: { bash: "echo hello" }\n');
  await vendor.asks(['process', 'publish', process]);
  for (const number of ['1.0.0', '2.0.0']) {
    await vendor.asks(`release create Orders ${number}`);
    await vendor.asks(`release publish ${number} --to plant`);
    await vendor.asks(['bundle', 'export', '--to', 'plant', '--out', join(root, `bundle-${number}`)]);
    if (number === '1.0.0')
      await vendor.asks(['identity', 'rotate', '--certificate', next.pfx, '--old-certificate', acme.pfx]);
  }
  await customer.asks(['identity', 'rotate', '--certificate', customer.pfx]);
  for (const number of ['1.0.0', '2.0.0'])
    await customer.asks(['bundle', 'import', join(root, `bundle-${number}`)]);
  const inbox = await customer.asks<{ release: string; words: string }[]>('inbox');
  expect(inbox.map(({ release }) => release)).toContain('2.0.0');
  expect(inbox[0]!.words).toBe((await shown(next)).words);
  expect(await customer.asks('log verify --full')).toMatchObject({ ok: true });
});
