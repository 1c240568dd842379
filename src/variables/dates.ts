import { systemClock } from '../clock.ts';
import type { Filter } from './filter.ts';
import { formatMoment, isInRange, momentOf, parseMoment, type Moment } from './moments.ts';
import { FormatInvalid } from './number-format.ts';
import { parseDouble } from './numbers.ts';

const ticksPerHour = 36_000_000_000;
const hoursMax = 9999 * 366 * 24;

/** Filters about the clock and the calendar. */
export const dateFilters = {
  nowdate: present('none'),
  nowdateutc: present('utc'),
  addhours: adds(1),
  adddays: adds(24),
} satisfies Record<string, Filter>;

function present(zone: 'none' | 'utc'): Filter {
  return (input, options, run) => {
    if (input !== undefined || options.length > 1) return undefined;
    run.unsteady += 1;
    return formatted(momentOf(systemClock.now(), zone), options[0] ?? 'O');
  };
}

/** What lies so many hours or days later; what the text says of a zone is kept. */
function adds(hours: number): Filter {
  return (input, options) => {
    if (input === undefined || options.length !== 1) return undefined;
    const moment = parseMoment(input);
    const amount = parseDouble(options[0]!, false);
    if (moment === undefined || amount === undefined || !(Math.abs(amount * hours) <= hoursMax))
      return undefined;
    const unit = ticksPerHour * hours;
    const whole = Math.trunc(amount);
    const ticks = BigInt(whole) * BigInt(unit) + BigInt(Math.trunc((amount - whole) * unit));
    const face = moment.face + ticks;
    return isInRange(face) ? formatted({ ...moment, face }, 'O') : undefined;
  };
}

function formatted(moment: Moment, format: string): string | undefined {
  try {
    return formatMoment(moment, format, 'date');
  } catch (error) {
    if (error instanceof FormatInvalid) return undefined;
    throw error;
  }
}
