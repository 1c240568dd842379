import { BlobRefused, PackageAdded, ReceiptGiven, type PackagePin } from '../events/index.ts';
import { cut } from './bounded.ts';
import { atHome, told, type Decision } from './decision.ts';

const holdsMax = 500;
const refusedMax = 50;
const partsToldMax = 5;
const partsMax = 20;
const partLengthMax = 200;
const problemLengthMax = 1000;

/** In the place of a hash where not even the first entry is held any more. */
const nothingHeld = '0'.repeat(64);

/** Names in a damaged package are as long as whoever damaged it liked. */
const named = (parts: readonly string[], max: number): string[] =>
  parts.slice(0, max).map((part) => cut(part, partLengthMax));

/** What there is to say to the author of a feed. */
export type Acknowledgement = {
  readonly link: string;
  /** How far this side holds the feed, and its newest entry that wants a receipt. */
  readonly inward: {
    readonly epoch: number;
    readonly seq: number;
    readonly hash: string | null;
    readonly news: number;
  };
  /** How far it was told so far. */
  readonly receipted: { readonly epoch: number; readonly seq: number };
  /** Blobs that are held, or refused, and not yet said to be. */
  readonly holds: readonly string[];
  readonly refused: readonly {
    readonly digest: string;
    readonly attempt: number;
    readonly final: boolean;
    readonly parts: readonly string[];
  }[];
};

/** A receipt where there is something new to say; many entries make one receipt, receipts make none. */
export function acknowledge({ link, inward, receipted, holds, refused }: Acknowledgement): Decision {
  const newEntries =
    inward.epoch > receipted.epoch || (inward.epoch === receipted.epoch && inward.news > receipted.seq);
  // This side was put back and lost what it had receipted; said so, it is sent again.
  const lostEntries =
    inward.epoch < receipted.epoch || (inward.epoch === receipted.epoch && inward.seq < receipted.seq);
  if (inward.hash === null && !lostEntries) return [];
  if (!newEntries && !lostEntries && holds.length === 0 && refused.length === 0) return [];
  return [
    told(
      link,
      ReceiptGiven.make({
        epoch: inward.epoch,
        seq: inward.seq,
        hash: inward.hash ?? nothingHeld,
        holds: holds.slice(0, holdsMax),
        refused: refused
          .slice(0, refusedMax)
          .map((one) => ({ ...one, parts: named(one.parts, partsToldMax) })),
      }),
    ),
  ];
}

/** A blob that came is not taken; `final` where its bytes are those announced and are still not to be believed. */
export function refuseBlob(intent: {
  link: string;
  digest: string;
  what: string;
  attempt: number;
  final: boolean;
  parts: readonly string[];
  problems: readonly string[];
}): Decision {
  const parts = named(intent.parts, partsMax);
  const problems = intent.problems.slice(0, partsMax).map((problem) => cut(problem, problemLengthMax));
  return [atHome(BlobRefused.make({ ...intent, parts, problems }))];
}

/** A package of an offer came and holds. */
export function takePackage(
  known: boolean,
  intent: { pin: PackagePin; signer: { subject: string; fingerprint: string }; link: string },
): Decision {
  if (known) return [];
  return [atHome(PackageAdded.make({ package: intent.pin, signer: intent.signer, link: intent.link }))];
}
