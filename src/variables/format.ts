import type { Filter } from './filter.ts';
import { formatMoment, inLocalZone, parseMoment, type Moment } from './moments.ts';
import { formatDecimal, formatFloat, formatInteger, FormatInvalid } from './number-format.ts';
import { parseDecimal, parseDouble, parseInt32 } from './numbers.ts';

type Formatter = (input: string, format: string) => string | undefined;

/** What the input is taken for, by the word before the format. */
const types: Readonly<Record<string, Formatter>> = {
  int: withRead(parseInt32, formatInteger),
  int32: withRead(parseInt32, formatInteger),
  double: withRead(parseDouble, formatFloat),
  decimal: withRead(parseDecimal, formatDecimal),
  date: withRead(readDate, (moment, format) => formatMoment(moment, format, 'date')),
  datetime: withRead(readDate, (moment, format) => formatMoment(moment, format, 'date')),
  datetimeoffset: withRead(readWithOffset, (moment, format) => formatMoment(moment, format, 'offset')),
};

/** The input by a .NET format string: as the named type, else as a number if it is one, else as a date. */
export const format: Filter = (input, options) => {
  if (input === undefined || options.length === 0 || options.length > 2) return undefined;
  const [first, second] = options;
  try {
    if (second !== undefined) {
      const type = first!.toLowerCase();
      return Object.hasOwn(types, type) ? types[type]!(input, second) : undefined;
    }
    const number = parseDecimal(input);
    return number === undefined ? types['datetimeoffset']!(input, first!) : formatDecimal(number, first!);
  } catch (error) {
    if (error instanceof FormatInvalid) return undefined;
    throw error;
  }
};

function withRead<Value>(
  read: (input: string) => Value | undefined,
  write: (value: Value, by: string) => string,
): Formatter {
  return (input, by) => {
    const value = read(input);
    return value === undefined ? undefined : write(value, by);
  };
}

function readDate(input: string): Moment | undefined {
  const moment = parseMoment(input);
  return moment === undefined || moment.zone === 'none' ? moment : inLocalZone(moment);
}

function readWithOffset(input: string): Moment | undefined {
  const moment = parseMoment(input);
  if (moment === undefined) return undefined;
  return moment.zone === 'none' ? inLocalZone(moment) : { ...moment, zone: 'offset' };
}
