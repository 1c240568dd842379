import { expect, test } from 'vitest';
import { answerOffer, withdrawRelease } from '../../src/commands/index.ts';
import { namedPackagesReader, readReleases } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { deliver, makePair, makeRelease, offer } from '../support/instances.ts';

test('every package that releases name is told, with what became of each release on this side', async () => {
  using folder = memoryFolder();
  using pair = await makePair(folder.path);
  const { vendor, customer, link } = pair;
  const first = makeRelease(vendor, '1.0.0', { packages: ['Orders.Web', 'Orders.Db'] });
  const second = makeRelease(vendor, '2.0.0');
  offer(vendor, first, [link]);
  offer(vendor, second, [link]);
  await deliver(vendor, customer, link);

  const read = namedPackagesReader();
  const fresh = [first, second].flatMap(({ document }) =>
    document.packages.map(({ contentDigest, sha256 }) => ({
      link,
      contentDigest,
      sha256,
      at: Date.parse(document.createdAt),
      isRefused: false,
      isWithdrawn: false,
    })),
  );
  expect(read(customer.db)).toEqual(fresh);
  expect(read(vendor.db)).toEqual(fresh.map((each) => ({ ...each, link: '' })));

  const offered = readReleases(customer.db, '1.0.0')[0]!;
  customer.record(() => answerOffer(offered, { answer: 'refused', reason: 'no', until: null }));
  vendor.record(() => withdrawRelease({ digest: second.digest, withdrawn: null }, 'bad', [link]));
  await deliver(vendor, customer, link);
  expect(read(customer.db)).toEqual([
    { ...fresh[0], isRefused: true },
    { ...fresh[1], isRefused: true },
    { ...fresh[2], isWithdrawn: true },
  ]);
  expect(read(vendor.db).map(({ isWithdrawn }) => isWithdrawn)).toEqual([false, false, true]);
});
