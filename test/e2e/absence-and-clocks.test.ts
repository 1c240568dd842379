import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runDaemon } from '../../src/daemon/index.ts';
import { readStatus } from '../../src/daemon/status.ts';
import { createInstance, openInstance, rotateKeys, type Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { readReleases } from '../../src/projections/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { selfSigned } from '../support/certificates.ts';
import {
  heldClock,
  makeInstance,
  makeRelease,
  noon,
  offer,
  outward,
  pair,
  type HeldClock,
} from '../support/instances.ts';

const day = 24 * 3600_000;
const month = 30.44 * day;
const year = 365.25 * day;

let root: ReturnType<typeof temporaryFolder>;
let open: Instance[];
beforeEach(() => {
  root = temporaryFolder();
  open = [];
});
afterEach(() => {
  for (const instance of open) instance.close();
  root[Symbol.dispose]();
});

async function run(instance: Instance): Promise<readonly string[]> {
  const done = await runDaemon(instance, {
    once: true,
    log: silentLog(),
    signal: new AbortController().signal,
  });
  return done.exchanged.flatMap(({ refused }) => refused);
}

/** In the order of the log, which is the order in which they were offered. */
function numbersAt(instance: Instance): string[] {
  return [...instance.log.history()]
    .flat()
    .flatMap(({ event }) => (event.known && event.name === 'release.offered' ? [event.data.digest] : []))
    .map((digest) => readReleases(instance.db).find((row) => row.digest === digest)!.number);
}

function between(): string {
  const folder = join(root.path, 'between');
  mkdirSync(folder);
  return folder;
}

const warningsOf = (instance: Instance): string[] =>
  readStatus(instance).warnings.map(({ code, message }) => `${code} ${message}`);

test('J1.F2 a customer that was off for 14 months catches up in order; certificates, keys and heads of then have not expired for it', async () => {
  const clock = heldClock();
  // Valid for half a year, as those of authorities are: each one introduces the next.
  const certificates = [0, 1, 2].map((at) =>
    selfSigned(`acme ${at}`, {
      validFrom: new Date(noon + (at * 5 - 1) * month),
      validTo: new Date(noon + (at * 5 + 6) * month),
    }),
  );
  let { instance: vendor } = await createInstance(
    join(root.path, 'acme'),
    { name: 'acme', company: certificates[0]! },
    clock,
  );
  const customer = await makeInstance(root.path, 'contoso', clock);
  open.push(customer);
  const link = pair(vendor, customer, between());
  await run(customer);
  for (let at = 1; at <= 14; at += 1) {
    clock.advance(month);
    if (at === 5 || at === 10) {
      rotateKeys(vendor, { company: certificates[at / 5]!, before: certificates[at / 5 - 1]! });
      vendor.close();
      vendor = await openInstance(join(root.path, 'acme'), { clock });
    }
    offer(vendor, makeRelease(vendor, `1.${at}.0`), [link]);
    await run(vendor);
  }
  open.push(vendor);
  expect(await run(customer)).toEqual([]);
  expect(numbersAt(customer)).toEqual(Array.from({ length: 14 }, (_, at) => `1.${at + 1}.0`));
  expect(await run(vendor)).toEqual([]);
  expect(warningsOf(vendor).concat(warningsOf(customer))).toEqual([]);
  for (const one of [vendor, customer])
    expect(await one.log.verify({ full: true })).toMatchObject({ ok: true });
  // It is heard of at once, after more than a year.
  expect(readStatus(vendor).links).toMatchObject([{ heardAgeSeconds: 0 }]);
});

describe('J1.F3 T-39 a customer whose clock is wrong', () => {
  for (const [what, byYears] of [
    ['three years ahead', 3],
    ['three years behind', -3],
  ] as const)
    test(`${what} gets everything in order, and both are told of the oddity`, async () => {
      const [here, there]: HeldClock[] = [heldClock(), heldClock(noon + byYears * year)];
      const vendor = await makeInstance(root.path, 'acme', here!);
      // Made while its clock was right, as machines are.
      const right = heldClock();
      (await makeInstance(root.path, 'contoso', right)).close();
      const customer = await openInstance(join(root.path, 'contoso'), { clock: there! });
      open.push(vendor, customer);
      const link = pair(vendor, customer, between());
      for (const number of ['1.0.0', '1.1.0', '1.2.0']) {
        offer(vendor, makeRelease(vendor, number), [link]);
        for (const clock of [here!, there!]) clock.advance(3600_000);
        expect(await run(vendor)).toEqual([]);
        expect(await run(customer)).toEqual([]);
        expect(await run(vendor)).toEqual([]);
      }
      expect(numbersAt(customer)).toEqual(['1.0.0', '1.1.0', '1.2.0']);
      expect(vendor.log.feeds().some(({ frozen, doubt }) => frozen || doubt !== null)).toBe(false);
      const [atVendor, atCustomer] = [warningsOf(vendor), warningsOf(customer)];
      expect(atVendor).toEqual([
        expect.stringMatching(/^CLOCK_ODD the clock of contoso is at least 3[56] months/),
      ]);
      expect(atVendor[0]).toContain(byYears > 0 ? 'ahead of ours' : 'behind ours');
      expect(atCustomer).toEqual([
        expect.stringMatching(/^CLOCK_ODD the clock of acme is at least 3[56] months/),
      ]);
      expect(atCustomer[0]).toContain(byYears > 0 ? 'behind ours' : 'ahead of ours');
      expect(outward(customer, link).length).toBeGreaterThan(3);
    });

  test('is not told of where both are right, however long nothing was said', async () => {
    const clock = heldClock();
    const [vendor, customer] = [
      await makeInstance(root.path, 'acme', clock),
      await makeInstance(root.path, 'contoso', clock),
    ];
    open.push(vendor, customer);
    const link = pair(vendor, customer, between());
    offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
    for (const one of [vendor, customer, vendor]) await run(one);
    clock.advance(year);
    expect([...warningsOf(vendor), ...warningsOf(customer)]).toEqual([]);
  });
});
