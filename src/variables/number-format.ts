/**
 * Numbers by .NET's format strings in the invariant culture: standard ones (a letter and a precision), and custom ones
 * of `0 # . , % ‰ E ;`, quotes and backslashes.
 */
import { formatDouble, scientific, type Decimal } from './numbers.ts';

/** A format that the kind of number does not have. */
export class FormatInvalid extends Error {}

/** `0.digits` times ten to the power of `scale`; `digits` has no zero in front. A float keeps its sign at zero. */
type Digits = {
  readonly negative: boolean;
  readonly digits: string;
  readonly scale: number;
  readonly kind: 'integer' | 'decimal' | 'float';
};

const precisionMax = 1_000_000;

export function formatDecimal(value: Decimal, format: string): string {
  const { negative, digits, scale } = value;
  const written = digits === 0n ? '' : digits.toString();
  const number: Digits = { negative, digits: written, scale: written.length - scale, kind: 'decimal' };
  if (/^(?:|[gGrR]0*)$/.test(format)) {
    const text = digits.toString().padStart(scale + 1, '0');
    const sign = negative ? '-' : '';
    return sign + (scale === 0 ? text : `${text.slice(0, -scale)}.${text.slice(-scale)}`);
  }
  return formatDigits(number, format);
}

export function formatInteger(value: number, format: string): string {
  const standard = /^([dDxXbB])([0-9]{0,9})$/.exec(format);
  if (standard !== null) {
    const [, letter, precision] = standard;
    const width = admitted(Number(precision));
    if ('dD'.includes(letter!)) return (value < 0 ? '-' : '') + String(Math.abs(value)).padStart(width, '0');
    const bits = (value >>> 0).toString('bB'.includes(letter!) ? 2 : 16).padStart(width, '0');
    return letter === 'X' ? bits.toUpperCase() : bits;
  }
  if (/^(?:|[gGrR]0*)$/.test(format)) return String(value);
  const digits = value === 0 ? '' : String(Math.abs(value));
  return formatDigits({ negative: value < 0, digits, scale: digits.length, kind: 'integer' }, format);
}

export function formatFloat(value: number, format: string): string {
  if (!Number.isFinite(value) || /^(?:|[gGrR]0*|[rR][0-9]*)$/.test(format)) {
    const text = formatDouble(value);
    return /^[gr]/.test(format) ? text.replace('E', 'e') : text;
  }
  const exact = exactDigits(value);
  // A custom format sees fifteen digits.
  return formatDigits(isStandard(format) ? exact : rounded(exact, 15, 'even'), format);
}

/** All the digits of a double: there are finitely many. */
function exactDigits(value: number): Digits {
  const negative = value < 0 || Object.is(value, -0);
  if (value === 0) return { negative, digits: '', scale: 0, kind: 'float' };
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, Math.abs(value));
  const raw = bits.getBigUint64(0);
  const exponent = Number(raw >> 52n);
  const fraction = raw & (2n ** 52n - 1n);
  const mantissa = exponent === 0 ? fraction : fraction | (2n ** 52n);
  const power = Math.max(exponent, 1) - 1075;
  const digits = (power >= 0 ? mantissa << BigInt(power) : mantissa * 5n ** BigInt(-power)).toString();
  return { negative, digits, scale: digits.length + Math.min(power, 0), kind: 'float' };
}

const isStandard = (format: string): boolean => /^[A-Za-z][0-9]{0,9}$/.test(format);

function admitted(precision: number): number {
  if (precision > precisionMax) throw new FormatInvalid();
  return precision;
}

/** The number cut to `count` digits; trailing zeros go. */
function rounded(number: Digits, count: number, ties: 'up' | 'even'): Digits {
  const { digits, scale } = number;
  let kept = digits.slice(0, Math.max(count, 0));
  let point = scale;
  if (count >= 0 && count < digits.length) {
    const next = digits.charCodeAt(count) - 0x30;
    const tie = next === 5 && /^0*$/.test(digits.slice(count + 1));
    const odd = count > 0 && (digits.charCodeAt(count - 1) & 1) === 1;
    if (next > 5 || (next === 5 && (!tie || ties === 'up' || odd))) {
      const up = kept.replace(/9*$/, '');
      if (up === '') {
        kept = '1';
        point += 1;
      } else {
        kept = up.slice(0, -1) + String.fromCharCode(up.charCodeAt(up.length - 1) + 1);
      }
    }
  }
  kept = kept.replace(/0+$/, '');
  if (kept === '')
    return { ...number, digits: '', scale: 0, negative: number.kind === 'float' && number.negative };
  return { ...number, digits: kept, scale: point };
}

function formatDigits(number: Digits, format: string): string {
  if (!isStandard(format)) return formatCustom(number, format);
  const letter = format[0]!;
  const ties = number.kind === 'float' ? 'even' : 'up';
  const given = format.length > 1 ? admitted(Number(format.slice(1))) : undefined;
  switch (letter.toUpperCase()) {
    case 'F':
    case 'N': {
      const places = given ?? 2;
      const cut = rounded(number, number.scale + places, ties);
      return (cut.negative ? '-' : '') + fixed(cut, places, letter.toUpperCase() === 'N');
    }
    case 'C': {
      const places = given ?? 2;
      const cut = rounded(number, number.scale + places, ties);
      const text = `¤${fixed(cut, places, true)}`;
      return cut.negative ? `(${text})` : text;
    }
    case 'P': {
      const places = given ?? 2;
      const percent = number.digits === '' ? number : { ...number, scale: number.scale + 2 };
      const cut = rounded(percent, percent.scale + places, ties);
      return `${cut.negative ? '-' : ''}${fixed(cut, places, true)} %`;
    }
    case 'E': {
      const places = given ?? 6;
      const cut = rounded(number, places + 1, ties);
      const exponent = cut.digits === '' ? 0 : cut.scale - 1;
      return (cut.negative ? '-' : '') + scientific(cut.digits.padEnd(places + 1, '0'), exponent, letter, 3);
    }
    case 'G': {
      const cut = rounded(number, given!, ties);
      const sign = cut.negative ? '-' : '';
      if (cut.digits === '') return `${sign}0`;
      if (cut.scale > given! || cut.scale < -4 + 1) {
        return sign + scientific(cut.digits, cut.scale - 1, letter === 'g' ? 'e' : 'E', 2);
      }
      return sign + fixed(cut, Math.max(cut.digits.length - cut.scale, 0), false);
    }
    default:
      throw new FormatInvalid();
  }
}

function fixed({ digits, scale }: Digits, places: number, grouped: boolean): string {
  const whole = scale > 0 ? digits.slice(0, scale).padEnd(scale, '0') : '0';
  const fraction = (scale >= 0 ? digits.slice(scale) : '0'.repeat(Math.min(-scale, places)) + digits)
    .slice(0, places)
    .padEnd(places, '0');
  const shown = grouped ? whole.replaceAll(/\B(?=(?:\d{3})+$)/g, ',') : whole;
  return places === 0 ? shown : `${shown}.${fraction}`;
}

type Plan = {
  readonly digitCount: number;
  readonly decimalAt: number;
  readonly firstZero: number;
  readonly lastZero: number;
  readonly grouped: boolean;
  readonly exponent: boolean;
  readonly scaleBy: number;
};

function formatCustom(given: Digits, format: string): string {
  let section = sectionStart(format, given.digits === '' ? 2 : given.negative ? 1 : 0);
  let number = given;
  let plan = planOf(format, section);
  if (given.digits === '') {
    number = { ...given, scale: 0, negative: given.kind === 'float' && given.negative };
  } else {
    for (;;) {
      const scale = given.scale + plan.scaleBy;
      const count = plan.exponent ? plan.digitCount : scale + plan.digitCount - plan.decimalAt;
      number = rounded({ ...given, scale }, count, 'up');
      if (number.digits !== '') break;
      const other = sectionStart(format, 2);
      if (other === section) break;
      section = other;
      plan = planOf(format, section);
      break;
    }
  }
  return (number.negative && section === 0 ? '-' : '') + writeCustom(number, format, section, plan);
}

/** Where the section begins: of positive numbers, of negative ones, of zero. An empty one is the first. */
function sectionStart(format: string, section: number): number {
  if (section === 0) return 0;
  let left = section;
  for (let at = 0; at < format.length; at += 1) {
    const unit = format[at]!;
    if (unit === "'" || unit === '"') at = endOfQuote(format, at);
    else if (unit === '\\') at += 1;
    else if (unit === ';') {
      left -= 1;
      if (left === 0) return at + 1 < format.length && format[at + 1] !== ';' ? at + 1 : 0;
    }
  }
  return 0;
}

function endOfQuote(format: string, at: number): number {
  const end = format.indexOf(format[at]!, at + 1);
  return end < 0 ? format.length : end;
}

/** Whether an `E` at this place is followed by an exponent's zeros. */
function exponentAt(format: string, at: number): boolean {
  return /^[+-]?0/.test(format.slice(at + 1, at + 3));
}

function planOf(format: string, section: number): Plan {
  let digitCount = 0;
  let decimalAt = -1;
  let firstZero = Infinity;
  let lastZero = 0;
  let thousandsAt = -1;
  let thousands = 0;
  let grouped = false;
  let exponent = false;
  let scaleBy = 0;
  for (let at = section; at < format.length && format[at] !== ';'; at += 1) {
    const unit = format[at]!;
    if (unit === '#' || unit === '0') {
      if (unit === '0') {
        firstZero = Math.min(firstZero, digitCount);
        lastZero = digitCount + 1;
      }
      digitCount += 1;
    } else if (unit === '.') {
      if (decimalAt < 0) decimalAt = digitCount;
    } else if (unit === ',') {
      if (digitCount > 0 && decimalAt < 0) {
        if (thousandsAt === digitCount) {
          thousands += 1;
        } else {
          if (thousandsAt >= 0) grouped = true;
          thousandsAt = digitCount;
          thousands = 1;
        }
      }
    } else if (unit === '%') scaleBy += 2;
    else if (unit === '‰') scaleBy += 3;
    else if (unit === "'" || unit === '"') at = endOfQuote(format, at);
    else if (unit === '\\') at += 1;
    else if ((unit === 'E' || unit === 'e') && exponentAt(format, at)) {
      at += 1;
      while (format[at + 1] === '0') at += 1;
      exponent = true;
    }
  }
  if (decimalAt < 0) decimalAt = digitCount;
  if (thousandsAt >= 0) {
    if (thousandsAt === decimalAt) scaleBy -= thousands * 3;
    else grouped = true;
  }
  return { digitCount, decimalAt, firstZero, lastZero, grouped, exponent, scaleBy };
}

function writeCustom(number: Digits, format: string, section: number, plan: Plan): string {
  const { digits, scale } = number;
  const { digitCount, decimalAt, grouped } = plan;
  const firstZero = plan.firstZero < decimalAt ? decimalAt - plan.firstZero : 0;
  const lastZero = plan.lastZero > decimalAt ? decimalAt - plan.lastZero : 0;
  let place = plan.exponent ? decimalAt : Math.max(scale, decimalAt);
  let adjust = plan.exponent ? 0 : scale - decimalAt;
  let exponentLeft = plan.exponent;
  let pointWritten = false;
  let next = 0;
  let out = '';
  const put = (digit: string): void => {
    out += digit;
    if (grouped && place > 1 && (place - 1) % 3 === 0) out += ',';
  };
  for (let at = section; at < format.length && format[at] !== ';'; at += 1) {
    const unit = format[at]!;
    if (unit === '#' || unit === '0' || unit === '.') {
      for (; adjust > 0; adjust -= 1) {
        put(digits[next] ?? '0');
        next += 1;
        place -= 1;
      }
    }
    if (unit === '#' || unit === '0') {
      let digit = '';
      if (adjust < 0) {
        adjust += 1;
        if (place <= firstZero) digit = '0';
      } else if (next < digits.length) {
        digit = digits[next]!;
        next += 1;
      } else if (place > lastZero) digit = '0';
      if (digit !== '') put(digit);
      place -= 1;
    } else if (unit === '.') {
      if (
        place === 0 &&
        !pointWritten &&
        (lastZero < 0 || (decimalAt < digitCount && next < digits.length))
      ) {
        out += '.';
        pointWritten = true;
      }
    } else if (unit === "'" || unit === '"') {
      const end = endOfQuote(format, at);
      out += format.slice(at + 1, end);
      at = end;
    } else if (unit === '\\') {
      out += format[at + 1] ?? '';
      at += 1;
    } else if (unit === 'E' || unit === 'e') {
      const zeros = /^([+-]?)(0*)/.exec(format.slice(at + 1))!;
      at += zeros[0].length;
      if (exponentLeft && zeros[2] !== '') {
        const exponent = digits === '' ? 0 : scale - decimalAt;
        const sign = exponent < 0 ? '-' : zeros[1] === '+' ? '+' : '';
        out += unit + sign + String(Math.abs(exponent)).padStart(Math.min(zeros[2]!.length, 10), '0');
        exponentLeft = false;
      } else {
        out += unit + zeros[0];
      }
    } else if (unit !== ',') out += unit;
  }
  return out;
}
