import { z } from 'zod';
import { bytes, defineEvent } from './define-event.ts';
import { Digest, Id } from './link-events.ts';

/** A SHA-256, SHA-384 or SHA-512 of a certificate's DER, lower-case hex. */
const Fingerprint = z.string().regex(/^(?:[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/);

/**
 * What a certificate is trusted for: signing packages, giving the time, countersigning as a repository, or only as the
 * root above an entry that asks for one.
 */
export const TrustPurpose = z.enum(['signer', 'timestamp', 'repository', 'root']);
export type TrustPurpose = z.infer<typeof TrustPurpose>;

const entry = z.strictObject({
  fingerprint: Fingerprint,
  purpose: TrustPurpose,
  /** For packages of this link; null for this side's own. */
  link: Id.nullable(),
  /** DER; null where only the fingerprint was given. */
  certificate: bytes.nullable(),
  /** It stands for those it issued as well, and not for itself alone. */
  issues: z.boolean(),
  /** Its chain must end in a root that is trusted as well. */
  rootNeeded: z.boolean(),
  /** A package is believed by this repository's countersignature alone. */
  vouches: z.boolean(),
  name: z.string().max(200).nullable(),
  serviceIndex: z.string().max(2000).nullable(),
  owners: z.array(z.string().min(1).max(200)).max(200),
  note: z.string().max(2000).nullable(),
});

/** A certificate was put on the list of those that are trusted here; the newest entry of a purpose and link counts. */
export const TrustAdded = defineEvent('trust.added', entry);

/** A certificate was taken off the list, for whatever it was on it. */
export const TrustRemoved = defineEvent('trust.removed', z.strictObject({ fingerprint: Fingerprint }));

/**
 * From now on nothing that a certificate signed, or that was signed under one it issued, is used here, whoever pins it; or
 * `on` false: this is over.
 */
export const TrustDistrusted = defineEvent(
  'trust.distrusted',
  z.strictObject({
    /** SHA-256 of its DER. */
    fingerprint: Digest,
    /** DER, where it is known. */
    certificate: bytes.nullable(),
    on: z.boolean(),
    reason: z.string().max(2000).nullable(),
  }),
);

/** What every package needs here before it is used. */
export const TrustDemand = z.enum(['timestamp', 'countersignature', 'revocation']);
export type TrustDemand = z.infer<typeof TrustDemand>;

/** A demand was made or taken back; `days` is how old a revocation list may be, null for as long as it says itself. */
export const TrustRequired = defineEvent(
  'trust.required',
  z.strictObject({ demand: TrustDemand, on: z.boolean(), days: z.int().min(1).max(3650).nullable() }),
);

/** A revocation list as a blob; what it says of itself stands beside it for people, and is read from the blob to judge. */
const list = z.strictObject({
  digest: Digest,
  sizeBytes: z
    .int()
    .min(1)
    .max(32 * 1024 * 1024),
  issuer: z.string().max(1000),
  thisUpdate: z.int(),
  nextUpdate: z.int(),
});
export type RevocationPin = z.infer<typeof list>;

/** A revocation list was taken in by hand. */
export const RevocationImported = defineEvent('revocation.imported', list);

/** The author hands a revocation list to this receiver, which believes it for certificates of the author's chain only. */
export const RevocationTold = defineEvent('revocation.told', list);
