/** Dates and times as .NET reads and prints them in the invariant culture. */
import { FormatInvalid } from './number-format.ts';

/** What the text said of a zone: nothing, that it is UTC, this machine's, or an offset from UTC. */
export type Zone = 'none' | 'utc' | 'local' | 'offset';
/** The clock's face in units of 100 ns since year 1, and the minutes that it is ahead of UTC. */
export type Moment = { readonly face: bigint; readonly zone: Zone; readonly offset: number };

export const ticksPerMinute = 600_000_000n;
const ticksPerDay = 864_000_000_000n;
const epoch = 621_355_968_000_000_000n;
const faceMax = 3_155_378_975_999_999_999n;

const months = 'January February March April May June July August September October November December'.split(
  ' ',
);
const days = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ');
const word = months.map((name) => `${name}|${name.slice(0, 3)}`).join('|');
const dayWord = days.map((name) => `${name}|${name.slice(0, 3)}`).join('|');

const datePart = [
  String.raw`(?<y1>\d{3,4})(?<sep>[-/.])(?<m1>\d{1,2})(?:\k<sep>(?<d1>\d{1,2}))?`,
  String.raw`(?<m2>\d{1,2})(?<sep2>[-/.])(?<d2>\d{1,2})\k<sep2>(?<y2>\d{4}|\d{2})`,
  String.raw`(?:(?:${dayWord}),?\s+)?(?<d3>\d{1,2})[-\s]+(?<n3>${word})(?:,?[-\s]+|,)(?<y3>\d{4})`,
  String.raw`(?:(?:${dayWord}),?\s+)?(?<n4>${word})\s+(?<d4>\d{1,2})(?:\s*,\s*|\s+)(?<y4>\d{4})`,
  String.raw`(?<n5>${word})[-\s]+(?<y5>\d{4})`,
].join('|');
const timePart = String.raw`(?<h>\d{1,2}):(?<mi>\d{1,2})(?::(?<s>\d{1,2})(?:[.,](?<f>\d{1,20}))?)?(?:\s*(?<ap>AM|PM))?`;
const zonePart = String.raw`\s*(?:(?<z>Z)|(?<sign>[-+])(?<zh>\d{1,2})(?::?(?<zm>\d{2}))?)`;
const written = new RegExp(String.raw`^(?<day>${dayWord})?.*?$`, 'i');
const pattern = new RegExp(
  `^(?:${datePart})(?:(?:(?<t>T)|\\s+)${timePart}(?:${zonePart}|(?<gmt>\\s+GMT))?|${zonePart
    .replace('<z>', '<z2>')
    .replace('<sign>', '<sign2>')
    .replace('<zh>', '<zh2>')
    .replace('<zm>', '<zm2>')})?$`,
  'i',
);

/** The moment that `text` tells, undefined where it tells none. */
export function parseMoment(text: string): Moment | undefined {
  const bare = text.trim();
  // Longer than any date; and white space is the only part that may be long.
  if (bare.length > 100) return undefined;
  const found = pattern.exec(bare)?.groups;
  if (found === undefined) return undefined;
  if (found['gmt'] !== undefined && found['t'] !== undefined) return undefined;
  const name = found['n3'] ?? found['n4'] ?? found['n5'];
  const month =
    name === undefined
      ? Number(found['m1'] ?? found['m2'])
      : months.findIndex((one) => one.slice(0, 3).toLowerCase() === name.slice(0, 3).toLowerCase()) + 1;
  const day = Number(found['d1'] ?? found['d2'] ?? found['d3'] ?? found['d4'] ?? 1);
  const year = yearOf((found['y1'] ?? found['y2'] ?? found['y3'] ?? found['y4'] ?? found['y5'])!);
  const hour = hourOf(found['h'], found['ap']?.toUpperCase());
  const minute = Number(found['mi'] ?? 0);
  const second = Number(found['s'] ?? 0);
  if (hour === undefined || hour > 23 || minute > 59 || second > 59) return undefined;
  const at = dayTicks(year, month, day);
  if (at === undefined || !weekdayFits(bare, at)) return undefined;
  const fraction = BigInt(Math.round(Number(`0.${found['f'] ?? '0'}`) * 10_000_000));
  const face = at + BigInt((hour * 60 + minute) * 60 + second) * 10_000_000n + fraction;
  if (face > faceMax) return undefined;
  if (found['z'] !== undefined || found['z2'] !== undefined || found['gmt'] !== undefined) {
    return { face, zone: 'utc', offset: 0 };
  }
  const sign = found['sign'] ?? found['sign2'];
  if (sign === undefined) return { face, zone: 'none', offset: 0 };
  const hours = Number(found['zh'] ?? found['zh2']);
  const minutes = Number(found['zm'] ?? found['zm2'] ?? 0);
  const size = hours * 60 + minutes;
  if (minutes > 59 || size > 14 * 60) return undefined;
  const offset = sign === '-' ? -size : size;
  const utc = face - BigInt(offset) * ticksPerMinute;
  return utc < 0n || utc > faceMax ? undefined : { face, zone: 'offset', offset };
}

function yearOf(digits: string): number {
  const year = Number(digits);
  if (digits.length > 2) return year;
  return year > 49 ? 1900 + year : 2000 + year;
}

function hourOf(digits: string | undefined, half: string | undefined): number | undefined {
  const hour = Number(digits ?? 0);
  if (half === 'PM') return hour < 12 ? hour + 12 : hour;
  if (half === 'AM') return hour === 12 ? 0 : hour > 12 ? undefined : hour;
  return hour;
}

function weekdayFits(text: string, ticks: bigint): boolean {
  const named = written.exec(text)?.groups?.['day'];
  return named === undefined || weekday(ticks).toLowerCase().startsWith(named.toLowerCase());
}

const weekday = (face: bigint): string => days[Number((face / ticksPerDay + 1n) % 7n)]!;

function dayTicks(year: number, month: number, day: number): bigint | undefined {
  if (year < 1 || year > 9999 || month < 1 || month > 12) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(date.getTime()) * 10_000n + epoch;
}

/** The same moment with this machine's offset. A face without a zone is taken as one of this machine. */
export function inLocalZone(moment: Moment): Moment {
  if (moment.zone === 'none') return { ...moment, zone: 'local', offset: localOffset(moment.face) };
  const utc = utcOf(moment);
  const offset = -dateOf(utc).getTimezoneOffset();
  return { face: utc + BigInt(offset) * ticksPerMinute, zone: 'local', offset };
}

/** The offset of this machine, in minutes, when its clocks show `face`. */
export function localOffset(face: bigint): number {
  const shown = dateOf(face);
  const local = new Date(
    shown.getUTCFullYear(),
    shown.getUTCMonth(),
    shown.getUTCDate(),
    shown.getUTCHours(),
    shown.getUTCMinutes(),
  );
  local.setFullYear(shown.getUTCFullYear());
  return -local.getTimezoneOffset();
}

export function momentOf(milliseconds: number, zone: 'utc' | 'none'): Moment {
  const shown =
    zone === 'utc' ? milliseconds : milliseconds - new Date(milliseconds).getTimezoneOffset() * 60_000;
  return { face: BigInt(shown) * 10_000n + epoch, zone, offset: 0 };
}

const utcOf = ({ face, offset }: Moment): bigint => face - BigInt(offset) * ticksPerMinute;
const dateOf = (face: bigint): Date => new Date(Number((face - epoch) / 10_000n));
export const isInRange = (face: bigint): boolean => face >= 0n && face <= faceMax;

const standard: Readonly<Record<string, string>> = {
  d: 'MM/dd/yyyy',
  D: 'dddd, dd MMMM yyyy',
  f: 'dddd, dd MMMM yyyy HH:mm',
  F: 'dddd, dd MMMM yyyy HH:mm:ss',
  g: 'MM/dd/yyyy HH:mm',
  G: 'MM/dd/yyyy HH:mm:ss',
  m: 'MMMM dd',
  M: 'MMMM dd',
  o: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
  O: "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK",
  r: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  R: "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
  s: "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
  t: 'HH:mm',
  T: 'HH:mm:ss',
  u: "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
  U: 'dddd, dd MMMM yyyy HH:mm:ss',
  y: 'yyyy MMMM',
  Y: 'yyyy MMMM',
};

/** A moment by a format; one with an offset of its own (`DateTimeOffset`) differs in a few. Throws FormatInvalid. */
export function formatMoment(given: Moment, format: string, kind: 'date' | 'offset'): string {
  let moment = given;
  let custom = format;
  if (format === '') custom = kind === 'offset' ? 'MM/dd/yyyy HH:mm:ss zzz' : standard['G']!;
  if (format.length === 1) {
    custom = standard[format] ?? '';
    if (custom === '' || (format === 'U' && kind === 'offset')) throw new FormatInvalid();
    const inUtc = format === 'U' || (kind === 'offset' && 'rRu'.includes(format));
    if (inUtc) moment = { face: utcOf(moment), zone: 'utc', offset: 0 };
  }
  return writeCustom(moment, custom, kind);
}

function writeCustom(moment: Moment, format: string, kind: 'date' | 'offset'): string {
  let out = '';
  for (let at = 0; at < format.length;) {
    const unit = format[at]!;
    if (unit === "'" || unit === '"') {
      const [text, end] = quotedPart(format, at);
      out += text;
      at = end;
    } else if (unit === '\\') {
      if (at + 1 >= format.length) throw new FormatInvalid();
      out += format[at + 1]!;
      at += 2;
    } else if (unit === '%') {
      const next = format[at + 1];
      if (next === undefined || next === '%') throw new FormatInvalid();
      out += writeCustom(moment, next, kind);
      at += 2;
    } else if ('dMyhHmstfFgzK'.includes(unit)) {
      let count = 1;
      // Each K stands for itself.
      while (unit !== 'K' && format[at + count] === unit) count += 1;
      const text = field(moment, unit, count, kind);
      if (unit === 'F' && text === '' && out.endsWith('.')) out = out.slice(0, -1);
      out += text;
      at += count;
    } else {
      out += unit;
      at += 1;
    }
  }
  return out;
}

function quotedPart(format: string, start: number): [string, number] {
  const quote = format[start]!;
  let text = '';
  for (let at = start + 1; at < format.length; at += 1) {
    if (format[at] === quote) return [text, at + 1];
    if (format[at] === '\\') at += 1;
    if (at >= format.length) break;
    text += format[at]!;
  }
  throw new FormatInvalid();
}

function field(moment: Moment, unit: string, count: number, kind: 'date' | 'offset'): string {
  const { face, zone, offset } = moment;
  const date = dateOf(face - (face % 10_000_000n));
  const two = (value: number): string => String(value).padStart(Math.min(count, 2), '0');
  switch (unit) {
    case 'd':
      if (count > 2) return count === 3 ? weekday(face).slice(0, 3) : weekday(face);
      return two(date.getUTCDate());
    case 'M': {
      const name = months[date.getUTCMonth()]!;
      if (count > 2) return count === 3 ? name.slice(0, 3) : name;
      return two(date.getUTCMonth() + 1);
    }
    case 'y': {
      const year = date.getUTCFullYear();
      return count <= 2 ? two(year % 100) : String(year).padStart(count, '0');
    }
    case 'h':
      return two(date.getUTCHours() % 12 || 12);
    case 'H':
      return two(date.getUTCHours());
    case 'm':
      return two(date.getUTCMinutes());
    case 's':
      return two(date.getUTCSeconds());
    case 't':
      return (date.getUTCHours() < 12 ? 'AM' : 'PM').slice(0, count === 1 ? 1 : 2);
    case 'f':
    case 'F': {
      if (count > 7) throw new FormatInvalid();
      const digits = String(face % 10_000_000n)
        .padStart(7, '0')
        .slice(0, count);
      return unit === 'f' ? digits : digits.replace(/0+$/, '');
    }
    case 'g':
      return 'A.D.';
    case 'z':
      return zoneText(zone === 'none' ? localOffset(face) : offset, count);
    default:
      if (kind === 'date' && zone === 'none') return '';
      return kind === 'date' && zone === 'utc' ? 'Z' : zoneText(offset, 3);
  }
}

function zoneText(offset: number, count: number): string {
  const size = Math.abs(offset);
  const hours = String(Math.floor(size / 60)).padStart(Math.min(count, 2), '0');
  const minutes = count < 3 ? '' : `:${String(size % 60).padStart(2, '0')}`;
  return `${offset < 0 ? '-' : '+'}${hours}${minutes}`;
}
