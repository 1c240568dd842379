/*
 * How a row of entries is told on the wire, in parcels and in the names they lie under: by one number of 32 bits. It is the
 * epoch; what is given back to its author stands in the entries' own epoch plus 2^31. A program that knows nothing of
 * giving back carries such a row as any other, and its author takes the entries in by their own headers.
 */
import type { EntriesRow } from './transport.ts';

const givenBackFrom = 2 ** 31;

export function rowToWire({ epoch, givenBack }: EntriesRow): number {
  return givenBack ? givenBackFrom + epoch : epoch;
}

export function rowFromWire(number: number): EntriesRow {
  return number < givenBackFrom ? { epoch: number } : { epoch: number - givenBackFrom, givenBack: true };
}
