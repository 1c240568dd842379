import { join } from 'node:path';
import {
  keepStand,
  leaveOutPieces,
  loadAgeIdentity,
  madeBundles,
  readStand,
  type BundledBlob,
  type Importer,
  type MadeBundle,
  type Recipient,
  type Sender,
  type Unknown,
} from '../../bundles/index.ts';
import { CommandError, takeReply } from '../../commands/index.ts';
import { linkReplica } from '../../daemon/index.ts';
import { blobsOf, feedId, type FeedPoint } from '../../events/index.ts';
import { fingerprintWords, openIntroduction } from '../../identity/index.ts';
import { releaseOf, type Instance } from '../../instance/index.ts';
import {
  readAskedChunks,
  readHeldBlobs,
  readRevocationLists,
  readLinks,
  readListedPackages,
  readPublications,
  readReleases,
  readToldLogs,
  type LinkRow,
  type ListedPackage,
  type ReleaseRow,
} from '../../projections/index.ts';
import type { Place, Replica } from '../../sync/index.ts';
import { commandLine } from '../../words.ts';
import { invitationText } from '../links/invitation-file.ts';
import { wordsOf } from '../links/link-facts.ts';

/** Where an instance remembers the bundles it made. */
export function keptBundles(instance: Instance): string {
  return join(instance.folder.root, 'bundles');
}

/** This instance as the sender of a bundle. */
export function senderOf(instance: Instance): Sender {
  const { identity, keys } = instance;
  return {
    instance: identity.instanceId,
    name: identity.name,
    introduction: identity.bytes,
    signing: keys.signing,
    sealingKey: keys.sealing.publicKey,
    kept: keptBundles(instance),
  };
}

/** The other side of a link as the receiver of a bundle; where nobody has answered yet, whoever will. */
export function recipientOf(instance: Instance, link: LinkRow): Recipient | Unknown {
  const { introduction, name } = link;
  if (introduction === null) return { name, invitation: invitationText(instance, link) };
  const { instanceId, name: calls, sealingKey, chain } = openIntroduction(introduction);
  return { instance: instanceId, name: calls, sealingKey, words: fingerprintWords(chain[0]!) };
}

/**
 * What is to be minded about an open bundle: who takes today's invitation in believes today's certificate, and a feed
 * that began under an earlier one is believed only where that one was.
 */
export function cautionOf({ log, identity }: Instance, link: LinkRow): string | undefined {
  const { name } = link;
  const event =
    link.state === 'invited' ? log.entryAt(log.feedTo(link.link), { epoch: 1, seq: 1 })?.event : undefined;
  if (!event?.known || event.name !== 'feed.opened') return undefined;
  const { fingerprint } = openIntroduction(event.data.introduction).certificate;
  if (fingerprint === identity.certificate.fingerprint) return undefined;
  return `what was published to ${name} began under a company certificate that was replaced since: only a site that took an earlier bundle in can use this one; for any other: ${commandLine('link', 'remove', name)}, then invite it anew`;
}

/** This instance as the receiver of bundles. */
export function importerOf(instance: Instance): Importer {
  const { identity, folder, db, log } = instance;
  return {
    instance: identity.instanceId,
    name: identity.name,
    identity: loadAgeIdentity(folder.keys),
    formerLink: (id) => readLinks(db).find(({ link, state }) => link === id && state === 'removed')?.name,
    link(id) {
      const row = readLinks(db).find(({ link, state }) => link === id && state !== 'removed');
      if (row === undefined) return undefined;
      const feed = row.peer === null ? undefined : feedId(row.peer, id);
      const nowhere = { epoch: 0, seq: 0 };
      return {
        name: row.name,
        peer: row.peer,
        words: wordsOf(row),
        answer({ instance: instanceId, introduction, bundle }) {
          const peer = { instanceId, introduction };
          instance.record((now) => takeReply(readLinks(now), { link: id, peer, bundle }).decision);
        },
        replica: linkReplica(instance, id),
        have: () => (feed === undefined ? undefined : log.pointAt(feed)) ?? nowhere,
        noteStand: (stand) => keepStand(join(folder.root, 'bundles'), id, stand),
        headIssuedAt: () => log.peerHeads().find((head) => head.feed === feed)?.issuedAt,
      };
    },
  };
}

export type Wish = {
  /** Only packages of this release. */
  readonly release: ReleaseRow | undefined;
  /** Whatever receipts say. */
  readonly again: boolean;
  /** Packages as a whole, whatever receipts say of their pieces. */
  readonly whole: boolean;
  /** What this bundle carries is on its way already. */
  readonly after: MadeBundle | undefined;
};

/** What a bundle for a link is to carry. */
export type Cargo = {
  readonly after: FeedPoint;
  readonly blobs: readonly BundledBlob[];
  readonly assumed: readonly BundledBlob[];
  /** Where the receiver's own feed ends by its own word: what it signed since goes back to it. */
  readonly stands: Place | undefined;
  /** Packages of which only what the receiver lacks is carried, and the names of those that have the rest. */
  readonly leftOut: readonly {
    readonly name: string;
    readonly sizeBytes: number;
    readonly carriedBytes: number;
    readonly heldIn: readonly string[];
  }[];
};

/** What the receiver lacks, as its receipts and the wish tell. @throws CommandError RELEASE_UNKNOWN where it was not offered there */
export async function cargoOf(
  instance: Instance,
  link: LinkRow,
  replica: Replica,
  wish: Wish,
): Promise<Cargo> {
  const { db } = instance;
  const named = namedBlobs(instance, link);
  // What was revoked goes along with any release: it says whether that may be used.
  const ofRelease =
    wish.release &&
    new Set([
      ...offeredBlobs(instance, link, wish.release),
      ...revocationsTold(instance, link).map(([digest]) => digest),
      ...logsTold(instance, link).map(([digest]) => digest),
    ]);
  const onItsWay =
    wish.after === undefined ? new Set<string>() : carriedBy(keptBundles(instance), wish.after);
  const owed = new Map(replica.blobsOwed().map((blob) => [blob.digest, blob]));
  const candidates = wish.again
    ? [...named.values()].filter(({ digest }) => instance.holds(digest))
    : [...owed.values()].flatMap(({ digest }) => named.get(digest) ?? []);
  const attemptOf = (digest: string): number => owed.get(digest)?.attempt ?? 0;
  // What the receiver asked for since is not what is on its way.
  const askedFor = readAskedChunks(db, link.link, true);
  const lists = listsByPackage(instance, link);
  const wanted = candidates
    .filter(({ digest }) => ofRelease?.has(digest) ?? true)
    .map((blob) => ({ ...blob, attempt: attemptOf(blob.digest) }))
    .filter(({ digest, attempt }) => !onItsWay.has(`${digest} ${attempt}`) || askedFor.has(digest));
  const { blobs, leftOut } =
    wish.again || wish.whole
      ? { blobs: wanted, leftOut: [] }
      : await leaveOutPieces(listsFirst(wanted, lists), {
          owedPieces: async (digest) => await replica.owedPieces?.(digest),
          listOf: (digest) => lists.get(digest),
        });
  const carried = new Set(blobs.map(({ digest }) => digest));
  const held = readHeldBlobs(db, link.link);
  const assumed = [...named.values()].filter(
    ({ digest }) =>
      !carried.has(digest) &&
      (ofRelease?.has(digest) ?? true) &&
      (held.has(digest) || onItsWay.has(`${digest} ${attemptOf(digest)}`)),
  );
  const stands = wish.after === undefined ? standOf(instance, link) : undefined;
  const begin =
    stands === undefined
      ? replica.confirmed()
      : earlier(receiptBefore(instance, link, stands), replica.confirmed());
  const place = wish.after?.facts.last ?? (wish.again ? beginning : begin);
  return {
    after: pointAt(instance, link, place),
    blobs,
    assumed,
    stands,
    leftOut: leftOut.map(({ blob, carriedBytes, heldIn }) => ({
      name: blob.name,
      sizeBytes: blob.sizeBytes,
      carriedBytes,
      heldIn: heldIn.map((digest) => named.get(digest)?.name ?? digest),
    })),
  };
}

const beginning: Place = { epoch: 0, seq: 0 };

/** Where the receiver's own feed ends, if it lost what is held of it here. */
function standOf(instance: Instance, { link, inward }: LinkRow): Place | undefined {
  const stands = readStand(keptBundles(instance), link);
  return stands !== undefined && earlier(stands, inward) === stands ? stands : undefined;
}

function earlier<A extends Place, B extends Place>(a: A, b: B): A | B {
  return a.epoch < b.epoch || (a.epoch === b.epoch && a.seq < b.seq) ? a : b;
}

/** What a receiver that was put back to `stands` held of our feed then: its last receipt up to there says so. */
function receiptBefore({ log }: Instance, { link, peer }: LinkRow, { epoch, seq }: Place): Place {
  if (peer === null) return beginning;
  for (let at = seq; at > 0; at -= 1) {
    const event = log.entryAt(feedId(peer, link), { epoch, seq: at })?.event;
    if (event?.known && event.name === 'receipt.given')
      return { epoch: event.data.epoch, seq: event.data.seq };
  }
  return beginning;
}

/** A package is put together by its list, so that comes before it. */
function listsFirst(
  blobs: readonly BundledBlob[],
  lists: ReadonlyMap<string, ListedPackage>,
): readonly BundledBlob[] {
  const digests = new Set([...lists.values()].map(({ list }) => list));
  return [
    ...blobs.filter(({ digest }) => digests.has(digest)),
    ...blobs.filter(({ digest }) => !digests.has(digest)),
  ];
}

/** A place of our feed with the hash of the entry there; zeros before the first. */
function pointAt({ log }: Instance, { link }: LinkRow, { epoch, seq }: Place): FeedPoint {
  const hash = seq === 0 ? undefined : log.entryAt(log.feedTo(link), { epoch, seq })?.hash;
  return { epoch, seq, hash: hash ?? '0'.repeat(64) };
}

/** All that offers of this link name, by digest. */
function namedBlobs(instance: Instance, { link }: LinkRow): Map<string, BundledBlob> {
  const { db } = instance;
  const offered = new Set(
    readPublications(db)
      .filter((row) => row.link === link)
      .map(({ digest }) => digest),
  );
  const releases = readReleases(db).filter((release) => release.link === '' && offered.has(release.digest));
  const lists = listsByPackage(instance, { link });
  return new Map([
    ...revocationsTold(instance, { link }),
    ...logsTold(instance, { link }),
    ...releases.flatMap((release) => [
      ...blobsOf(release.document).map(({ digest, sizeBytes, what, pin }): [string, BundledBlob] => {
        const name = pin === undefined ? `${what} of ${releaseOf(db, release)}` : `${pin.id} ${pin.version}`;
        const kind = what === 'package' ? 'package' : 'other';
        return [digest, { digest, sizeBytes, attempt: 0, kind, name: name.slice(0, 300) }];
      }),
      ...release.document.packages.flatMap(({ id, version, sha256 }): [string, BundledBlob][] => {
        const list = lists.get(sha256);
        if (list === undefined) return [];
        const name = `chunks of ${id} ${version}`.slice(0, 300);
        const blob = {
          digest: list.list,
          sizeBytes: list.listBytes,
          attempt: 0,
          kind: 'other',
          name,
        } as const;
        return [[list.list, blob]];
      }),
    ]),
  ]);
}

/** The lists of revoked certificates that a link was told of. */
function revocationsTold({ db }: Instance, { link }: Pick<LinkRow, 'link'>): [string, BundledBlob][] {
  return readRevocationLists(db, true)
    .filter((row) => row.link === link)
    .map(({ digest, sizeBytes, issuer }) => {
      const name = `revocation list of ${issuer}`.slice(0, 300);
      return [digest, { digest, sizeBytes, attempt: 0, kind: 'other', name }];
    });
}

/** The logs of runs that a link is told with them. */
function logsTold({ db }: Instance, { link }: Pick<LinkRow, 'link'>): [string, BundledBlob][] {
  return readToldLogs(db, link).map(({ digest, sizeBytes, deployment }) => [
    digest,
    { digest, sizeBytes, attempt: 0, kind: 'other', name: `log of ${deployment}` },
  ]);
}

/** How the packages offered to a link are cut: the lists travel beside them. */
function listsByPackage({ db }: Instance, { link }: Pick<LinkRow, 'link'>): Map<string, ListedPackage> {
  return new Map(readListedPackages(db, link, true).map((listed) => [listed.digest, listed]));
}

function offeredBlobs(instance: Instance, { link, name }: LinkRow, release: ReleaseRow): string[] {
  const { db } = instance;
  const isOffered = readPublications(db).some((row) => row.link === link && row.digest === release.digest);
  if (!isOffered)
    throw new CommandError(
      'RELEASE_UNKNOWN',
      `Cannot send release ${release.number} to ${name}: it was not published to them`,
      {
        hint: `Publish it first: crossgap release publish ${release.number} --to ${name}.`,
        details: { release: release.number, link: name },
      },
    );
  const lists = listsByPackage(instance, { link });
  return blobsOf(release.document).flatMap(({ digest }) => {
    const list = lists.get(digest);
    return list === undefined ? [digest] : [list.list, digest];
  });
}

/** What a bundle and those it follows carry, by digest and attempt. */
function carriedBy(kept: string, bundle: MadeBundle): Set<string> {
  const made = madeBundles(kept, bundle.facts.link);
  const carried = new Set<string>();
  for (let at: MadeBundle | undefined = bundle; at !== undefined;) {
    for (const { digest, attempt } of at.manifest.blobs) carried.add(`${digest} ${attempt}`);
    const { number, follows }: MadeBundle['facts'] = at.facts;
    at = made.find(({ facts }) => facts.number === follows && facts.number < number);
  }
  return carried;
}
