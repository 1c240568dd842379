import { describe, expect, test } from 'vitest';
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { told } from '../../src/commands/index.ts';
import { admitPackage } from '../../src/daemon/admit-packages.ts';
import { ReleaseOffered } from '../../src/events/index.ts';
import { findPackage, readReleases, readWantedBlobs, type ReleaseRow } from '../../src/projections/index.ts';
import { deliver, type Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import {
  buildRelease,
  configurationIn,
  converge,
  deploy,
  furnish,
  offered,
  once,
  publish,
} from './company.ts';

let pair: Pair;
let marks: string;
pairForEach((made) => ({ pair, marks } = made));

/** A release as its author would offer it who wrote another document under its digest, or its own. */
function offerAs(document: ReleaseRow['document'], digest?: string): void {
  const { vendor, link } = pair;
  const bytes = Buffer.from(JSON.stringify(document));
  const own = createHash('sha256').update(bytes).digest('hex');
  vendor.record(() => [told(link, ReleaseOffered.make({ digest: digest ?? own, document: bytes }))]);
}

describe('T-06 a package that the right company signed', () => {
  test('is good for the very id, version and content that the release names, and for no other', async () => {
    const { vendor, customer } = pair;
    await publish(pair, '1.0.0', { marks });
    await publish(pair, '2.0.0', { marks });
    await deliver(vendor, customer, pair.link);
    for (const { digest } of readWantedBlobs(customer.db))
      await customer.blobs.putFile(vendor.blobs.path(digest));
    const [blob] = readWantedBlobs(customer.db).filter(({ pin }) => pin?.version === '1.0.0');
    const pin = blob!.pin!;
    const other = readWantedBlobs(customer.db).find((one) => one.pin?.version === '2.0.0')!.pin!;
    const judged = async (changed: Partial<typeof pin>): Promise<string> => {
      const outcome = await admitPackage(customer, { ...blob!, pin: { ...pin, ...changed } });
      return outcome === 'held' ? outcome : outcome.refused.join('; ');
    };
    expect(await judged({ id: 'Orders.Api' })).toContain(
      'its id is Orders.Web, the release names Orders.Api',
    );
    expect(await judged({ version: '2.0.0' })).toContain('its version is 1.0.0, the release names 2.0.0');
    expect(await judged({ contentDigest: other.contentDigest })).toContain('its content is');
    // NuGet takes ids for the same whatever their case.
    expect(await judged({ id: 'ORDERS.web' })).toBe('held');
  });

  test.each(['as its content is named too', 'with the content of the right one'])(
    'under the name of another one is refused and never extracted, %s',
    async (how) => {
      const { customer, vendor } = pair;
      await publish(pair, '2.0.0', { marks });
      const { document } = await buildRelease(vendor, '1.0.0', { marks });
      // What is named by this digest is 2.0.0, signed as it should be, and judged good under its own name.
      const { sha256, contentDigest } = findPackage(vendor.db, '', 'Orders.Web', '2.0.0')!.pin;
      const wrong = how.startsWith('as') ? { sha256, contentDigest } : { sha256 };
      offerAs({ ...document, packages: document.packages.map((one) => ({ ...one, ...wrong })) });
      await converge(pair);
      furnish(pair);
      const error = refusal(() => deploy(customer, offered(pair, '1.0.0'), 'uat'));
      expect(codeOf(error)).toBe('RELEASE_PART_REFUSED verification');
      expect(error.message).toContain('Orders.Web 1.0.0: the file it names was offered as Orders.Web 2.0.0');
      await once(customer);
      expect(existsSync(customer.folder.environmentApps('uat'))).toBe(false);
    },
  );
});

describe('T-05 a release of parts that never belonged together', () => {
  test('is no release: whatever one pin is replaced by, the document is not the one of its digest', async () => {
    const { vendor, customer, link } = pair;
    const [one, two] = [
      (await publish(pair, '1.0.0', { marks })).document,
      await buildRelease(vendor, '2.0.0', { marks, deploy: 'echo other' }),
    ];
    const { digest, document } = two;
    const mixed: ReleaseRow['document'][] = [
      { ...document, revision: one.revision },
      { ...document, packages: one.packages },
      { ...document, inputs: [] },
      { ...document, notes: { digest: one.revision.digest, sizeBytes: one.revision.sizeBytes } },
      { ...document, number: one.number },
      ...(['sha256', 'contentDigest', 'version'] as const).map((key) => ({
        ...document,
        packages: document.packages.map((pin) => ({ ...pin, [key]: one.packages[0]![key] })),
      })),
    ];
    for (const each of mixed) offerAs(each, digest);
    await deliver(vendor, customer, link);
    expect(readReleases(customer.db).map(({ number }) => number)).toEqual(['1.0.0']);
    offerAs(document, digest);
    await deliver(vendor, customer, link);
    expect(
      readReleases(customer.db)
        .map(({ number }) => number)
        .toSorted(),
    ).toEqual(['1.0.0', '2.0.0']);
  });

  test('is not made by deploying: an older release runs as it was pinned, whatever came since', async () => {
    const { customer } = pair;
    await publish(pair, '1.0.0', { marks });
    await publish(pair, '2.0.0', { marks, deploy: 'echo newer' });
    await converge(pair);
    furnish(pair);
    deploy(customer, offered(pair, '1.0.0'), 'uat');
    await once(customer);
    expect(configurationIn(customer, 'uat')).toEqual([expect.stringContaining('Orders 1.0.0 in uat')]);
  });
});
