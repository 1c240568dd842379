import type { Transport } from '../../src/sync/index.ts';
import type { Place } from '../../src/sync/index.ts';
import type { Chance } from './chance.ts';
import type { Defect } from './defects.ts';
import type { Machine } from './machine.ts';

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
  /** What all machines are called. */
  readonly names: readonly string[];
  /** The machine that the link does not join. */
  readonly third: () => Machine;
  /** A mistake that the program is to have. */
  readonly defect: Defect | undefined;
};

/**
 * How the parcels of one link travel. Whatever happens on the way must cost time and nothing else. A way that is
 * built of the real thing joins by giving this, and a row in `carriages.ts`.
 */
export type Carriage = {
  readonly kind: string;
  /** The transport of one end as a process that has just begun has it; a way without one is exchanged over by hand. */
  open?(side: Side): Transport;
  /** One end takes in what there is, and gives out what the other lacks; `leaves` is told up to where its feed is in that. */
  exchange?(side: Side, machine: Machine, leaves: (last: Place) => void): Promise<string>;
  /** Something happens to what travels from `from` to the other end; a word on what it was. */
  happen(what: Mischief, from: Side, chance: Chance): string;
  /** Somebody carries what lies ready, where that takes somebody. */
  carry(chance: Chance): Promise<string> | void;
  /** What would wait for ever though its first end has just looked after it, in words. */
  stalled?(): readonly string[];
  /** Nothing more happens from here on, and what was held back comes. */
  heal(): Promise<void> | void;
};
