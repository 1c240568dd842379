import { blobsOf, BlobsRemoved, type PackagePin, type ReleaseDocument } from '../events/index.ts';
import { cut } from './bounded.ts';
import { atHome, type Decision } from './decision.ts';

/** A release as retention of blobs sees it; `link` '' for this side's own. */
export type NamingRelease = {
  readonly link: string;
  readonly document: ReleaseDocument;
  /** Why it can't be deployed any more, in words; null where it can. */
  readonly closed: string | null;
  /** Why its files are needed all the same, such as that it runs; null where they are not. */
  readonly needed: string | null;
};

/** A file of a package that verified for the link. */
export type KeptFile = { readonly link: string; readonly pin: PackagePin };

/** What an offer of the link names, or named. */
export type NamedBlob = {
  readonly link: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly what: string;
};

/** A list of the chunks of a package. */
export type KnownList = {
  readonly list: string;
  readonly package: string;
  readonly sizeBytes: number;
  /** Whether this side made it, for a package of its own. */
  readonly ours: boolean;
};

/** All that decides which files are needed. */
export type BlobFacts = {
  readonly releases: readonly NamingRelease[];
  /** The newest first for each package. */
  readonly files: readonly KeptFile[];
  readonly wanted: readonly NamedBlob[];
  readonly lists: readonly KnownList[];
  /** Digests that must still be sent to a link. */
  readonly owed: ReadonlySet<string>;
  /** Digests that runs which are not over were planned with. */
  readonly planned: ReadonlySet<string>;
  /** Documents of this side: process revisions, notes, test results. They tell its history and stay. */
  readonly documents: ReadonlySet<string>;
  readonly holds: (digest: string) => boolean;
  /** Own packages that no release names go as well. */
  readonly unreleased: boolean;
};

/** A file that may go. Of one that never came nothing is freed: it is not waited for any more. */
export type SuperfluousBlob = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly what: string;
  readonly why: string;
  readonly held: boolean;
};

/** What stays, and why. */
export type KeptBlob = {
  readonly digest: string;
  readonly sizeBytes: number;
  readonly what: string;
  readonly why: string;
};

/**
 * Which files no release needs that can be deployed or gone back to; age never decides. Of the files of one content the
 * one that the release names is kept, or where that is not here the newest.
 */
export function superfluousBlobs(facts: BlobFacts): {
  readonly superfluous: readonly SuperfluousBlob[];
  readonly kept: readonly KeptBlob[];
} {
  const keeping = reasonsToKeep(facts);
  const superfluous = new Map<string, SuperfluousBlob>();
  const kept = new Map<string, KeptBlob>();
  const judge = (digest: string, sizeBytes: number, what: string, why: () => string): void => {
    const held = facts.holds(digest);
    const reason = keeping.get(digest);
    if (reason === undefined) {
      if (!superfluous.has(digest))
        superfluous.set(digest, { digest, sizeBytes: held ? sizeBytes : 0, what, why: why(), held });
    } else if (held && !kept.has(digest)) kept.set(digest, { digest, sizeBytes, what, why: reason });
  };
  for (const file of facts.files) {
    const { sha256, sizeBytes, id, version } = file.pin;
    // An own file that is gone already is nothing to give up: it may be added again.
    if (file.link !== '' || facts.holds(sha256))
      judge(sha256, sizeBytes, `${id} ${version}`, () => whyFile(file, facts, keeping));
  }
  for (const { link, digest, sizeBytes, what } of facts.wanted) {
    const beside = besideReleases[what];
    judge(digest, sizeBytes, beside?.what ?? what, () => beside?.why ?? whyNamed(link, digest, facts));
  }
  for (const { list, sizeBytes, package: of } of facts.lists)
    if (facts.holds(list))
      judge(list, sizeBytes, `chunks of ${of.slice(0, 12)}`, () => 'its package is not kept');
  return { superfluous: [...superfluous.values()], kept: [...kept.values()] };
}

/** What comes over a link and is named by something else than a release, and why it may go where nothing names it. */
const besideReleases: Readonly<Record<string, { readonly what: string; readonly why: string }>> = {
  log: { what: 'log of a run', why: 'what its run was reported with later names another, or none' },
};

const removedTogether = 200;
const whatLengthMax = 150;

/** Gives files up: they are removed after this. */
export function giveUpBlobs(superfluous: readonly SuperfluousBlob[]): Decision {
  const blobs = superfluous.map(({ digest, sizeBytes, what, why }) => ({
    digest,
    sizeBytes,
    what: cut(what, whatLengthMax),
    why: cut(why, whatLengthMax),
  }));
  return Array.from({ length: Math.ceil(blobs.length / removedTogether) }, (_one, n) =>
    atHome(BlobsRemoved.make({ blobs: blobs.slice(n * removedTogether, (n + 1) * removedTogether) })),
  );
}

/** Why a digest is kept, for all that are. */
function reasonsToKeep(facts: BlobFacts): Map<string, string> {
  const { releases, files, holds } = facts;
  const keeping = new Map<string, string>();
  const keep = (digest: string, why: string): void => {
    if (!keeping.has(digest)) keeping.set(digest, why);
  };
  const filesOf = Map.groupBy(files, ({ link, pin }) => `${link} ${pin.contentDigest}`);
  for (const { link, document, closed, needed } of releases) {
    const why = closed === null ? 'a release that can be deployed names it' : needed;
    if (why === null) continue;
    for (const { digest, pin } of blobsOf(document)) {
      keep(digest, why);
      if (pin === undefined || holds(digest)) continue;
      const other = filesOf.get(`${link} ${pin.contentDigest}`)?.find((file) => holds(file.pin.sha256));
      if (other !== undefined) keep(other.pin.sha256, why);
    }
  }
  for (const digest of facts.planned) keep(digest, 'a run that is not over needs it');
  for (const digest of facts.owed) keep(digest, 'it is still owed to a link');
  for (const digest of facts.documents) keep(digest, "it is a document of this side's own");
  if (!facts.unreleased) for (const digest of unreleased(facts)) keep(digest, 'the next release may name it');
  for (const { list, package: of, ours } of facts.lists) {
    // What the author of a package leaves out of the next one, it leaves out by this list.
    if (!ours) keep(list, 'it says what of a package need not be sent');
    else if (keeping.has(of)) keep(list, 'its package is kept');
  }
  return keeping;
}

/** The newest own file of each content that no release names. */
function unreleased({ releases, files }: BlobFacts): string[] {
  const named = new Set(
    releases.flatMap(({ link, document }) =>
      link === '' ? document.packages.map(({ sha256 }) => sha256) : [],
    ),
  );
  const newest = new Map<string, string>();
  for (const { link, pin } of files)
    if (link === '' && !newest.has(pin.contentDigest)) newest.set(pin.contentDigest, pin.sha256);
  return [...newest.values()].filter((digest) => !named.has(digest));
}

function whyFile({ link, pin }: KeptFile, facts: BlobFacts, keeping: ReadonlyMap<string, string>): string {
  const other = facts.files.find(
    (file) =>
      file.link === link &&
      file.pin.contentDigest === pin.contentDigest &&
      file.pin.sha256 !== pin.sha256 &&
      keeping.has(file.pin.sha256) &&
      facts.holds(file.pin.sha256),
  );
  if (other !== undefined) return 'another file of the same content is kept';
  return whyNamed(link, pin.sha256, facts, pin.contentDigest);
}

function whyNamed(link: string, digest: string, { releases }: BlobFacts, contentDigest?: string): string {
  const naming = releases.filter(
    (release) =>
      release.link === link &&
      blobsOf(release.document).some(
        (blob) =>
          blob.digest === digest ||
          (contentDigest !== undefined && blob.pin?.contentDigest === contentDigest),
      ),
  );
  if (naming.length === 0) return 'no release names it';
  return [...new Set(naming.map(({ closed }) => closed ?? 'its release can be deployed'))].join('; ');
}
