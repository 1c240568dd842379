import { afterEach, beforeEach, expect, test } from 'vitest';
import { addEnvironment, removeLink } from '../../src/commands/index.ts';
import { concernedLinks } from '../../src/daemon/concerned-links.ts';
import { sealHead } from '../../src/events/index.ts';
import { readEnvironments } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { deliver, linkOf, makePair, makeRelease, offer, type Pair } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

test('what is written for a link, and what comes over it, is about that link alone', async () => {
  const { vendor, customer, link } = pair;
  const release = makeRelease(vendor, '1.0.0');
  const [atVendor, atCustomer] = [concernedLinks(vendor), concernedLinks(customer)];
  expect(atVendor()).toEqual({ linksChanged: false, links: new Set() });
  offer(vendor, release, [link]);
  const { linksChanged, links } = atVendor();
  expect(linksChanged).toBe(false);
  expect(links === 'all' || links.has(link)).toBe(true);
  expect(atVendor()).toEqual({ linksChanged: false, links: new Set() });
  await deliver(vendor, customer, link);
  expect(atCustomer()).toEqual({ linksChanged: false, links: new Set([link]) });
});

test('what an instance writes for itself may be about any link', () => {
  const look = concernedLinks(pair.customer);
  pair.customer.record((db) => addEnvironment(readEnvironments(db), { name: 'uat', after: [], tags: [] }));
  expect(look()).toEqual({ linksChanged: false, links: 'all' });
});

test('a link whose frozen feed a person lets go on is concerned once, though nothing was written', async () => {
  const { vendor, customer, link } = pair;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  await deliver(vendor, customer, link);
  const look = concernedLinks(customer);
  const feed = vendor.log.feedTo(link);
  const head = { feed, ...vendor.log.pointAt(feed)!, hash: 'ab'.repeat(32), issuedAt: vendor.clock.now() };
  customer.log.receiveHead(sealHead(head, vendor.keys.signing));
  expect(look()).toEqual({ linksChanged: false, links: new Set() });
  customer.log.allowEpoch(feed);
  expect(look()).toEqual({ linksChanged: false, links: new Set([link]) });
  expect(look()).toEqual({ linksChanged: false, links: new Set() });
});

test('links are looked at anew when one of them changed', () => {
  const look = concernedLinks(pair.vendor);
  pair.vendor.record((db) => removeLink(linkOf(pair.vendor, pair.link, db)));
  expect(look()).toEqual({ linksChanged: true, links: 'all' });
});
