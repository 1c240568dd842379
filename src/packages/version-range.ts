import { compareVersions, isSemVer2, parseVersion, versionText, type PackageVersion } from './version.ts';

/** An end of a range: up to there, with it or without. */
type Bound = { readonly version: PackageVersion; readonly isIncluded: boolean };

/** Which versions a dependency is content with; without an end there is none on that side. */
export type VersionRange = { readonly from?: Bound; readonly to?: Bound };

const lengthMax = 1100;

/**
 * Reads a range as it stands in a nuspec: `1.0` is that version or a later one, `[1.0]` that one alone, `(1.0,2.0]`
 * what lies between. Undefined where `text` is none; floating versions (`1.*`) belong to projects and are none.
 */
export function parseRange(text: string): VersionRange | undefined {
  if (text.length > lengthMax) return undefined;
  const trimmed = text.trim();
  const brackets = /^([[(])([^,]*)(?:(,)([^,]*))?([\])])$/.exec(trimmed);
  if (brackets === null) {
    const version = parseVersion(trimmed);
    return version && { from: { version, isIncluded: true } };
  }
  const [, open, first = '', comma, second = '', close] = brackets;
  if (first === '' && second === '') return undefined;
  const [isFromIncluded, isToIncluded] = [open === '[', close === ']'];
  if (comma === undefined && !(isFromIncluded && isToIncluded)) return undefined;
  const from = boundOf(first, isFromIncluded);
  const to = boundOf(comma === undefined ? first : second, isToIncluded);
  if (from === 'unreadable' || to === 'unreadable') return undefined;
  const range = { ...(from && { from }), ...(to && { to }) };
  return isEmptyByMistake(range) ? undefined : range;
}

/** Interval notation with both ends, as feeds write it: `[1.2.0, )`. */
export function rangeText({ from, to }: VersionRange): string {
  const start = `${from?.isIncluded === true ? '[' : '('}${from ? versionText(from.version) : ''}`;
  const end = `${to ? versionText(to.version) : ''}${to?.isIncluded === true ? ']' : ')'}`;
  return `${start}, ${end}`;
}

/** Whether the version lies in the range; a pre-release is judged by its place in the order alone. */
export function isInRange({ from, to }: VersionRange, version: PackageVersion): boolean {
  const below = from === undefined ? 1 : compareVersions(version, from.version);
  const above = to === undefined ? -1 : compareVersions(version, to.version);
  return (below > 0 || (below === 0 && from!.isIncluded)) && (above < 0 || (above === 0 && to!.isIncluded));
}

/** Whether one of its ends may only be told to those who know SemVer 2. */
export function isSemVer2Range({ from, to }: VersionRange): boolean {
  return [from, to].some((bound) => bound !== undefined && isSemVer2(bound.version));
}

function boundOf(text: string, isIncluded: boolean): Bound | undefined | 'unreadable' {
  if (text.trim() === '') return undefined;
  const version = parseVersion(text);
  return version === undefined ? 'unreadable' : { version, isIncluded };
}

function isEmptyByMistake({ from, to }: VersionRange): boolean {
  if (from === undefined || to === undefined) return false;
  const order = compareVersions(from.version, to.version);
  return order > 0 || (order === 0 && from.isIncluded !== to.isIncluded);
}
