import { CrossgapError } from '../errors.ts';
import { replicateOnce, type Exchange, type Place, type Replica } from '../sync/index.ts';
import { size } from '../words.ts';
import { bundleTransport } from './bundle-transport.ts';
import type { BundleFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { passed } from './flat-memory.ts';
import type { Importer, ReceivingLink } from './importer.ts';
import { openBundle, type OpenBundle } from './open-bundle.ts';
import { comparePlaces, placeText } from './places.ts';
import type { BundledBlob } from './records.ts';
import { missingParts, type FoundBundle } from './scan.ts';
import { linkOf, takeAnswer } from './whose-bundle.ts';

/** What came of one bundle. */
export type Imported = {
  readonly facts: BundleFacts;
  readonly words: string;
  /** The link's name here; undefined where the bundle belongs to none. */
  readonly link: string | undefined;
  /** Whether its sender was taken in by it as who answers the invitation. */
  readonly answered: boolean;
  /** Entries that were new, and those that were here before. */
  readonly entries: number;
  readonly known: number;
  readonly blobsHeld: readonly string[];
  /** Whether it brought anything. */
  readonly isNews: boolean;
  /** Where the sender's own feed ends by its word, if more of it is held here: it was put back to a backup. */
  readonly stands: Place | undefined;
  /** Blobs that entries name, that are not here, and that this bundle did not carry. */
  readonly waiting: readonly string[];
  readonly refused: readonly { readonly what: string; readonly code: string; readonly message: string }[];
  /** Why it was not taken in, or not to its end. What came before stays. */
  readonly failure: CrossgapError | undefined;
};

/**
 * Takes bundles in, in their order. Whatever is in them goes the way that everything from outside goes; what a
 * bundle says of itself only decides whether it is looked into. A bundle that can't be taken in does not hinder the
 * others, unless they build on it.
 */
export async function importBundles(
  bundles: readonly FoundBundle[],
  importer: Importer,
  { signal, onDone = () => {} }: { readonly signal: AbortSignal; readonly onDone?: (done: Imported) => void },
): Promise<Imported[]> {
  const all: Imported[] = [];
  for (const bundle of bundles) {
    if (signal.aborted) break;
    const imported = await importBundle(bundle, importer, signal);
    onDone(imported);
    all.push(imported);
  }
  return all;
}

async function importBundle(found: FoundBundle, importer: Importer, signal: AbortSignal): Promise<Imported> {
  const { facts, sender } = found;
  const about = { facts, words: sender.words };
  let answered = false;
  try {
    const known = linkOf(found, importer);
    const have = known.have();
    if (comparePlaces(facts.after, have) > 0) throw earlierMissing(found, have);
    const isOld = comparePlaces(facts.last, have) <= 0;
    if (isOld && known.replica.incomingBlobs().length === 0 && missingParts(found).length > 0)
      return { ...about, link: known.name, ...nothingNew };
    await using opened = await openBundle(found, importer.identity);
    if (known.peer === null) {
      await takeAnswer(opened, known);
      answered = true;
    }
    const link = answered ? importer.link(facts.link)! : known;
    const exchange = await takeIn(opened, link.replica, signal);
    const judged = judge(opened, link, exchange);
    const stopped = signal.aborted ? interrupted(found) : undefined;
    return { ...about, link: link.name, answered, ...judged, failure: stopped ?? judged.failure };
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    return { ...about, link: importer.link(facts.link)?.name, ...nothingNew, answered, failure: error };
  }
}

const nothingNew = {
  answered: false,
  entries: 0,
  known: 0,
  blobsHeld: [],
  isNews: false,
  stands: undefined,
  waiting: [],
  refused: [],
  failure: undefined,
};

function earlierMissing({ facts }: FoundBundle, have: Place): BundleError {
  const { number, follows, from, after } = facts;
  const begins = placeText({ epoch: after.epoch, seq: after.seq + 1 });
  const missing = follows === null ? 'an earlier bundle is missing' : `bundle ${follows} is missing`;
  return new BundleError(
    'BUNDLE_EARLIER_MISSING',
    `Cannot take in bundle ${number} from ${from.name}: have ${placeText(have)}, this begins at ${begins}, ${missing}`,
    {
      hint:
        follows === null
          ? `Bring the earlier one, or ask ${from.name} for a bundle with everything: crossgap bundle export --to LINK --again.`
          : `Bring bundle ${follows} first, then this one again.`,
      details: { bundle: number, have, begins: { epoch: after.epoch, seq: after.seq + 1 }, missing: follows },
    },
  );
}

function interrupted({ facts }: FoundBundle): BundleError {
  return new BundleError(
    'BUNDLE_INTERRUPTED',
    `Cannot finish taking in bundle ${facts.number} from ${facts.from.name}: the command was asked to end`,
    {
      hint: 'Run the command again: it goes on where it was.',
      details: { bundle: facts.number, id: facts.id },
    },
  );
}

/** The one way in. Nothing is sent: there is nobody at the other end. */
function takeIn(opened: OpenBundle, replica: Replica, signal: AbortSignal): Promise<Exchange> {
  // Hours and pace are those of a line; who stands there with a stick wants it in.
  const { gate: _gate, ...atOnce } = replica;
  const inward: Replica = {
    ...atOnce,
    ...(replica.findPiece && {
      findPiece: async (digest, index) => {
        const piece = await replica.findPiece?.(digest, index);
        passed(piece?.length ?? 0);
        return piece;
      },
    }),
    outgoing: () => [],
    outgoingHead: () => undefined,
    blobsOwed: () => [],
    // A daemon may receive the same blob by its own transport meanwhile.
    incomingFile: (digest) => `${replica.incomingFile(digest)}.bundle`,
  };
  return replicateOnce(inward, bundleTransport([opened]), { signal });
}

function judge(
  opened: OpenBundle,
  link: ReceivingLink,
  exchange: Exchange,
): Omit<Imported, 'facts' | 'words' | 'link' | 'answered'> {
  const { found, manifest } = opened;
  const heads = exchange.refusals.filter(({ what }) => what === 'head');
  const isOld = heads.some((refusal) => isOldHead(refusal, opened, link));
  const stands = isOld ? undefined : link.replica.peerStands?.();
  if (!isOld) link.noteStand(stands);
  // Who was put back says so, and is helped by the next bundle; nothing of this one is wrong.
  const refused = exchange.refusals.filter(
    ({ what, code }) => !(what === 'head' && code === 'ROLLBACK' && (isOld || stands !== undefined)),
  );
  // Of a package that is here in part the rest may be lacking.
  const carried = new Set(manifest.blobs.flatMap(({ digest, stretches }) => (stretches ? [] : [digest])));
  const waiting = exchange.waiting.map(({ digest }) => digest).filter((digest) => !carried.has(digest));
  const [failure] = exchange.failures;
  return {
    entries: exchange.entriesIn,
    known: exchange.entriesKnown,
    blobsHeld: exchange.blobsHeld,
    isNews: exchange.entriesIn > 0 || exchange.blobsHeld.length > 0,
    stands,
    waiting,
    refused,
    failure:
      asExpected(failure) ??
      contentRefused(found, refused, exchange) ??
      (exchange.entriesParked > 0 ? earlierMissing(found, link.have()) : undefined) ??
      noRoom(opened, exchange) ??
      packageMissing(opened, waiting) ??
      piecesMissing(opened, link, exchange),
  };
}

/** An error that nobody foresaw is not made one of the world's. */
function asExpected(error: Error | undefined): CrossgapError | undefined {
  if (error === undefined || error instanceof CrossgapError) return error;
  throw error;
}

/** A head in a bundle that comes again, or late, tells of less than is known by now. */
function isOldHead(
  { what, code }: Exchange['refusals'][number],
  { manifest, found }: OpenBundle,
  link: ReceivingLink,
): boolean {
  if (what !== 'head' || code !== 'ROLLBACK') return false;
  const known = link.headIssuedAt();
  return (
    known !== undefined &&
    Date.parse(manifest.sentAt) <= known &&
    comparePlaces(found.facts.last, link.have()) <= 0
  );
}

function contentRefused(
  { facts }: FoundBundle,
  refused: Imported['refused'],
  { entriesIn }: Exchange,
): BundleError | undefined {
  const [first] = refused;
  if (first === undefined) return undefined;
  const more = refused.length > 1 ? `, and ${refused.length - 1} more` : '';
  return new BundleError(
    'BUNDLE_CONTENT_REFUSED',
    `Cannot take in all of bundle ${facts.number} from ${facts.from.name}: ${first.what} was refused (${first.code}: ${first.message})${more}`,
    {
      hint: `What was good is kept (${entriesIn} new entries). Tell the sender the code ${first.code}.`,
      details: { bundle: facts.number, refused: refused.slice(0, 20) },
    },
  );
}

/** What is inside and stays outside, since the disk or the quota has no room for it. */
function noRoom({ manifest, found: { facts } }: OpenBundle, exchange: Exchange): BundleError | undefined {
  const inside = new Map(manifest.blobs.map((blob) => [blob.digest, blob]));
  const lacking = exchange.noRoom.filter(({ digest }) => inside.has(digest));
  const [first] = lacking;
  if (first === undefined) return undefined;
  return new BundleError(
    'BUNDLE_NO_ROOM',
    `Cannot take in all of bundle ${facts.number} from ${facts.from.name}: there is no room for ${lacking.map(({ digest }) => nameOf(inside.get(digest)!)).join(', ')} (${first.message})`,
    {
      hint: 'Make room, or allow more in the settings, and run the command again: what was taken in stays.',
      details: { bundle: facts.number, lacking },
    },
  );
}

/** What the sender left out, since this side said to hold it or an earlier bundle carried it, and is not here. */
function packageMissing(
  { manifest, found: { facts } }: OpenBundle,
  waiting: readonly string[],
): BundleError | undefined {
  const lost = manifest.assumed.filter(({ digest }) => waiting.includes(digest));
  if (lost.length === 0) return undefined;
  const names = lost.map(nameOf);
  return new BundleError(
    'BUNDLE_PACKAGE_MISSING',
    `Cannot complete bundle ${facts.number} from ${facts.from.name}: it builds on ${names.join(', ')}, which is not here`,
    {
      hint: `Ask ${facts.from.name} for these packages again: crossgap bundle export --to LINK --release R --again.`,
      details: { bundle: facts.number, missing: lost.map(({ digest, name }) => ({ digest, name })) },
    },
  );
}

/** What the sender left out of packages, since this side said to have it in others, and is not in them. */
function piecesMissing(
  { manifest, found: { facts } }: OpenBundle,
  link: ReceivingLink,
  { waiting }: Exchange,
): BundleError | undefined {
  const lacking = manifest.blobs.flatMap((blob) => {
    const here = blob.stretches && waiting.find(({ digest }) => digest === blob.digest);
    return here === undefined ? [] : [{ blob, missingBytes: here.sizeBytes - here.heldBytes }];
  });
  if (lacking.length === 0) return undefined;
  const told = lacking.map(({ blob, missingBytes }) => `${size(missingBytes)} of ${nameOf(blob)}`);
  return new BundleError(
    'BUNDLE_PIECES_MISSING',
    `Cannot put together all packages of bundle ${facts.number} from ${facts.from.name}: ${told.join(', ')} should be in packages that are here, and is not`,
    {
      hint: `Make a bundle back, which asks for it (crossgap bundle export --to ${link.name} --out FOLDER), or ask ${facts.from.name} for packages as a whole: crossgap bundle export --to LINK --whole. What came is kept.`,
      details: {
        bundle: facts.number,
        missing: lacking.map(({ blob: { digest, name }, missingBytes }) => ({ digest, name, missingBytes })),
      },
    },
  );
}

function nameOf({ name, digest }: BundledBlob): string {
  return name === '' ? digest.slice(0, 12) : name;
}
