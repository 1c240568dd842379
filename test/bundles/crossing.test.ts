import { expect, test } from 'vitest';
import { readWantedBlobs } from '../../src/projections/index.ts';
import { offered, publish } from '../daemon/company.ts';
import { linkOf, outward, type Pair } from '../support/instances.ts';
import { pairForEach, type PairOfTest } from '../support/pair-for-each.ts';
import { exportTo, importFrom, stick } from './support.ts';

let root: PairOfTest['root'];
let pair: Pair;
let marks: string;
pairForEach((made) => ({ root, pair, marks } = made));

test('J2.7 J2.6 a release crosses in a bundle with all that it names, and the receipt comes back in another', async () => {
  const { vendor, customer, link } = pair;
  const release = await publish(pair, '1.0.0', { marks });
  const out = stick(root.path);
  const made = await exportTo(vendor, link, out);
  expect(made.facts).toMatchObject({ number: 1, packages: 1, parts: 1, after: { epoch: 0, seq: 0 } });
  const [done] = await importFrom(customer, out);
  expect(done).toMatchObject({ entries: made.facts.entries, failure: undefined, refused: [], waiting: [] });
  expect(offered(pair, '1.0.0').digest).toBe(release.digest);
  for (const { digest } of readWantedBlobs(customer.db)) expect(customer.holds(digest)).toBe(true);
  expect(outward(vendor, link)).toHaveLength(made.facts.entries);
  await exportTo(customer, link, stick(root.path, 'back'));
  const [back] = await importFrom(vendor, stick(root.path, 'back'));
  expect(back?.failure).toBeUndefined();
  expect(linkOf(vendor, link).confirmed.seq).toBe(made.facts.last.seq);
});
