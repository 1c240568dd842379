import { misuse } from '../command.ts';

const form = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?<zone>[Zz]|[+-]\d{2}:\d{2})?)?$/;

/** The moment a person wrote: a day or a time, UTC where no offset stands there. @throws CliError USAGE_INVALID */
export function timeNamed(text: string, option: string): Date {
  const found = form.exec(text);
  const isLocal = found !== null && text.includes('T') && found.groups?.['zone'] === undefined;
  const time = found === null ? undefined : new Date(isLocal ? `${text}Z` : text);
  // 2026-02-30 would quietly be the second of March.
  if (time !== undefined && !Number.isNaN(time.getTime()) && dayExists(text)) return time;
  throw misuse(
    `Cannot understand ${option} ${text}: it is not a day or a time`,
    'Write, for example, 2027-02-01 or 2027-02-01T12:00:00Z.',
  );
}

function dayExists(text: string): boolean {
  const day = text.slice(0, 10);
  const time = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(day);
}
