import { html, type Html } from './html.ts';

/** How long `seconds` are, in the largest unit that fits: `45 s`, `3 min`, `5 h`, `12 days`, `4 months`. */
export function span(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min`;
  if (whole < 48 * 3600) return `${Math.floor(whole / 3600)} h`;
  if (whole < 61 * 86_400) return `${Math.floor(whole / 86_400)} days`;
  return `${Math.floor(whole / (30.44 * 86_400))} months`;
}

/** `3 min ago` as seen from `now`; a time that lies ahead comes from another machine's clock and is said so. */
export function ago(at: string, now: string): string {
  const seconds = (Date.parse(now) - Date.parse(at)) / 1000;
  if (Number.isNaN(seconds)) return 'at an unreadable time';
  if (seconds < -60) return `${span(-seconds)} ahead of this clock`;
  return seconds < 5 ? 'just now' : `${span(seconds)} ago`;
}

/** A time as people say it, with the exact one for who asks. */
export function since(at: string, now: string): Html {
  return html`<time datetime="${at}" title="${exact(at)}">${ago(at, now)}</time>`;
}

/** `2026-03-03 14:05:11 UTC`. */
export function exact(at: string): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return at;
  return `${new Date(time).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `45.0 MB`, in the units of package feeds: powers of 1000. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB', 'TB'];
  let [value, unit] = [bytes / 1000, 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ${units[unit]}`;
}

/** `1 release`, `2 releases`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

/**
 * The command to type, each word quoted for a POSIX shell where it needs to be: names come from the other side,
 * and what is copied from this page is run.
 */
export function command(...words: readonly string[]): string {
  return ['crossgap', ...words].map(shellWord).join(' ');
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_%+=:,./@-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
