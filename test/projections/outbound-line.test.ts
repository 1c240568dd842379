import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { everyEvent } from '../../src/events/catalog.ts';
import {
  ChunksAsked,
  ChunksListed,
  DeploymentReported,
  EpochStarted,
  FeedOpened,
  freezeRelease,
  InputReported,
  OfferAnswered,
  ReceiptGiven,
  ReleaseOffered,
  RevocationTold,
  ReleaseWithdrawn,
  ValueGiven,
  type CrossgapEvent,
  type ReleaseDocument,
} from '../../src/events/index.ts';
import { decidesAtHome, describeEvent } from '../../src/projections/index.ts';
import { dataFor } from '../events/data-for.ts';

const digest = 'ab'.repeat(32);
const other = 'cd'.repeat(32);

function release(packages: readonly [id: string, version: string][]): ReleaseDocument {
  const pins = packages.map(([id, version]) => ({
    id,
    version,
    sha256: digest,
    contentDigest: other,
    sizeBytes: 1,
  }));
  return {
    format: 1,
    process: 'Orders',
    number: '1.2.0',
    revision: { number: 7, digest, sizeBytes: 1 },
    packages: pins,
    notes: null,
    inputs: [],
    createdAt: '2026-03-03T14:05:11.000Z',
  };
}

function offered(packages: readonly [id: string, version: string][]): CrossgapEvent {
  const frozen = freezeRelease(release(packages));
  return ReleaseOffered.make({ digest: frozen.digest, document: frozen.bytes });
}

const step = {
  id: 's',
  name: 'S',
  state: 'succeeded',
  conventions: [],
  outputs: [],
  error: null,
  startedAt: 1,
  endedAt: 2,
  exitCode: null,
};
const run = {
  deployment: 'd-00000001',
  process: 'Orders',
  release: '1.2.0',
  digest,
  environment: 'production',
  reason: 'deploy' as const,
  state: 'succeeded' as const,
  startedAt: 1,
  endedAt: 2,
  failedAt: null,
  error: null,
  steps: [],
  ordinal: 1,
  exitCode: null,
  lastLines: [],
  remark: null,
  log: null,
  struck: [],
};
const receipt = { epoch: 1, seq: 12, hash: digest, holds: [], refused: [] };
const lastKnown = { epoch: 1, seq: 3, hash: digest };

describe('an entry that leaves is told in words', () => {
  test.each<[string, CrossgapEvent]>([
    [
      'introduction: instance name, public keys and company certificate',
      FeedOpened.make({ introduction: Buffer.of(1) }),
    ],
    [
      'a new epoch was started: the disk was lost',
      EpochStarted.make({ epoch: 2, reason: 'the disk was lost', lastKnown }),
    ],
    ['receipt: your feed is held up to entry 12', ReceiptGiven.make(receipt)],
    [
      'receipt: your feed is held up to entry 12, 1 digest held',
      ReceiptGiven.make({ ...receipt, holds: [digest] }),
    ],
    [
      'receipt: your feed is held up to entry 12, 2 digests held, cdcdcdcdcdcd refused (lib/a.dll, content)',
      ReceiptGiven.make({
        ...receipt,
        holds: [digest, other],
        refused: [{ digest: other, attempt: 1, final: false, parts: ['lib/a.dll', 'content'] }],
      }),
    ],
    ['release Orders 1.2.0 offered: revision 7, no packages', offered([])],
    [
      'release Orders 1.2.0 offered: revision 7, Orders.Web 1.2.0, Orders.Db 1.1.0',
      offered([
        ['Orders.Web', '1.2.0'],
        ['Orders.Db', '1.1.0'],
      ]),
    ],
    [
      'release abababababab offered, unreadable',
      ReleaseOffered.make({ digest, document: Buffer.from('{}') }),
    ],
    [
      '2 packages listed by chunks',
      ChunksListed.make({
        lists: [
          { package: digest, digest, sizeBytes: 100 },
          { package: digest, digest, sizeBytes: 100 },
        ],
      }),
    ],
    [
      '5 pieces of package abababababab asked for',
      ChunksAsked.make({
        package: digest,
        attempt: 1,
        parts: [],
        pieces: [
          { first: 0, count: 1 },
          { first: 7, count: 4 },
        ],
      }),
    ],
    [
      'list of certificates that "CN=Test CA" revoked, of 2026-03-03 14:05:11 UTC',
      RevocationTold.make({
        digest,
        sizeBytes: 100,
        issuer: 'CN=Test CA',
        thisUpdate: Date.parse('2026-03-03T14:05:11Z'),
        nextUpdate: Date.parse('2026-03-10T14:05:11Z'),
      }),
    ],
    [
      'release abababababab withdrawn: it eats disks',
      ReleaseWithdrawn.make({ digest, reason: 'it eats disks' }),
    ],
    ['value of Site.Port: 8080', ValueGiven.make({ name: 'Site.Port', value: '8080' })],
    [
      'release abababababab accepted',
      OfferAnswered.make({ digest, answer: 'accepted', reason: null, until: null }),
    ],
    [
      'release abababababab refused: not before the fair',
      OfferAnswered.make({ digest, answer: 'refused', reason: 'not before the fair', until: null }),
    ],
    [
      'release abababababab postponed until 2026-04-01: the fair',
      OfferAnswered.make({ digest, answer: 'postponed', reason: 'the fair', until: '2026-04-01' }),
    ],
    [
      'input Smtp.Host is set (never its value)',
      InputReported.make({ name: 'Smtp.Host', environment: null, state: 'set' }),
    ],
    [
      'input Smtp.Host is set for uat (never its value)',
      InputReported.make({ name: 'Smtp.Host', environment: 'uat', state: 'set' }),
    ],
    ['Orders 1.2.0 in production: succeeded', DeploymentReported.make(run)],
    [
      'Orders 1.2.0 in production: failed (rollback), trace of 1 step',
      DeploymentReported.make({
        ...run,
        state: 'failed',
        reason: 'rollback',
        steps: [{ ...step, position: 1 }],
      }),
    ],
    [
      'Orders 1.2.0 in production: succeeded, trace of 2 steps',
      DeploymentReported.make({
        ...run,
        steps: [
          { ...step, position: 1 },
          { ...step, position: 2 },
        ],
      }),
    ],
  ])('%s', (words, event) => {
    expect(describeEvent(event)).toBe(words);
  });
});

const outward = everyEvent.filter(({ name }) => !decidesAtHome(name));

test.each(outward.map(({ name, schema }) => [name, schema] as const))(
  '%s has words, whatever is in it',
  (name, schema) => {
    fc.assert(
      fc.property(dataFor(schema), (data) => {
        expect(describeEvent({ name, data } as CrossgapEvent)).not.toBe(name);
      }),
      { numRuns: 20 },
    );
  },
);

test('what stays in the own feed is told by its type', () => {
  const event = { name: 'link.removed', data: { link: 'ab'.repeat(16) } } as const;
  expect(describeEvent(event)).toBe('link.removed');
});
