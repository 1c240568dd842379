import { isWhiteSpace } from './characters.ts';
import { FilterRefusal, type Filter } from './filter.ts';

type Version = {
  readonly major: string;
  readonly minor: string;
  readonly patch: string;
  readonly revision: string;
  readonly preRelease: string;
  readonly prefix: string;
  readonly counter: string;
  readonly metadata: string;
};

/** Filters that take a part out of a version; options are passed over. */
export const versionFilters = {
  versionmajor: part('major'),
  versionminor: part('minor'),
  versionpatch: part('patch'),
  versionrevision: part('revision'),
  versionprerelease: part('preRelease'),
  versionprereleaseprefix: part('prefix'),
  versionprereleasecounter: part('counter'),
  versionmetadata: part('metadata'),
} satisfies Record<string, Filter>;

function part(name: keyof Version): Filter {
  return (input) => (input === undefined ? undefined : readVersion(input)[name]);
}

const number = /\d+(?!\w)/y;
const preRelease = /^([A-Za-z0-9]*)(?:[.\-_\\]([A-Za-z0-9.\-_\\]*))?$/;
const metadata = /^[A-Za-z0-9_\-.\\+]*$/;

/**
 * A version as Octopus reads one: `v`, up to four numbers with white space around them, a separator, a pre-release, and
 * metadata after a plus. Read by hand, since the pattern for it would try long white space again and again.
 */
function readVersion(text: string): Version {
  let end = text.length;
  while (end > 0 && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  const skip = (from: number): number => {
    let at = from;
    while (at < end && isWhiteSpace(text.charCodeAt(at))) at += 1;
    return at;
  };
  const start = skip(0);
  if (start === end) throw new FilterRefusal('its input is empty, which is no version');
  let at = start;
  const numbers: string[] = [];
  let next = text[at] === 'v' || text[at] === 'V' ? skip(at + 1) : at;
  while (numbers.length < 4) {
    number.lastIndex = next;
    const digits = number.exec(text)?.[0];
    if (digits === undefined) break;
    const value = BigInt(digits);
    if (value > 2147483647n) throw new FilterRefusal('a number in the version is too large');
    numbers.push(value.toString());
    at = skip(next + digits.length);
    if (text[at] !== '.') break;
    next = skip(at + 1);
  }
  if (numbers.length > 0 && /[.\-_\\]/.test(text[at] ?? '')) at += 1;
  else if (numbers.length === 0 && /[.\-_\\]/.test(text[at] ?? '')) at += 1;
  const rest = text.slice(at, end);
  const plus = rest.indexOf('+');
  const before = preRelease.exec(plus < 0 ? rest : rest.slice(0, plus));
  const after = plus < 0 ? '' : rest.slice(plus + 1);
  if (before === null || !metadata.test(after)) throw new FilterRefusal('its input is not a version');
  const [major = '0', minor = '0', patch = '0', revision = '0'] = numbers;
  const [whole, prefix = '', counter = ''] = before;
  return { major, minor, patch, revision, preRelease: whole, prefix, counter, metadata: after };
}
