import { CrossgapError } from '../errors.ts';
import {
  decodeBody,
  FeedOpened,
  feedId,
  headerBytes,
  readHeader,
  verifyEntry,
  type SealedEntry,
} from '../events/index.ts';
import { openIntroduction, verifyingKey } from '../identity/index.ts';
import { replicateOnce, type Exchange, type Place, type Replica } from '../sync/index.ts';
import { commandLine, size } from '../words.ts';
import type { AgeIdentity } from './age-keys.ts';
import { recordReader } from './bundle-records.ts';
import { bundleTransport } from './bundle-transport.ts';
import type { BundleFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { passed } from './flat-memory.ts';
import { malformed } from './malformed.ts';
import { openBundle, type OpenBundle } from './open-bundle.ts';
import { comparePlaces, placeText } from './places.ts';
import type { BundledBlob } from './records.ts';
import { missingParts, type FoundBundle } from './scan.ts';

/** A link of this side, as far as taking in a bundle needs it. */
export type ReceivingLink = {
  readonly name: string;
  /** The instance at the other end; null while nobody has answered the invitation. */
  readonly peer: string | null;
  /** The six words of that instance's company certificate. */
  readonly words: string | null;
  /** Takes the sender of a bundle in as who answers the invitation; nobody has compared its words then. */
  answer(reply: Answer): void;
  readonly replica: Replica;
  /** How far this side holds the other's feed; epoch and sequence 0 before its first entry. */
  have(): Place;
  /** When the newest head of the other side that is known here was signed, in milliseconds; undefined before the first. */
  headIssuedAt(): number | undefined;
  /** Remembers where the other side's feed ends by its own word, if that is before what is held here. */
  noteStand(stand: Place | undefined): void;
};

/** Who answers an invitation of this side by a bundle, and by which. */
export type Answer = {
  readonly instance: string;
  readonly introduction: Uint8Array;
  readonly bundle: { readonly id: string; readonly number: number };
};

/** Who takes bundles in. */
export type Importer = {
  readonly instance: string;
  readonly name: string;
  readonly identity: AgeIdentity;
  /** The link of this id, unless there is none or it was removed. */
  link(id: string): ReceivingLink | undefined;
  /** What the link of this id was called here before it was removed. */
  formerLink(id: string): string | undefined;
};

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
    answered = known.peer === null;
    if (answered) await takeAnswer(opened, known);
    const link = answered ? importer.link(facts.link)! : known;
    const exchange = await takeIn(opened, link.replica, signal);
    const judged = judge(opened, link, exchange);
    const stopped = signal.aborted ? interrupted(found) : undefined;
    return { ...about, link: link.name, answered, ...judged, failure: stopped ?? judged.failure };
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    return { ...about, link: importer.link(facts.link)?.name, ...nothingNew, failure: error };
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

/**
 * The link a bundle came by: its other end made the bundle, or nobody answered the invitation yet.
 *
 * @throws {BundleError} BUNDLE_NOT_FOR_US, BUNDLE_SENDER_UNKNOWN, BUNDLE_LINK_ANSWERED
 */
function linkOf(found: FoundBundle, importer: Importer): ReceivingLink {
  const { facts } = found;
  const link = importer.link(facts.link);
  if (facts.format === 2) {
    if (facts.from.instance === importer.instance) throw madeHere(found, importer);
    if (link === undefined) throw invitationNotTaken(found, importer);
    if (link.peer === facts.from.instance) return link;
    throw senderUnknown(found, importer);
  }
  if (facts.to.instance !== importer.instance)
    throw new BundleError(
      'BUNDLE_NOT_FOR_US',
      `Cannot take in bundle ${facts.number} from ${facts.from.name}: it is for ${facts.to.name} (${facts.to.words}), and this is ${importer.name}`,
      {
        hint: 'Carry it to whom it is for; or let this instance pass it on: crossgap bundle relay allow --for NAME.',
        details: { ...told(found), receiver: facts.to.words },
      },
    );
  if (link === undefined) throw senderUnknown(found, importer);
  if (link.peer === null || link.peer === facts.from.instance) return link;
  throw answeredByOther(found, link);
}

function told({ facts: { number, id, from, to }, sender }: FoundBundle): Record<string, unknown> {
  return { bundle: number, id, from: from.name, to: to.name, words: sender.words };
}

function senderUnknown(found: FoundBundle, importer: Importer): BundleError {
  const { facts, sender } = found;
  const { number, from } = facts;
  const { words, subject, fingerprint } = sender;
  const former = importer.formerLink(facts.link);
  const removed = former === undefined ? '' : `; link ${former}, which it names, was removed here`;
  return new BundleError(
    'BUNDLE_SENDER_UNKNOWN',
    `Cannot take in bundle ${number}: ${from.name} is not paired with this instance (its certificate is ${subject}, words: ${words})${removed}`,
    {
      hint:
        former === undefined
          ? 'If you expect bundles from there, compare these words by telephone and pair first: crossgap link accept.'
          : 'If you expect bundles from there, pair anew: crossgap link invite.',
      details: { ...told(found), subject, fingerprint, ...(former !== undefined && { removed: former }) },
    },
  );
}

/** The bundle brings the invitation itself: that is taken in first, by who compared the words. */
function invitationNotTaken(found: FoundBundle, importer: Importer): BundleError {
  const { facts, sender } = found;
  const former = importer.formerLink(facts.link);
  if (former !== undefined) return senderUnknown(found, importer);
  const path = [...found.parts.values()][0]?.path ?? 'BUNDLE';
  return new BundleError(
    'BUNDLE_SENDER_UNKNOWN',
    `Cannot take in bundle ${facts.number}: it is for whoever takes the invitation of ${facts.from.name} in, and this instance has not (its certificate is ${sender.subject}, words: ${sender.words})`,
    {
      hint: `Compare these words by telephone, then take the invitation in from the bundle itself: ${commandLine('link', 'accept', path, '--fingerprint', 'SIX WORDS')}.`,
      details: { ...told(found), subject: sender.subject, fingerprint: sender.fingerprint },
    },
  );
}

function madeHere(found: FoundBundle, importer: Importer): BundleError {
  const { facts } = found;
  return new BundleError(
    'BUNDLE_NOT_FOR_US',
    `Cannot take in bundle ${facts.number} for ${facts.to.name}: it was made here, by ${importer.name}`,
    { hint: 'Carry it to whom it is for.', details: told(found) },
  );
}

/** An invitation pairs two instances, once: who comes second is not who answered. */
function answeredByOther(found: FoundBundle, { name, words, peer }: ReceivingLink): BundleError {
  const { facts, sender } = found;
  return new BundleError(
    'BUNDLE_LINK_ANSWERED',
    `Cannot take in bundle ${facts.number} from ${facts.from.name} (words: ${sender.words}): link ${name} was answered by another instance (words: ${words ?? 'unknown'})`,
    {
      hint: `Ask by telephone which words are theirs. If it is these, end the link with \`${commandLine('link', 'remove', name)}\` and invite them anew; nothing of this bundle was taken in.`,
      details: { ...told(found), link: name, answeredBy: { instance: peer, words } },
    },
  );
}

/**
 * Takes the sender in as who answers, once its first entry shows that it writes to this very link. It is introduced as
 * that entry does it: whatever changed since, entries behind it announce.
 */
async function takeAnswer(opened: OpenBundle, link: ReceivingLink): Promise<void> {
  const { found } = opened;
  const { id, number, link: linkId, from } = found.facts;
  const [first] = (await recordReader(opened).nextEntries())?.entries ?? [];
  const introduction = first && introductionIn(first, { author: from.instance, link: linkId });
  if (introduction === undefined)
    throw malformed(found, `it claims to answer the invitation of link ${link.name}, and nothing in it does`);
  link.answer({ instance: from.instance, introduction, bundle: { id, number } });
}

/** By which introduction an author opens its feed for a link; undefined where an entry does not, or is not its own. */
function introductionIn(
  entry: SealedEntry,
  { author, link }: { readonly author: string; readonly link: string },
): Uint8Array | undefined {
  const { type, schemaVersion, audience, feed } = readHeader(entry.bytes);
  const isMeant = type === FeedOpened.name && audience === link && feed === feedId(author, link);
  if (!isMeant || schemaVersion > FeedOpened.version) return undefined;
  const { introduction } = FeedOpened.read(schemaVersion, decodeBody(entry.bytes.subarray(headerBytes)));
  const { instanceId, signingKey } = openIntroduction(introduction);
  const isOwn = instanceId === author && verifyEntry(entry, verifyingKey(signingKey));
  return isOwn ? introduction : undefined;
}

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
