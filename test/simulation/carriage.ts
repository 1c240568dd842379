import type { Transport } from '../../src/sync/index.ts';
import type { Chance } from './chance.ts';

/** One of the two ends of a link. */
export type Side = 0 | 1;

/** What can happen to what is on its way. */
export const mischiefs = [
  'drop',
  'double',
  'shuffle',
  'cut',
  'flip',
  'forge',
  'replay',
  'withhold',
  'refuse',
  'swallow',
  'lose acks',
  'forget some',
  'forget all',
] as const;
export type Mischief = (typeof mischiefs)[number];

/** What a carriage is made of, whatever it is. */
export type CarriageParts = {
  /** Milliseconds that passed in the world; no clock of a machine. */
  readonly elapsed: () => number;
  /** Every parcel that was ever sent on any link, as bytes; at most some hundred. */
  readonly history: Buffer[];
  /** A folder of its own. */
  readonly folder: string;
  readonly link: string;
  /** Ids of the instances at both ends. */
  readonly ids: readonly [string, string];
};

/**
 * How the parcels of one link travel. Whatever happens on the way must cost time and nothing else. A way that is
 * built of the real thing joins by giving this, and a row in `carriages.ts`.
 */
export type Carriage = {
  readonly kind: string;
  /** The transport of one end as a process that has just begun has it. */
  open(side: Side): Transport;
  /** Something happens to what travels from `from` to the other end; a word on what it was. */
  happen(what: Mischief, from: Side, chance: Chance): string;
  /** Somebody carries what lies ready, where that takes somebody. */
  carry(chance: Chance): void;
  /** Nothing more happens from here on, and what was held back comes. */
  heal(): void;
};
