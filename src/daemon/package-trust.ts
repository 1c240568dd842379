import type { Instance } from '../instance/index.ts';
import type { TrustRequirements, TrustRules } from '../packages/index.ts';
import {
  readDistrusted,
  readLinks,
  readRevocationLists,
  readTrustDemands,
  readTrusted,
  type RevocationRow,
  type TrustedRow,
} from '../projections/index.ts';
import { trustedFingerprints } from './trusted-fingerprints.ts';

/** By what packages are judged, as plain data: fingerprints of signers or of those who issued them, and the rules beside. */
export type JudgedBy = { readonly fingerprints: readonly string[]; readonly rules: TrustRules };

/** More lists of one issuer than this are older than anything they could still tell. */
const listsPerIssuerMax = 8;
/** What one link's lists may weigh when a package is judged: each of them is read then. */
const listBytesMax = 64 * 1024 * 1024;

/**
 * By what the packages of a link are judged, or this side's own with ''. What is demanded of packages beyond a
 * signature that is believed, and whom a person here distrusts, is asked when one is `used`, and not when it is `taken
 * in`: a demand may be met or taken back later, as distrust may, and what was refused once is not sent again.
 */
export function packageTrust(instance: Instance, link: string, when: 'taken in' | 'used'): JudgedBy {
  const added = readTrusted(instance.db);
  const forIt = added.filter((row) => row.purpose !== 'signer' || row.link === link);
  const fingerprints = trustedFingerprints(instance, link);
  const rules = rulesOf(instance, forIt, (row) => row.link === link);
  return {
    fingerprints: [...fingerprints, ...issuing(forIt)],
    rules: {
      ...rules,
      // A repository speaks for what this side takes in by itself; a link's packages are its author's alone to sign.
      repositories: rules.repositories.map((one) => ({ ...one, vouches: one.vouches && link === '' })),
      ...(when === 'used' && { distrusted: distrustedHere(instance) }),
      requires: when === 'used' ? requirements(instance) : nothingAsked,
    },
  };
}

/** By what a package is judged that may be anybody's: this side's own, or one of those whose words were compared. */
export function everybodysTrust(instance: Instance): JudgedBy {
  const confirmed = readLinks(instance.db).filter(({ state }) => state === 'confirmed');
  const links = new Set(['', ...confirmed.map(({ link }) => link)]);
  const added = readTrusted(instance.db).filter((row) => links.has(row.link));
  const pinned = [...links].flatMap((link) => trustedFingerprints(instance, link));
  return {
    fingerprints: [...new Set([...pinned, ...issuing(added)])],
    rules: {
      ...rulesOf(instance, added, ({ link }) => links.has(link)),
      distrusted: distrustedHere(instance),
      requires: requirements(instance),
    },
  };
}

const distrustedHere = ({ db }: Instance): string[] =>
  readDistrusted(db).map(({ fingerprint }) => fingerprint);

const nothingAsked: TrustRequirements = { timestamp: false, countersignature: false, revocation: null };

const issuing = (rows: readonly TrustedRow[]): string[] =>
  rows.filter(({ purpose, issues }) => purpose === 'signer' && issues).map(({ fingerprint }) => fingerprint);

function rulesOf(
  instance: Instance,
  rows: readonly TrustedRow[],
  isOfLink: (row: RevocationRow) => boolean,
): Omit<TrustRules, 'requires'> {
  const of = (purpose: TrustedRow['purpose']): TrustedRow[] => rows.filter((row) => row.purpose === purpose);
  const fingerprintsOf = (purpose: TrustedRow['purpose']): string[] =>
    of(purpose).map(({ fingerprint }) => fingerprint);
  const repositories = of('repository').map(({ fingerprint, rootNeeded, issues, owners, vouches }) => ({
    fingerprint,
    rootNeeded,
    issues,
    owners,
    vouches,
  }));
  // Our own countersignature is one of a repository that we trust, with nothing to be set up.
  const ours = trustedFingerprints(instance, '').map((fingerprint) => ({
    fingerprint,
    rootNeeded: false,
    issues: true,
    owners: [],
    vouches: false,
  }));
  return {
    signers: of('signer')
      .filter(({ issues }) => !issues)
      .map(({ fingerprint, rootNeeded }) => ({ fingerprint, rootNeeded })),
    timestamps: fingerprintsOf('timestamp'),
    repositories: [...repositories, ...ours],
    roots: fingerprintsOf('root'),
    revocationLists: listsAtHand(instance, isOfLink),
  };
}

/** The lists imported here and those of the link whose bytes are here, the newest of each issuer. */
function listsAtHand(
  instance: Instance,
  isOfLink: (row: RevocationRow) => boolean,
): TrustRules['revocationLists'] {
  const rows = readRevocationLists(instance.db).filter(
    (row) => (row.link === '' || isOfLink(row)) && instance.holds(row.digest),
  );
  const taken = [...Map.groupBy(rows, ({ link }) => link).values()].flatMap(newestWithin);
  return [...new Set(taken)].map((sha256) => ({ file: instance.blobs.path(sha256), sha256 }));
}

/** The digests of the newest lists of each issuer, as far as one link may have us read; the newest come first. */
function newestWithin(ofLink: readonly RevocationRow[]): string[] {
  const seen = new Map<string, number>();
  let bytes = 0;
  return ofLink.flatMap(({ issuer, digest, sizeBytes }) => {
    const before = seen.get(issuer) ?? 0;
    if (before >= listsPerIssuerMax || bytes + sizeBytes > listBytesMax) return [];
    seen.set(issuer, before + 1);
    bytes += sizeBytes;
    return [digest];
  });
}

function requirements({ db }: Instance): TrustRequirements {
  const demands = readTrustDemands(db);
  const made = (demand: string): boolean => demands.some((row) => row.demand === demand);
  const revocation = demands.find(({ demand }) => demand === 'revocation');
  return {
    timestamp: made('timestamp'),
    countersignature: made('countersignature'),
    revocation: revocation === undefined ? null : { days: revocation.days },
  };
}
