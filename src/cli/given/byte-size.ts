import { misuse } from '../command.ts';

const units: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1000,
  kb: 1000,
  m: 1000 ** 2,
  mb: 1000 ** 2,
  g: 1000 ** 3,
  gb: 1000 ** 3,
  kib: 1024,
  mib: 1024 ** 2,
  gib: 1024 ** 3,
};

/** Bytes a person wrote: `4400MB` counts in thousands, `4095MiB` in 1024s. @throws CliError USAGE_INVALID */
export function bytesNamed(text: string, option: string): number {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = unit === undefined ? undefined : units[unit.toLowerCase()];
  const bytes = Math.floor(Number(digits) * (factor ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw misuse(
    `Cannot follow ${option} ${text}: it is not a size`,
    'Write, for example, 700MB, 4095MiB or 4.7GB.',
  );
}

/** A whole number from 1 on. @throws CliError USAGE_INVALID */
export function numberNamed(text: string, option: string): number {
  const number = Number(text);
  if (/^\d{1,6}$/.test(text) && number > 0) return number;
  throw misuse(
    `Cannot follow ${option} ${text}: it is not a number from 1 on`,
    `Write, for example, ${option} 3.`,
  );
}
