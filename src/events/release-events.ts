import { z } from 'zod';
import { bytes, defineEvent } from './define-event.ts';
import { Digest, Id } from './link-events.ts';

/** One package by what it is (`contentDigest`: without its signature entry) and by the file that carries it. */
export const PackagePin = z.strictObject({
  id: z.string().min(1),
  version: z.string().min(1),
  sha256: Digest,
  contentDigest: Digest,
  sizeBytes: z.int().min(0),
});
export type PackagePin = z.infer<typeof PackagePin>;

/** A package passed verification and is in the store; `link` is the road it came by, null for this side's own. */
export const PackageAdded = defineEvent(
  'package.added',
  z.strictObject({
    package: PackagePin,
    signer: z.strictObject({ subject: z.string(), fingerprint: Digest }),
    link: Id.nullable(),
  }),
);

/** Bytes that came for a package or document are not what was announced, or are not signed by whom we believe. */
export const BlobRefused = defineEvent(
  'blob.refused',
  z.strictObject({
    link: Id,
    digest: Digest,
    what: z.string(),
    attempt: z.int().min(1),
    final: z.boolean(),
    parts: z.array(z.string()).max(20),
    problems: z.array(z.string()).max(20),
  }),
);

/** A process revision and exact packages were frozen under one number: `document` is the release, as JSON bytes. */
export const ReleaseCreated = defineEvent(
  'release.created',
  z.strictObject({ digest: Digest, document: bytes }),
);

const tests = {
  digest: Digest,
  file: z.string(),
  sha256: Digest,
  sizeBytes: z.int().min(0),
  format: z.string(),
  passed: z.int().min(0),
  failed: z.int().min(0),
  skipped: z.int().min(0),
};

/** What tests said about a release; the file itself is a blob. */
export const TestsImported = defineEvent('tests.imported', z.strictObject(tests)).next(
  // Version 2: of which type they are, as the process calls it; null where nobody said.
  z.strictObject({ ...tests, type: z.string().min(1).max(64).nullable() }),
  (before) => ({ ...before, type: null }),
);

/** A person's word on exactly this release; the newest one counts. */
export const ReleaseJudged = defineEvent(
  'release.judged',
  z.strictObject({ digest: Digest, ok: z.boolean(), note: z.string().nullable() }),
);

/** The decision to publish; beside it each named link's feed got its offer in the same transaction. */
export const ReleasePublished = defineEvent(
  'release.published',
  z.strictObject({ digest: Digest, links: z.array(Id).min(1) }),
);

/** Nobody is to deploy this release again, here or at those it was published to. */
export const ReleaseWithdrawn = defineEvent(
  'release.withdrawn',
  z.strictObject({ digest: Digest, reason: z.string().min(1) }),
);

/** The blob that lists of which chunks a package consists; `package` is its SHA-256. */
export const ChunkListPin = z.strictObject({
  package: Digest,
  digest: Digest,
  sizeBytes: z
    .int()
    .min(0)
    .max(32 * 1024 * 1024),
});
export type ChunkListPin = z.infer<typeof ChunkListPin>;

/** For one receiver, complete in itself: the release document pins everything else by digest. */
export const ReleaseOffered = defineEvent(
  'release.offered',
  z.strictObject({ digest: Digest, document: bytes }),
);

/**
 * How packages that were offered are cut, so that nobody is sent what stands in another package there. Apart from the
 * offer: who doesn't know of it is sent whole packages.
 */
export const ChunksListed = defineEvent(
  'chunks.listed',
  z.strictObject({ lists: z.array(ChunkListPin).min(1).max(200) }),
);

/**
 * How long a release that was offered took its author: the median of runs there, all of it and each step, in
 * milliseconds. Apart from the offer, which is read by older programs too.
 */
export const ReleaseTimed = defineEvent(
  'release.timed',
  z.strictObject({
    digest: Digest,
    ms: z.int().min(0),
    runs: z.int().min(1),
    steps: z.array(z.strictObject({ id: z.string().max(200), ms: z.int().min(0) })).max(500),
  }),
);

/**
 * The receiver of an offer needs these pieces of a package all the same: they came wrong, or are no longer where a
 * receipt of its said. `attempt` counts these requests for one package; the newest stands for all.
 */
export const ChunksAsked = defineEvent(
  'chunks.asked',
  z.strictObject({
    package: Digest,
    attempt: z.int().min(1),
    pieces: z
      .array(z.strictObject({ first: z.int().min(0), count: z.int().min(1) }))
      .min(1)
      .max(1000),
    /** What came wrong, as well as it can be told; empty where nothing did. */
    parts: z.array(z.string()).max(20),
  }),
);

/** A value that the author gives this one receiver. */
export const ValueGiven = defineEvent(
  'value.given',
  z.strictObject({ name: z.string().min(1), value: z.string() }),
);

const answer = z.enum(['accepted', 'refused', 'postponed']);
const answerFields = { digest: Digest, answer, reason: z.string().nullable(), until: z.string().nullable() };

/** What this side decided about an offer. */
export const ReleaseAnswered = defineEvent('release.answered', z.strictObject({ link: Id, ...answerFields }));

/** The same, told to the author. */
export const OfferAnswered = defineEvent('offer.answered', z.strictObject(answerFields));
