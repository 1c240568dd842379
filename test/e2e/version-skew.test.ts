import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { companyPfx } from '../support/certificates.ts';
import { earlierBuild } from '../support/earlier-build.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { personAt } from '../cli/typed.ts';

/*
 * J1.F4: the program as it was before links knew other ways than folders and keys could be rotated, against today's. The
 * one talks to the other through a folder, in both directions, and its data folder is opened by today's in the end. Its build lies with
 * the fixtures, so that this runs wherever the tests do.
 */
const commit = '9bdc472';

const root = memoryFolder();
const earlier = earlierBuild(commit);
afterAll(async () => {
  await earlier[Symbol.asyncDispose]();
  root[Symbol.dispose]();
});

type Side = { asks<T>(line: string | readonly string[]): Promise<T> };

const at = (name: string): string => join(root.path, name);
const today = (name: string): Side => personAt(at(name));
const before = (name: string): Side => ({ asks: (line) => earlier.asks(at(name), line) });

async function init(side: Side, name: string): Promise<string> {
  const pfx = at(`${name}.pfx`);
  writeFileSync(pfx, await companyPfx(name));
  const { words } = await side.asks<{ words: string }>(['init', '--name', name, '--certificate', pfx]);
  return words;
}

/** Pairs both through a folder and publishes release 1.0.0, of one script, from the vendor to the customer. */
async function crossing(vendor: Side, customer: Side, suffix: string): Promise<void> {
  const names = { vendor: `acme${suffix}`, customer: `contoso${suffix}` };
  const folder = at(`between${suffix}`);
  mkdirSync(folder);
  const words = { vendor: await init(vendor, names.vendor), customer: await init(customer, names.customer) };
  const [invitation, reply, process] = [
    at(`invitation${suffix}`),
    at(`reply${suffix}`),
    at(`process${suffix}.yaml`),
  ];
  await vendor.asks(['link', 'invite', names.customer, '--folder', folder, '--out', invitation]);
  await customer.asks([
    'link',
    'accept',
    invitation,
    '--folder',
    folder,
    '--fingerprint',
    words.vendor,
    '--out',
    reply,
  ]);
  await vendor.asks(['link', 'confirm', reply, '--fingerprint', words.customer]);
  writeFileSync(process, 'process: Orders\nsteps:\n  - name: Hello\n    run: { bash: "echo hello" }\n');
  await vendor.asks(['process', 'publish', process]);
  await publish(vendor, '1.0.0', names.customer);
  await customer.asks('environment add production');
  await exchange(vendor, customer);
}

async function publish(vendor: Side, number: string, to: string): Promise<void> {
  await vendor.asks(`release create Orders ${number}`);
  await vendor.asks(`release publish ${number} --to ${to}`);
}

async function exchange(vendor: Side, customer: Side): Promise<void> {
  for (const side of [vendor, customer, vendor]) await side.asks('run --once');
}

type Fleet = readonly { customer: string; environment: string; release: string; state: string }[];
type Heads = { ok: boolean; feeds: readonly { audience: string; head: string }[] };

async function deployAndCompare(vendor: Side, customer: Side): Promise<void> {
  await customer.asks('release accept 1.0.0');
  const { state } = await customer.asks<{ state: string }>('deploy 1.0.0 --env production --wait');
  expect(state).toBe('succeeded');
  await exchange(customer, vendor);
  const heads = await Promise.all(
    [vendor, customer].map(async (side) => {
      const { ok, feeds } = await side.asks<Heads>('log verify --full');
      expect(ok).toBe(true);
      return feeds.filter(({ audience }) => audience !== 'self').map(({ head }) => head);
    }),
  );
  expect(heads[0]!.toSorted()).toEqual(heads[1]!.toSorted());
}

describe('J1.F4 programs of two versions', () => {
  test('an older vendor and a newer customer understand each other; the older data folder is opened by the newer program', async () => {
    const [vendor, customer] = [before('acme-1'), today('contoso-1')];
    await crossing(vendor, customer, '-1');
    await deployAndCompare(vendor, customer);
    // A report of today says more than it can read: it is kept and named, and read when the program is updated.
    const { warnings } = await vendor.asks<{ warnings: readonly { message: string }[] }>('status');
    expect(warnings.map(({ message }) => message).join('\n')).toMatch(
      /deployment\.reported.*update crossgap/s,
    );
    const updated = today('acme-1');
    expect(await updated.asks<Fleet>('fleet')).toMatchObject([{ release: '1.0.0', state: 'succeeded' }]);
    await publish(updated, '1.1.0', 'contoso-1');
    await exchange(updated, customer);
    expect(JSON.stringify(await customer.asks('inbox'))).toContain('1.1.0');
    expect(await updated.asks('log rebuild')).toMatchObject({ ok: true });
  });

  test('an older customer goes on with what it understands, keeps and names the rest, and reads it when it is updated', async () => {
    const [vendor, customer] = [today('acme-2'), before('contoso-2')];
    await crossing(vendor, customer, '-2');
    await deployAndCompare(vendor, customer);
    expect(await vendor.asks<Fleet>('fleet')).toMatchObject([
      { environment: 'production', release: '1.0.0', state: 'succeeded' },
    ]);
    // Something it has never heard of: the vendor changes its keys.
    await vendor.asks(['identity', 'rotate', '--certificate', at('acme-2.pfx')]);
    await publish(vendor, '2.0.0', 'contoso-2');
    await exchange(vendor, customer);
    const { warnings } = await customer.asks<{ warnings: readonly { message: string }[] }>('status');
    expect(warnings.map(({ message }) => message).join('\n')).toMatch(/key\.rotated.*update crossgap/s);
    expect(JSON.stringify(await customer.asks('inbox'))).not.toContain('2.0.0');
    expect(await customer.asks<Heads>('log verify --full')).toMatchObject({ ok: true });
    await customer.asks('deploy 1.0.0 --env production --wait --again');
    const updated = today('contoso-2');
    await exchange(vendor, updated);
    await exchange(updated, vendor);
    expect(JSON.stringify(await updated.asks('inbox'))).toContain('2.0.0');
    expect(await updated.asks<Heads>('log verify --full')).toMatchObject({ ok: true });
    expect(await updated.asks('log rebuild')).toMatchObject({ ok: true });
    const { warnings: left } = await updated.asks<{ warnings: readonly { code: string }[] }>('status');
    expect(left.map(({ code }) => code)).not.toContain('ENTRIES_UNKNOWN');
  });
});
