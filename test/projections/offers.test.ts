import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { answerOffer, told } from '../../src/commands/index.ts';
import { readHeader, ReleaseOffered, sealEntry } from '../../src/events/index.ts';
import { readReleases, type ReleaseRow } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import {
  deliver,
  makePair,
  makeRelease,
  offer,
  outward,
  settle,
  sha256,
  type Pair,
} from '../support/instances.ts';

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

const offersAt = ({ customer }: Pair): ReleaseRow[] =>
  readReleases(customer.db).filter(({ link }) => link !== '');

test('T-16 a change inside an "unchanged" release is another offer, and the answer to the first does not count for it', async () => {
  const { vendor, customer, link } = pair;
  const release = makeRelease(vendor, '1.0.0');
  offer(vendor, release, [link]);
  await settle(pair);
  const accepted = { answer: 'accepted', reason: null, until: null } as const;
  customer.record(() => answerOffer(offersAt(pair)[0]!, accepted));
  // Somebody at the vendor puts another process under the same number, past every check of the program.
  const document = {
    ...release.document,
    revision: { ...release.document.revision, digest: sha256('another') },
  };
  const bytes = Buffer.from(JSON.stringify(document));
  const digest = createHash('sha256').update(bytes).digest('hex');
  vendor.record(() => [told(link, ReleaseOffered.make({ digest, document: bytes }))]);
  await deliver(vendor, customer, link);
  expect(offersAt(pair).map((row) => [row.number, row.digest, row.answer?.answer ?? null])).toEqual([
    ['1.0.0', release.digest, 'accepted'],
    ['1.0.0', digest, null],
  ]);
  // Nor does another answer to the first, now that both are there.
  const refused = { answer: 'refused', reason: 'not like this', until: null } as const;
  customer.record(() =>
    answerOffer(
      offersAt(pair).find((row) => row.digest === release.digest)!,
      refused,
    ),
  );
  expect(offersAt(pair).map((row) => [row.digest, row.answer?.answer ?? null])).toEqual([
    [release.digest, 'refused'],
    [digest, null],
  ]);
});

test('T-16 what an operator did is told by name in a signed entry, and nobody takes back what was told', async () => {
  const { vendor, customer, link } = pair;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  await settle(pair);
  const feed = vendor.log.feedTo(link);
  const heard = customer.log.read({ after: 0, limit: 1000 }).filter(({ header }) => header.feed === feed);
  const offering = heard.find(({ event }) => event.name === 'release.offered')!;
  expect(offering.header.actor).toBe(vendor.actor);
  const digests = offersAt(pair).map(({ digest }) => digest);
  // History written again at home, by who has the key: another entry for the same place.
  const before = outward(vendor, link).find(({ bytes }) => readHeader(bytes).seq === offering.header.seq)!;
  const made = ReleaseOffered.make({ digest: sha256('another'), document: Buffer.from('{}') });
  const { sealed } = sealEntry(readHeader(before.bytes), made, vendor.keys.signing);
  expect((await customer.log.receive([sealed]))[0]).toMatchObject({ outcome: 'refused' });
  expect(offersAt(pair).map(({ digest }) => digest)).toEqual(digests);
  expect(customer.log.feeds().find((facts) => facts.feed === feed)).toMatchObject({ frozen: true });
});
