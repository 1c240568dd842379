import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { invite, publishRelease, removeLink, withdrawRelease } from '../../src/commands/index.ts';
import {
  fleetInPieces,
  fleetRows,
  pageView,
  standingOf,
  type FleetChoice,
  type FleetWish,
  type PageView,
  type ReleaseRow,
} from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { deliver, giveReceipt, linkOf, makePair, makeRelease, type Pair } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
const names = Array.from({ length: 230 }, (_one, n) => `Kunde-${String(n).padStart(3, '0')}`);
const links = new Map<string, string>();
const linkIds = (from: number, to: number): string[] => names.slice(from, to).map((name) => links.get(name)!);

/** Of 230 that nothing is heard of the first 30 wait for 1.0.0, the others were offered what was withdrawn. */
beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  const { vendor, clock } = pair;
  for (const name of names) links.set(name, randomBytes(16).toString('hex'));
  vendor.record(() =>
    names.flatMap((name) => [...invite([], { link: links.get(name)!, name, transport: { kind: 'hand' } })]),
  );
  const first = makeRelease(vendor, '1.0.0');
  clock.advance(1000);
  const second = makeRelease(vendor, '1.1.0');
  offerTo(first, [...linkIds(0, 30), pair.link]);
  offerTo(second, linkIds(30, 230));
  vendor.record(() => withdrawRelease(second, 'it eats data', []));
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

/** As `release publish` does, to whoever was invited: what was told counts, not who may hear it. */
function offerTo(release: ReleaseRow, to: readonly string[]): void {
  const document = Buffer.from(JSON.stringify(release.document));
  pair.vendor.record(() =>
    publishRelease(
      { deployedTo: [], testsPassed: false, testTypes: [], verdictOk: false },
      { ...release, document, deployedTo: [], evidence: [] },
      to.map((link) => ({ link, name: link, state: 'confirmed', has: false })),
    ),
  );
}

function page(choice: Partial<FleetChoice> = {}): PageView {
  const { db, clock } = pair.vendor;
  return pageView(db, {
    instance: {
      name: 'vendor',
      instanceId: '',
      certificate: '',
      fingerprint: '',
      version: '0',
      startedAt: null,
    },
    now: clock.now(),
    warnings: [],
    outbound: [],
    holds: () => true,
    peerHead: () => undefined,
    live: undefined,
    lastBundle: () => undefined,
    wordsOf: () => '',
    notes: () => null,
    deploymentsMax: 10,
    log: { entries: 0, feeds: { count: 0, frozen: 0, shown: [] } },
    choice: { find: '', page: 1, ...choice },
  });
}
const shown = (choice?: Partial<FleetChoice>): string[] =>
  page(choice).fleet.shown.map(({ customer }) => customer);
const all = (wish: FleetWish = {}) => fleetRows(pair.vendor.db, pair.clock.now(), wish);

describe('of many customers', () => {
  test('those that need a look stand first, then by name, a hundred at a time, and all are counted', () => {
    const { fleet } = page();
    expect(fleet).toMatchObject({ customers: 231, troubled: 31, upToDate: 0, behind: 0, page: 1, pages: 3 });
    expect(shown().slice(0, 31)).toEqual(
      [...names.slice(0, 30), linkOf(pair.vendor, pair.link).name].toSorted(),
    );
    expect([...shown(), ...shown({ page: 2 }), ...shown({ page: 3 })].slice(31)).toEqual(names.slice(30));
    expect(shown({ page: 99 })).toEqual(shown({ page: 3 }));
    expect(fleet.worst).toHaveLength(8);
    expect(fleet.worst.every(({ blockedBy }) => blockedBy === 'not yet told')).toBe(true);
  });

  test('those whose name contains a text are found, whatever its case', () => {
    expect(shown({ find: 'KUNDE-22' })).toEqual(names.slice(220));
    expect(shown({ find: 'nobody' })).toEqual([]);
  });

  test('rows come by name, behind one, so many, or only of those that lack releases', () => {
    const rows = all();
    expect(rows.map(({ customer }) => customer)).toEqual(
      [...names, linkOf(pair.vendor, pair.link).name].toSorted(),
    );
    expect(all({ after: 'Kunde-100', limit: 120 })).toEqual(
      rows.filter(({ customer }) => customer > 'Kunde-100').slice(0, 120),
    );
    expect(all({ behind: 1 })).toEqual(rows.filter(({ behind }) => behind >= 1));
    expect(all({ behind: 2 })).toEqual([]);
    const pieces = [...fleetInPieces(pair.vendor.db, pair.clock.now(), {})];
    expect(pieces.length).toBeGreaterThan(1);
  });

  test('links, feeds and releases are counted, and their first shown', () => {
    const { links: part, releases, called } = page();
    expect(part).toMatchObject({ count: 231, removed: { count: 0 }, pending: { count: 0 } });
    expect(part.shown).toHaveLength(50);
    expect(releases.shown.map(({ release, published }) => [release, published.count])).toEqual([
      ['1.1.0', 200],
      ['1.0.0', 31],
    ]);
    expect(releases.shown[0]!.published).toMatchObject({
      named: [],
      byState: [{ state: 'queued', count: 200 }],
    });
    expect(called(links.get('Kunde-007')!)).toBe('Kunde-007');
    expect(called('nobody')).toBeUndefined();
  });
});

test('where a customer stands changes with what it says, and goes with its link', async () => {
  const { vendor, customer, link } = pair;
  const { name } = linkOf(vendor, link);
  await deliver(vendor, customer, link);
  giveReceipt(customer, link);
  await deliver(customer, vendor, link);
  expect(page().fleet.shown.find((one) => one.customer === name)!.rows).toMatchObject([
    { state: 'delivered', blockedBy: 'waits for the customer' },
  ]);
  const gone = links.get('Kunde-000')!;
  vendor.record((db) => removeLink(linkOf(vendor, gone, db)));
  expect(page().fleet).toMatchObject({ customers: 230, troubled: 30 });
  expect(page().releases.shown[1]!.published.count).toBe(30);
  expect(all().some(({ customer: called }) => called === 'Kunde-000')).toBe(false);
  for (const [called, rows] of Map.groupBy(all(), (row) => row.customer)) {
    const { rank, troubled, upToDate, behind, behindMost } = standingOf(rows);
    expect(
      vendor.db
        .prepare(
          'SELECT rank, troubled, up_to_date AS upToDate, behind, behind_most AS behindMost FROM customer WHERE name = ?',
        )
        .get(called),
    ).toEqual({ rank, troubled, upToDate, behind, behindMost });
  }
});
