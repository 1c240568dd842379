import {
  acknowledge,
  askForChunks,
  forkPlace,
  refuseBlob,
  reportInputs,
  showForks,
  type Decision,
} from '../commands/index.ts';
import {
  feedId,
  ForkFound,
  decodeBody,
  headerBytes,
  readHead,
  readHeader,
  type CrossgapEvent,
  type HeadVerdict,
  type Log,
  type Verdict as EntryVerdict,
} from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import { explainDamage } from '../packages/index.ts';
import {
  readAskedChunks,
  isHere,
  readAskedInputs,
  readLink,
  readListedPackages,
  readOwedBlobs,
  readUntoldInputs,
  readWantedBlobs,
  type LinkRow,
  type ListedPackage,
  type WantedBlob,
} from '../projections/index.ts';
import {
  comparePlaces,
  type NamedBlob,
  type Place,
  type PlacedEntry,
  type Replica,
  type Verdict,
} from '../sync/index.ts';
import { admitFromElsewhere, admitPackage, filesElsewhere, unjudgedPackages } from './admit-packages.ts';
import { blobReader } from './blob-bytes.ts';
import { blobGateOf } from './blob-pace.ts';
import { blobRoom } from './blob-room.ts';
import { linkChunks, type ListedBothWays } from './link-chunks.ts';

/**
 * One link as a line sees it that nobody looks after. Until the words were compared nothing leaves by it: who answered may
 * be somebody else than whom a release was published to.
 */
export function lineReplica(instance: Instance, linkId: string, between: BetweenExchanges = {}): Replica {
  const replica = linkReplica(instance, linkId, between);
  const { db, log } = instance;
  const isCompared = onceForEachPosition(log)(() => readLink(db, linkId)?.state === 'confirmed');
  // Who lost a feed has to say so, whoever hears it.
  const maySayHead = (): boolean => isCompared() || log.isLost(log.feedTo(linkId));
  return {
    ...replica,
    outgoing: (after, limit) => (isCompared() ? replica.outgoing(after, limit) : []),
    outgoingHead: () => (maySayHead() ? replica.outgoingHead() : undefined),
    blobsOwed: () => (isCompared() ? replica.blobsOwed() : []),
  };
}

/** What is remembered of a link from one exchange to the next, where each has a replica of its own. */
export type BetweenExchanges = {
  /** The head that was signed last, of which newest entry, and when. */
  head?: { readonly bytes: Uint8Array; readonly of: string; readonly at: number };
  peerStands?: Place | undefined;
};

/** One link as sync sees it: its two feeds in the log and its blobs in the store. */
export function linkReplica(instance: Instance, linkId: string, between: BetweenExchanges = {}): Replica {
  const { db, log, blobs, clock } = instance;
  const outward = log.feedTo(linkId);
  /** Entries of a feed after a place, each with its own place. */
  const entriesAfter = (feed: string, after: Place, limit: number): PlacedEntry[] =>
    log
      .readFeed(feed, { epoch: after.epoch, seq: after.seq + 1 }, limit)
      .map(({ bytes, signature }): PlacedEntry => {
        const { epoch, seq } = readHeader(bytes);
        return { bytes, signature, epoch, seq };
      });
  const sinceLastEntry = onceForEachPosition(log);
  const link = sinceLastEntry((): LinkRow => readLink(db, linkId)!);
  const wanted = sinceLastEntry(() => readWantedBlobs(db).filter((blob) => blob.link === linkId));
  const owed = sinceLastEntry(() => readOwedBlobs(db, linkId));
  const unjudged = sinceLastEntry(() => (wanted().length === 0 ? [] : unjudgedPackages(instance, linkId)));
  const elsewhere = sinceLastEntry(() => (unjudged().length === 0 ? [] : filesElsewhere(instance, linkId)));
  const untoldInputs = sinceLastEntry(() => readUntoldInputs(db, linkId, readAskedInputs(db, linkId)));
  const asked = sinceLastEntry(() => readAskedChunks(db, linkId, false));
  const listed: ListedBothWays = {
    theirs: sinceLastEntry(() => readListedPackages(db, linkId, false)),
    ours: sinceLastEntry(() => readListedPackages(db, linkId, true)),
  };
  const end = sinceLastEntry(() => log.pointAt(outward));
  const room = blobRoom(instance);
  // A file for each link: what one sends can't spoil what another does.
  const incomingFile = (digest: string): string => `${blobs.incomingPath(digest)}.${linkId}`;
  const here = (blob: WantedBlob): boolean => isHere(blob, (digest) => instance.holds(digest));
  /** What may come, and why the rest may not. Lists come first: they say what of the others need not come. */
  const incoming = () => {
    const named = wanted()
      .filter((blob) => !blob.final && !here(blob))
      .map(({ digest, sizeBytes, refusals }) => ({ digest, sizeBytes, attempt: refusals }));
    const judged = listsFirst(named, listed.theirs).map((blob) => ({
      blob,
      noRoom: room.lacks(blob, incomingFile(blob.digest)),
    }));
    return {
      blobs: judged.filter(({ noRoom }) => noRoom === undefined).map(({ blob }) => blob),
      noRoom: judged.flatMap(({ noRoom }) => noRoom ?? []),
    };
  };
  /** Packages, by content, that the author was told are held: it sends no other file of them. */
  const reportedContents = sinceLastEntry(
    () =>
      new Set(wanted().flatMap(({ pin, reported }) => (reported && pin !== null ? [pin.contentDigest] : []))),
  );
  /** What was said to be held and is gone, as a whole: of a listed package, its pieces are asked for by whoever looks for them. */
  const lost = () =>
    wanted().filter((blob) => {
      const isReported =
        blob.reported || (blob.pin !== null && reportedContents().has(blob.pin.contentDigest));
      if (!isReported || blob.final || here(blob)) return false;
      const list = listed.theirs().find(({ digest }) => digest === blob.digest)?.list;
      return list === undefined || !instance.holds(list);
    });
  /** Where the author of the other feed was shown already that its key signed twice. */
  const shownForks = sinceLastEntry(() => placesShown(log, outward));
  const unshownForks = (): Decision => {
    const { peer } = link();
    const evidence = peer === null ? [] : log.frozenBy(feedId(peer, linkId));
    return evidence.length === 0 ? [] : showForks({ link: linkId, evidence, shown: shownForks() });
  };
  /** What there is to tell the author now: inputs set meanwhile, that its key signed twice, and a receipt. */
  const due = (): Decision => {
    const { state, inward, receipted } = link();
    // Before the words were compared nobody knows whom it would be told: which of our digests are here already, and
    // what was made of an offer, is nobody's business. What came is receipted when the link is confirmed.
    if (state !== 'confirmed') return [];
    const mine = wanted();
    return [
      ...reportInputs(linkId, untoldInputs()),
      ...unshownForks(),
      ...lost().flatMap(({ digest }) =>
        askForChunks({
          link: linkId,
          package: digest,
          attempt: (asked().get(digest)?.attempt ?? 0) + 1,
          pieces: [0],
        }),
      ),
      ...acknowledge({
        link: linkId,
        inward,
        receipted,
        // A package is named by its content too: nobody needs to send another file of it.
        holds: mine
          .filter((blob) => !blob.reported && !blob.final && here(blob))
          .flatMap(({ digest, pin }) => (pin === null ? [digest] : [pin.contentDigest, digest])),
        refused: mine
          .filter((blob) => blob.refused !== null && !blob.refusalReported)
          .map(({ digest, refusals, final, refused }) => ({
            digest,
            attempt: refusals,
            final,
            parts: refused?.parts ?? [],
          })),
      }),
    ];
  };

  return {
    outgoing(after, limit) {
      // Each exchange asks what follows the newest one, to find that it has sent everything.
      const newest = end();
      const isPastEnd = newest === undefined || comparePlaces(newest, after) <= 0;
      return isPastEnd ? [] : entriesAfter(outward, after, limit);
    },
    outgoingHead() {
      const point = end();
      // To whoever was confirmed it is said as well that nothing was told yet: if that is not so, this side was put back,
      // and is given what it lost before it signs anything in its place.
      if (point === undefined && !log.isLost(outward) && link().state !== 'confirmed') return undefined;
      const of = point?.hash ?? '';
      const every = instance.settings.sync['head-every'] * 1000;
      const { head } = between;
      if (head !== undefined && head.of === of && clock.now() - head.at < every) return head.bytes;
      const bytes = log.sealHead(outward);
      between.head = { bytes, of, at: clock.now() };
      return bytes;
    },
    confirmed: () => link().confirmed,
    blobsOwed: () =>
      listsFirst(
        owed()
          .filter(({ digest }) => instance.holds(digest))
          .map(({ digest, sizeBytes, refusals }) => ({ digest, sizeBytes, attempt: refusals })),
        listed.ours,
      ),
    openBlob: blobReader(instance),
    incomingBlobs: () => incoming().blobs,
    noRoom: () => incoming().noRoom,
    gate: blobGateOf(instance),
    ...linkChunks(instance, linkId, { listed, sinceLastEntry, mayTell: () => link().state === 'confirmed' }),
    holdsBlob: (digest) => instance.holds(digest),
    receiveEntries: async (entries) => (await log.receive(entries)).map(toVerdict),
    async receiveHead(bytes) {
      const verdict = log.receiveHead(bytes);
      between.peerStands = standOf(verdict, bytes);
      return headVerdict(verdict);
    },
    peerStands: () => between.peerStands,
    incoming(after, limit) {
      const { peer } = link();
      return peer === null ? [] : entriesAfter(feedId(peer, linkId), after, limit);
    },
    incomingFile,
    async adoptBlob(digest, path) {
      const blob = wanted().find((one) => one.digest === digest);
      if (blob === undefined) return { refused: ['nothing offered names it'] };
      await blobs.adopt(path, digest);
      return admitPackage(instance, blob);
    },
    async refuseBlob(digest, path) {
      const blob = wanted().find((one) => one.digest === digest);
      if (blob === undefined) return [];
      const parts = blob.pin === null ? ['its bytes'] : await explainDamage(path, instance.packageLimits);
      instance.record(() =>
        refuseBlob({
          link: linkId,
          digest,
          what: blob.pin === null ? blob.what : `${blob.pin.id} ${blob.pin.version}`,
          attempt: blob.refusals + 1,
          final: false,
          parts,
          problems: ['its bytes are not those that were announced'],
        }),
      );
      return parts;
    },
    async acknowledge() {
      // Those that came and were not judged before a restart, or were here already since another release names them.
      for (const blob of unjudged()) if (instance.holds(blob.digest)) await admitPackage(instance, blob);
      await admitFromElsewhere(instance, linkId, elsewhere());
      // Looked at first: most exchanges bring nothing that is worth a transaction.
      if (due().length > 0) instance.record(due);
    },
  };
}

/**
 * Keeps what was read of the read models until the log grows: they change with it, in one transaction, and most
 * exchanges find it as it was.
 */
function onceForEachPosition(log: Log<CrossgapEvent>): <T>(read: () => T) => () => T {
  return <T>(read: () => T) => {
    let known: { readonly position: number; readonly value: T } | undefined;
    return () => {
      const position = log.lastPositionLately();
      if (known?.position !== position) known = { position, value: read() };
      return known.value;
    };
  };
}

function listsFirst(
  named: readonly NamedBlob[],
  listed: () => readonly ListedPackage[],
): readonly NamedBlob[] {
  if (named.length < 2) return named;
  const lists = new Set(listed().map(({ list }) => list));
  return [
    ...named.filter(({ digest }) => lists.has(digest)),
    ...named.filter(({ digest }) => !lists.has(digest)),
  ];
}

const shownTogether = 256;

/** The places of which an own feed has told that they were signed twice. Read where there is something to tell alone. */
function placesShown(log: Log<CrossgapEvent>, feed: string): ReadonlySet<string> {
  const places = new Set<string>();
  for (let from: Place = { epoch: 1, seq: 1 }; ;) {
    const page = log.readFeed(feed, from, shownTogether);
    for (const { bytes } of page) {
      const header = readHeader(bytes);
      from = { epoch: header.epoch, seq: header.seq + 1 };
      if (header.type === ForkFound.name && header.schemaVersion === ForkFound.version)
        places.add(forkPlace(ForkFound.read(ForkFound.version, decodeBody(bytes.subarray(headerBytes)))));
    }
    if (page.length < shownTogether) return places;
  }
}

/** The log's verdict in the words of sync: only what is parked comes again. */
function toVerdict(verdict: EntryVerdict): Verdict {
  switch (verdict.outcome) {
    case 'accepted':
      return { outcome: 'appended' };
    case 'known':
    case 'parked':
      return { outcome: verdict.outcome };
    case 'refused':
      return { outcome: 'refused', code: verdict.error.code, message: verdict.error.message };
  }
}

/**
 * Where the author of a feed stands who signed a head that tells of less than is held here, or of something else: it was
 * put back to a backup, or a copy of it signs. Either way it needs what was signed in its name.
 */
function standOf(verdict: HeadVerdict, bytes: Uint8Array): Place | undefined {
  if (verdict.outcome !== 'refused') return undefined;
  const { code } = verdict.error;
  if (code === 'HEAD_MALFORMED') return undefined;
  const { epoch, seq } = readHead(bytes);
  // Who lost a feed whole and went on with a key that was never announced in it can't prove who asks: what is given back
  // is its own, and useless to anybody else.
  if (code === 'SIGNATURE_INVALID' && seq === 0) return { epoch, seq };
  if (code !== 'ROLLBACK' && code !== 'EQUIVOCATION') return undefined;
  return { epoch, seq: code === 'ROLLBACK' ? seq : seq - 1 };
}

/** A head that tells of more than is held here is good news: what is missing comes by itself, or is asked for. */
function headVerdict(verdict: HeadVerdict): Verdict {
  switch (verdict.outcome) {
    case 'same':
      return { outcome: 'known' };
    case 'behind':
      return { outcome: 'appended' };
    case 'refused':
      return { outcome: 'refused', code: verdict.error.code, message: verdict.error.message };
  }
}
