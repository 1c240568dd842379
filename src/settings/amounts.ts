import { z } from 'zod';

const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1000,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  TB: 1000 ** 4,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
};

/** Bytes as a person writes them, with what follows the unit: `20 GB`, `512KiB`, `2 MB/s`. */
export function bytesWritten(after: '' | '/s') {
  const pattern = new RegExp(`^(\\d{1,12}(?:\\.\\d{1,6})?) ?(${Object.keys(units).join('|')})${after}$`);
  return z.string().transform((text, context) => {
    const [, amount, unit] = pattern.exec(text) ?? [];
    const bytes = Math.floor(Number(amount) * (units[unit ?? ''] ?? Number.NaN));
    if (Number.isSafeInteger(bytes) && (bytes > 0 || after === '')) return bytes;
    context.addIssue(`expected an amount such as "20 MB${after}"`);
    return z.NEVER;
  });
}

/** A stretch of each day, `HH:MM-HH:MM`, as minutes since midnight. */
export const dayWindow = z.string().transform((text, context) => {
  const [, ...numbers] = /^([01]\d|2[0-3]):([0-5]\d) ?[-–] ?([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  const [fromHour, fromMinute, toHour, toMinute] = numbers.map(Number);
  if (fromHour === undefined || fromMinute === undefined || toHour === undefined || toMinute === undefined) {
    context.addIssue('expected a time of day from and to, such as "20:00-06:00"');
    return z.NEVER;
  }
  return { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute };
});
