/**
 * A version as NuGet reads one: one to four numbers parted by dots, each at most 2147483647, leading zeros and blanks
 * around them tolerated; then `-` and pre-release labels, then `+` and build metadata, both parted by dots.
 */
export type PackageVersion = {
  /** Major, minor, patch, revision; what the text leaves out is 0. */
  readonly numbers: readonly [number, number, number, number];
  /** Of the pre-release part, as written; none for a release. */
  readonly labels: readonly string[];
  readonly metadata: string | undefined;
};

const blank = '[\\t-\\r ]*';
const number = `${blank}(\\d{1,64})${blank}`;
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const pattern = new RegExp(
  `^${number}(?:\\.${number})?(?:\\.${number})?(?:\\.${number})?(?:-(${identifiers}))?(?:\\+(${identifiers}))?${blank}$`,
);
const numberMax = 2_147_483_647;
/** Longer texts are no version: nobody writes one, and somebody could make us read it. */
const lengthMax = 512;

/** Reads a version; undefined where `text` is none. */
export function parseVersion(text: string): PackageVersion | undefined {
  const found = text.length > lengthMax ? null : pattern.exec(text);
  if (found === null) return undefined;
  const [major = 0, minor = 0, patch = 0, revision = 0] = found.slice(1, 5).map((part) => Number(part ?? 0));
  const numbers = [major, minor, patch, revision] as const;
  const labels = found[5]?.split('.') ?? [];
  if (numbers.some((each) => each > numberMax) || labels.some((label) => /^0\d+$/.test(label)))
    return undefined;
  return { numbers, labels, metadata: found[6] };
}

/** Three numbers without leading zeros, a fourth only where it is not 0, the labels as written, no build metadata. */
export function versionText({ numbers: [major, minor, patch, revision], labels }: PackageVersion): string {
  const release = `${major}.${minor}.${patch}${revision === 0 ? '' : `.${revision}`}`;
  return labels.length === 0 ? release : `${release}-${labels.join('.')}`;
}

/** `versionText` with the build metadata behind it, where there is any. */
export function fullVersionText(version: PackageVersion): string {
  return version.metadata === undefined
    ? versionText(version)
    : `${versionText(version)}+${version.metadata}`;
}

/**
 * The version in the form in which two equal versions are one text, as it stands in a feed's addresses: that of
 * `versionText`, in lower case. Undefined where `text` is no version.
 */
export function normalizedVersion(text: string): string | undefined {
  const version = parseVersion(text);
  return version && versionText(version).toLowerCase();
}

/**
 * Below 0 where `a` comes before `b`, 0 where neither does: numbers first, a pre-release before its release, then label
 * by label, a number before a word, fewer labels before more. Build metadata and case don't count.
 */
export function compareVersions(a: PackageVersion, b: PackageVersion): number {
  for (const [at, each] of a.numbers.entries()) {
    const difference = each - b.numbers[at]!;
    if (difference !== 0) return difference;
  }
  if (a.labels.length === 0 || b.labels.length === 0) return b.labels.length - a.labels.length;
  for (const [at, label] of a.labels.entries()) {
    const other = b.labels[at];
    if (other === undefined) return 1;
    const difference = compareLabels(label, other);
    if (difference !== 0) return difference;
  }
  return a.labels.length - b.labels.length;
}

/** Whether it may only be told to those who know SemVer 2: more than one label, or build metadata. */
export function isSemVer2({ labels, metadata }: PackageVersion): boolean {
  return labels.length > 1 || metadata !== undefined;
}

function compareLabels(a: string, b: string): number {
  const [left, right] = [labelNumber(a), labelNumber(b)];
  if (left !== undefined && right !== undefined) return left - right;
  if (left !== undefined || right !== undefined) return left === undefined ? 1 : -1;
  const [upperA, upperB] = [a.toUpperCase(), b.toUpperCase()];
  return upperA < upperB ? -1 : upperA > upperB ? 1 : 0;
}

/** A label counts as a number where it is a 32-bit one; so `-5` does, and a longer row of digits is a word. */
function labelNumber(label: string): number | undefined {
  if (!/^-?\d+$/.test(label)) return undefined;
  const value = Number(label);
  return value > numberMax || value < -numberMax - 1 ? undefined : value;
}
