import { expect } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { giveValue } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import type { EntriesParcel } from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makeInstance } from '../support/instances.ts';
import { once } from './company.ts';

/** A vendor, a customer that floods it, and another that is to feel nothing of it. */
export type Flooded = Disposable & {
  readonly root: string;
  readonly vendor: Instance;
  readonly flooder: Instance;
  readonly neighbour: Instance;
};

export async function floodedCompanies(): Promise<Flooded> {
  const folder = memoryFolder();
  const [vendor, flooder, neighbour] = [
    await makeInstance(folder.path, 'acme', systemClock),
    await makeInstance(folder.path, 'contoso', systemClock),
    await makeInstance(folder.path, 'fabrikam', systemClock),
  ];
  return {
    root: folder.path,
    vendor,
    flooder,
    neighbour,
    [Symbol.dispose]() {
      for (const one of [vendor, flooder, neighbour]) one.close();
      folder[Symbol.dispose]();
    },
  };
}

/** A parcel as a real one looks, with an entry that nobody signed. */
export const junk = (seq: number): EntriesParcel => ({
  kind: 'entries',
  epoch: 7,
  firstSeq: seq,
  entries: [{ bytes: Buffer.alloc(300, seq), signature: Buffer.alloc(64, seq) }],
});

export function say(author: Instance, link: string, count: number): void {
  for (let at = 0; at < count; at++)
    author.record(() => giveValue([], { link, name: `Value${at}`, value: `${at}` }));
}

export function expectHeldAllOf(author: Instance, link: string, { vendor }: Flooded): void {
  const feed = author.log.feedTo(link);
  expect(vendor.log.pointAt(feed)).toEqual(author.log.pointAt(feed));
}

/** The vendor's exchange in the flood: it is refused by name and shown with its link, and the other link has its turn. */
export async function expectThrottled(world: Flooded, quiet: string, most: number): Promise<void> {
  const { vendor, neighbour } = world;
  const { exchanged } = await once(vendor);
  const of = (name: string) => exchanged.find(({ link }) => link === name)!;
  expect(of('contoso').refused.length).toBeGreaterThan(100);
  // What one pass takes of it is bounded, however much lies there.
  expect(of('contoso').refused.length).toBeLessThanOrEqual(most);
  expect(of('fabrikam').refused).toEqual([]);
  expectHeldAllOf(neighbour, quiet, world);
  expect(vendor.log.feeds().filter(({ frozen }) => frozen)).toEqual([]);
  const parked = vendor.db.prepare<[], number>('SELECT count(*) FROM parked_entry').pluck().get();
  expect(parked).toBe(0);
}
