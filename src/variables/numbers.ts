/** Numbers as .NET reads and prints them in the invariant culture. */
import { trimmed } from './characters.ts';

/**
 * A double as .NET prints it without a format: the shortest digits that give it back, with an exponent below 0.0001
 * and from 1E+17 on.
 */
export function formatDouble(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (value === 0) return `${sign}0`;
  const { digits, point } = shortestDigits(Math.abs(value));
  if (point > 17 || point < -3) return `${sign}${scientific(digits, point - 1, 'E', 2)}`;
  return sign + plain(digits, point);
}

/** The shortest digits of a positive double, and how many of them stand before the point. */
export function shortestDigits(value: number): { digits: string; point: number } {
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/** Digits with a point after `point` of them, without zeros at the end. */
export function plain(digits: string, point: number): string {
  if (point <= 0) return `0.${'0'.repeat(-point)}${digits}`;
  if (digits.length <= point) return digits.padEnd(point, '0');
  return `${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Digits with a point after the first, and an exponent of at least `width` digits and a sign. */
export function scientific(digits: string, exponent: number, letter: string, width: number): string {
  const fraction = digits.slice(1);
  const size = String(Math.abs(exponent)).padStart(width, '0');
  return `${digits[0]!}${fraction === '' ? '' : `.${fraction}`}${letter}${exponent < 0 ? '-' : '+'}${size}`;
}

const number =
  /^(?<lead>[-+]?)(?:(?<whole>[0-9][0-9,]*)(?:\.(?<fraction>[0-9]*))?|\.(?<only>[0-9]+))(?<exponent>[eE][-+]?[0-9]+)?(?<trail>[\t-\r ]*[-+])?$/;

type Written = {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
  readonly exponent: string;
};
type Allowed = { readonly exponent: boolean; readonly thousands: boolean; readonly signAfter: boolean };

/** The parts of a number, undefined where something in it is not allowed. */
function readWritten(text: string, allowed: Allowed): Written | undefined {
  const groups = number.exec(dropSpace(text))?.groups;
  if (groups === undefined) return undefined;
  const { lead = '', whole = '', fraction, only, exponent = '', trail = '' } = groups;
  if (trail !== '' && (lead !== '' || !allowed.signAfter)) return undefined;
  if (exponent !== '' && !allowed.exponent) return undefined;
  if (whole.includes(',') && !allowed.thousands) return undefined;
  const negative = lead === '-' || trail.endsWith('-');
  return { negative, whole: whole.replaceAll(',', ''), fraction: fraction ?? only ?? '', exponent };
}

/** As .NET's `double.TryParse`, undefined where it fails. */
export function parseDouble(text: string, withThousands = true): number | undefined {
  const word = /^[-+]?(?:nan|infinity)$/i.exec(trimmed(text))?.[0].toLowerCase();
  if (word !== undefined) {
    if (word.endsWith('nan')) return Number.NaN;
    return word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const written = readWritten(text, { exponent: true, thousands: withThousands, signAfter: false });
  if (written === undefined) return undefined;
  const { negative, whole, fraction, exponent } = written;
  const value = Number(`${whole || '0'}.${fraction || '0'}${exponent}`);
  return negative ? -value : value;
}

/** As .NET's `int.TryParse`: surrounding white space and a sign, 32 bits; undefined where it fails. */
export function parseInt32(text: string): number | undefined {
  const found = /^[-+]?[0-9]+$/.exec(dropSpace(text));
  if (found === null) return undefined;
  const value = Number(found[0]);
  return value >= -2147483648 && value <= 2147483647 ? (value === 0 ? 0 : value) : undefined;
}

/** Around a number stands white space of ASCII alone, and behind it NULs. */
function dropSpace(text: string): string {
  const isSpace = (unit: number): boolean => unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  let start = 0;
  let end = text.length;
  while (end > start && text.charCodeAt(end - 1) === 0) end -= 1;
  while (start < end && isSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

/** A decimal: an integer of up to 96 bits, divided by a power of ten. */
export type Decimal = { readonly negative: boolean; readonly digits: bigint; readonly scale: number };
const decimalMax = 2n ** 96n - 1n;

/** As .NET's `decimal.TryParse`; undefined where it fails or the number is too large. */
export function parseDecimal(text: string): Decimal | undefined {
  const written = readWritten(text, { exponent: false, thousands: true, signAfter: true });
  if (written === undefined) return undefined;
  const { negative, whole } = written;
  const fraction = written.fraction.slice(0, 60);
  let digits = BigInt(`${whole.replace(/^0+/, '') || '0'}${fraction}`);
  let scale = fraction.length;
  if (whole.length > 60) return undefined;
  while (scale > 28 || (digits > decimalMax && scale > 0)) {
    // One step would round twice: all that is too much goes at once.
    let drop = Math.max(scale - 28, 1);
    while (digits / 10n ** BigInt(drop) > decimalMax && drop < scale) drop += 1;
    digits = roundHalfEven(digits, drop);
    scale -= drop;
  }
  return digits > decimalMax ? undefined : { negative: negative && digits !== 0n, digits, scale };
}

function roundHalfEven(digits: bigint, drop: number): bigint {
  const unit = 10n ** BigInt(drop);
  const quotient = digits / unit;
  const rest = (digits % unit) * 2n;
  return rest > unit || (rest === unit && quotient % 2n === 1n) ? quotient + 1n : quotient;
}
