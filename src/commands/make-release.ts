import { isDeepStrictEqual } from 'node:util';
import {
  freezeRelease,
  PackageAdded,
  ProcessPublished,
  ReleaseCreated,
  ReleaseJudged,
  TestsImported,
  type EventOf,
  type PackagePin,
  type ReleaseDocument,
  type ReleaseInput,
} from '../events/index.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

type Local = EventOf<typeof ProcessPublished>['data']['local'];

/** Publishes a process file as the next revision; the same content again is the revision that is there. */
export function publishProcess(
  latest: { revision: number; digest: string; local: Local } | undefined,
  intent: { process: string; digest: string; sizeBytes: number; local: Local },
): { decision: Decision; revision: number } {
  const unchanged = latest?.digest === intent.digest && isDeepStrictEqual(latest.local, intent.local);
  if (latest !== undefined && unchanged) return { decision: [], revision: latest.revision };
  const revision = (latest?.revision ?? 0) + 1;
  return { decision: [atHome(ProcessPublished.make({ ...intent, revision }))], revision };
}

/**
 * Adds a verified package. The same id and version with other content is refused, both digests named; another file of
 * the same content is one more file of that package, and the newest is the one that releases name from then on.
 */
export function addPackage(
  known: readonly { readonly pin: PackagePin; readonly removedAt?: number }[],
  intent: { pin: PackagePin; signer: { subject: string; fingerprint: string }; link: string | null },
): Decision {
  const { pin, signer, link } = intent;
  const other = known.find((one) => one.pin.contentDigest !== pin.contentDigest);
  if (other !== undefined) {
    const digests = { known: other.pin.contentDigest, offered: pin.contentDigest };
    throw new CommandError(
      'PACKAGE_CONTENT_DIFFERS',
      `Cannot add ${pin.id} ${pin.version}: that version is known with content ${digests.known}, and this one has ${digests.offered}`,
      {
        hint: 'Give the changed package a new version; a version means one content for ever.',
        details: digests,
      },
    );
  }
  if (known.some((one) => one.pin.sha256 === pin.sha256 && one.removedAt === undefined)) return [];
  return [atHome(PackageAdded.make({ package: pin, signer, link }))];
}

/** What a release is made of. */
export type ReleaseParts = {
  readonly process: string;
  readonly number: string;
  readonly revision: ReleaseDocument['revision'];
  readonly packages: readonly PackagePin[];
  /** Package ids the revision's steps name. */
  readonly needed: readonly string[];
  readonly notes: ReleaseDocument['notes'];
  readonly inputs: readonly ReleaseInput[];
  readonly createdAt: string;
};

/**
 * Freezes a release. The same parts under the same number again are the release that is there, also where a package was
 * signed again meanwhile: its content is the same.
 */
export function createRelease(
  known: { digest: string; document: ReleaseDocument } | undefined,
  parts: ReleaseParts,
): { decision: Decision; digest: string; document: ReleaseDocument } {
  const given = new Set(parts.packages.map(({ id }) => id.toUpperCase()));
  const missing = parts.needed.filter((id) => !given.has(id.toUpperCase()));
  if (missing.length > 0) {
    throw new CommandError(
      'PACKAGE_NOT_NAMED',
      `Cannot create release ${parts.number} of ${parts.process}: no version was named for ${missing.join(', ')}`,
      { hint: `Add ${missing.map((id) => `--package ${id}@VERSION`).join(' ')}.`, details: { missing } },
    );
  }
  const needed = new Set(parts.needed.map((id) => id.toUpperCase()));
  const unused = parts.packages.filter(({ id }) => !needed.has(id.toUpperCase()));
  if (unused.length > 0) {
    const names = unused.map(({ id }) => id).join(', ');
    throw new CommandError(
      'PACKAGE_NOT_NAMED',
      `Cannot create release ${parts.number} of ${parts.process}: no step of the process deploys ${names}`,
      { hint: 'Leave it out, or publish a process revision with a step for it.', details: { unused: names } },
    );
  }
  const document: ReleaseDocument = {
    format: 1,
    process: parts.process,
    number: parts.number,
    revision: parts.revision,
    packages: parts.packages.toSorted((a, b) => (a.id < b.id ? -1 : 1)),
    notes: parts.notes,
    inputs: [...parts.inputs],
    createdAt: known?.document.createdAt ?? parts.createdAt,
  };
  const { bytes, digest } = freezeRelease(document);
  if (known !== undefined) {
    if (isDeepStrictEqual(byContent(known.document), byContent(document)))
      return { decision: [], digest: known.digest, document: known.document };
    throw new CommandError(
      'RELEASE_EXISTS',
      `Cannot create release ${parts.number} of ${parts.process}: that number is taken by another release`,
      {
        hint: 'A release never changes: choose the next number.',
        details: { known: known.digest, asked: digest },
      },
    );
  }
  if (bytes.length > 200 * 1024) {
    throw new CommandError(
      'RELEASE_TOO_LARGE',
      `Cannot create release ${parts.number} of ${parts.process}: its document has ${bytes.length} bytes, 204800 are allowed`,
      { hint: 'Shorten the help texts of the inputs.', details: { sizeBytes: bytes.length } },
    );
  }
  return { decision: [atHome(ReleaseCreated.make({ digest, document: bytes }))], digest, document };
}

/** A release without what differs between two files of the same package. */
function byContent({ packages, ...rest }: ReleaseDocument): object {
  return {
    ...rest,
    packages: packages.map(({ id, version, contentDigest }) => ({ id, version, contentDigest })),
  };
}

/** Evidence of tests on exactly this release. */
export function importTests(
  intent: EventOf<typeof TestsImported>['data'],
  alreadyImported: ReadonlySet<string>,
): Decision {
  return alreadyImported.has(intent.sha256) ? [] : [atHome(TestsImported.make(intent))];
}

/** A person's word on exactly this release; the newest one counts. */
export function judgeRelease(
  verdict: { ok: boolean; note: string | null } | null,
  intent: { digest: string; ok: boolean; note: string | null },
): Decision {
  if (verdict?.ok === intent.ok && verdict.note === intent.note) return [];
  return [atHome(ReleaseJudged.make(intent))];
}
