// Sizes, times, counts and commands as the command line and the page say them to people, in the same words.

/** `45.0 MB`, in the units of package feeds: powers of 1000. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes / 1000, 0];
  // What would be rounded up to 1000 is one of the next unit.
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 99.95 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** How long `seconds` are, in the largest unit that fits: `45 s`, `3 min`, `5 h`, `12 days`, `4 months`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)} h`;
  if (whole < 61 * 86_400) return `${Math.floor(whole / 86_400)} days`;
  return `${Math.floor(whole / (30.44 * 86_400))} months`;
}

/** How long something took, in two units where that tells more: `0.4 s`, `12 s`, `4 min 10 s`, `2 h 5 min`. */
export function took(milliseconds: number): string {
  const tenths = Math.max(0, Math.round(milliseconds / 100));
  if (tenths < 100) return `${(tenths / 10).toFixed(1)} s`;
  const seconds = Math.round(tenths / 10);
  const inTwo = (whole: number, unit: string, rest: number, restUnit: string): string =>
    rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return inTwo(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  const minutes = Math.round(seconds / 60);
  return minutes < 48 * 60 ? inTwo(Math.floor(minutes / 60), 'h', minutes % 60, 'min') : span(seconds);
}

/** How long what began and ended then took, in words; null where one of the two is not known. Times are ISO 8601. */
export function durationOf({
  startedAt,
  endedAt,
}: {
  readonly startedAt?: string | null;
  readonly endedAt?: string | null;
}): string | null {
  if (!startedAt || !endedAt) return null;
  return took(Date.parse(endedAt) - Date.parse(startedAt));
}

/** A time: ISO 8601, or milliseconds since 1970. */
export type Moment = string | number;

/** `3 min ago` as seen from `now`; a time that lies ahead comes from another machine's clock and is said so. */
export function ago(at: Moment, now: Moment): string {
  const seconds = (new Date(now).getTime() - new Date(at).getTime()) / 1000;
  if (Number.isNaN(seconds)) return 'at an unreadable time';
  if (seconds < -60) return `${span(-seconds)} ahead of this clock`;
  return seconds < 5 ? 'just now' : `${span(seconds)} ago`;
}

/** How long something has lasted, as seen from `now`: `for 3 min`. */
export function lastingFor(from: Moment, now: Moment): string {
  const seconds = (new Date(now).getTime() - new Date(from).getTime()) / 1000;
  if (Number.isNaN(seconds)) return 'since an unreadable time';
  return seconds < 5 ? 'just now' : `for ${span(seconds)}`;
}

/** `2026-03-03 14:05:11 UTC`; what is no time stands as it is. */
export function moment(at: Moment): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return String(at);
  return `${time.toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/**
 * An integer as `2,100`. Without asking the runtime, which reads the tables of all languages for it: 30 ms and 8 MB that
 * nothing else needs.
 */
export function amount(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}

/** `1 release`, `2 releases`, `2,100 entries`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${amount(number)} ${number === 1 ? one : many}`;
}

/**
 * The command line to type, each word quoted for a POSIX shell where it needs to be: names come from the other side,
 * and what is copied from a screen is run.
 */
export function commandLine(...words: readonly string[]): string {
  return ['crossgap', ...words].map(shellWord).join(' ');
}

/** Enough of a digest to tell it from others. */
export const short = (digest: string): string => digest.slice(0, 12);

/** A word as a POSIX shell takes it. */
export function shellWord(word: string): string {
  return /^[A-Za-z0-9_%+=:,./@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
