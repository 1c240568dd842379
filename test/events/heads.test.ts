import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { sealHead } from '../../src/events/index.ts';
import { signingKey } from '../../src/identity/index.ts';
import { allOf, appendNotes, content, deliver, makePair, pointOf } from './instance.ts';

const year = 366 * 86_400_000;

test('T-04 a head does not expire: one that is years old is taken, and its age can be told', async () => {
  const { vendor, customer, feed } = makePair();
  appendNotes(vendor, feed, ['two']);
  await deliver(customer, allOf(vendor, feed));
  const old = vendor.log.sealHead(feed);
  const signedAt = vendor.clock.time;
  for (const clock of [vendor.clock, customer.clock]) clock.time += 2 * year;
  expect(customer.log.receiveHead(old)).toMatchObject({ outcome: 'same' });
  const shown = (): number[] =>
    customer.log.peerHeads().map(({ issuedAt }) => customer.clock.time - issuedAt);
  expect(shown()).toEqual([customer.clock.time - signedAt]);
  // What came before goes on to count, and the next head clears the age.
  expect(content(customer)).toEqual(content(vendor));
  customer.log.receiveHead(vendor.log.sealHead(feed));
  expect(shown()).toEqual([0]);
  // The old one again does not make it old again.
  customer.log.receiveHead(old);
  expect(shown()).toEqual([0]);
});

test('T-12 there is no key for heads alone: one signed by any key but that of its feed is refused', async () => {
  const { vendor, customer, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const head = { feed, ...pointOf(vendor, feed), issuedAt: vendor.clock.time };
  const stranger = signingKey(generateKeyPairSync('ed25519').privateKey);
  for (const signer of [stranger, customer.signer])
    expect(customer.log.receiveHead(sealHead(head, signer))).toMatchObject({
      outcome: 'refused',
      error: { code: 'SIGNATURE_INVALID' },
    });
  expect(customer.log.peerHeads()).toEqual([]);
  expect(customer.log.receiveHead(sealHead(head, vendor.signer))).toMatchObject({ outcome: 'same' });
});

test('T-12 who signs heads of entries that do not exist brings nothing but a gap, and entries go on', async () => {
  const { vendor, customer, feed } = makePair();
  await deliver(customer, allOf(vendor, feed));
  const before = content(customer);
  const head = { feed, epoch: 1, seq: 1000, hash: 'ab'.repeat(32), issuedAt: vendor.clock.time };
  expect(customer.log.receiveHead(sealHead(head, vendor.signer))).toMatchObject({ outcome: 'behind' });
  expect(content(customer)).toEqual(before);
  appendNotes(vendor, feed, ['two']);
  expect(await deliver(customer, allOf(vendor, feed))).toContain('accepted');
  expect(content(customer)).toEqual(content(vendor));
});
