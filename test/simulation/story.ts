import type { Way } from './carriages.ts';
import { mischiefs, type Mischief, type Side } from './carriage.ts';
import { chance, type Chance } from './chance.ts';

/** The machines of a world: each has a link with each of the others. */
export const names = ['vendor', 'hub', 'customer'] as const;

/** Something people do at a machine that ends in entries. */
export const deeds = ['offer', 'withdraw', 'value', 'values', 'answer', 'report', 'input', 'secret'] as const;
export type Deed = (typeof deeds)[number];

/** One thing that happens. Everything it leaves open is settled by `luck`, so that dropping another changes nothing in it. */
export type Step = { readonly luck: number } & (
  | { readonly does: 'deed'; readonly who: number; readonly deed: Deed }
  | { readonly does: 'exchange'; readonly who: number; readonly link: number }
  | {
      readonly does: 'crash';
      readonly who: number;
      readonly link: number;
      readonly point: string;
      readonly pass: number;
    }
  | { readonly does: 'kill' | 'back up' | 'fill disk' | 'clear disk'; readonly who: number }
  | { readonly does: 'restore'; readonly who: number; readonly withSideFile: boolean }
  | { readonly does: 'mischief'; readonly link: number; readonly from: Side; readonly what: Mischief }
  | { readonly does: 'carry'; readonly link: number }
  | { readonly does: 'time'; readonly ms: number }
  | { readonly does: 'clock'; readonly who: number; readonly wrongByMs: number }
  | { readonly does: 'give back'; readonly who: number; readonly link: number }
);

export type Story = {
  readonly seed: number;
  /** Whether the machines have heard of each other; a backup from before that would need a new pairing. */
  readonly met: boolean;
  /** Which kind each link is of. */
  readonly kinds: readonly Way[];
  readonly steps: readonly Step[];
};

/** The points at which a process can end while it appends or exchanges. */
export const crashPoints = [
  'log.append.begin',
  'log.append.inserted',
  'log.append.committed',
  'log.receive.inserted',
  'log.receive.committed',
  'side-file.written',
  'side-file.renamed',
  'side-file.saved',
  'sync.parcel-written',
  'sync.parcel-renamed',
  'sync.settled',
  'sync.entries-received',
  'sync.chunk-written',
  'sync.chunk-noted',
  'sync.blob-complete',
  'sync.blob-whole',
  'sync.blob-adopted',
  'sync.blob-refused',
  'store.half-written',
  'store.before-fsync',
  'store.before-adopt',
  'store.before-rename',
  'store.after-rename',
  'bundle.part-half-written',
  'bundle.part-written',
  'bundle.part-renamed',
  'relay.part-stored',
  'relay.part-passed',
  'relay.recorded',
] as const;

const day = 86_400_000;
const clockErrors = [0, 0, -day, day, 400 * day, -3650 * day, 3650 * day];

/** How much of each kind of trouble a world sees; drawn for each world, so that each kind is met alone and with others. */
export type Weather = {
  readonly crash: number;
  readonly mischief: number;
  readonly restore: number;
  readonly disk: number;
};

/** What happens in the world of this seed. */
export function storyOf(seed: number, ways: readonly Way[], wished: Partial<Weather> = {}): Story {
  const luck = chance(seed);
  const kinds = names.map(() => luck.one(ways));
  const weather: Weather = {
    crash: luck.one([0, 10, 30]),
    mischief: luck.one([0, 15, 40]),
    restore: luck.one([0, 0, 10]),
    disk: luck.one([0, 0, 10]),
    ...wished,
  };
  const met = luck.below(2) === 0;
  const length = 6 + luck.below(14);
  const steps: Step[] = [];
  while (steps.length < length) steps.push(...sceneOf(luck, weather));
  return { seed, met, kinds, steps };
}

/** Whom the n-th end of each machine leads to. */
const peers = [
  [1, 2],
  [0, 2],
  [1, 0],
] as const;

/** A few steps that belong together, so that what happens meets something to happen to. */
function sceneOf(luck: Chance, weather: Weather): Step[] {
  const who = luck.below(names.length);
  const link = luck.below(2);
  const next = (): { luck: number } => ({ luck: luck.below(2 ** 31) });
  const deed = (at: number): Step => ({ ...next(), does: 'deed', who: at, deed: luck.one(deeds) });
  const exchange = (at: number, over: number): Step => ({ ...next(), does: 'exchange', who: at, link: over });
  const peer = peers[who]![link]!;

  const scenes: readonly [weight: number, scene: () => Step[]][] = [
    [20, () => [deed(who)]],
    [25, () => [exchange(who, luck.below(2))]],
    [5, () => [0, 1, 2].map((at) => exchange(at, luck.below(2)))],
    [5, () => [{ ...next(), does: 'carry', link: luck.below(3) }]],
    [3, () => [{ ...next(), does: 'time', ms: luck.one([1000, 30_000, 61_000, day]) }]],
    [2, () => [{ ...next(), does: 'clock', who, wrongByMs: luck.one(clockErrors) }]],
    [
      weather.crash,
      () => {
        const point = luck.one(crashPoints);
        const crash: Step = { ...next(), does: 'crash', who, link, point, pass: 1 + luck.below(2) };
        const kill: Step = { ...next(), does: 'kill', who };
        return luck.one([
          [crash],
          [deed(peer), exchange(peer, luck.below(2)), crash],
          [crash, crash],
          [kill],
        ]);
      },
    ],
    [
      weather.mischief,
      () => {
        const over = luck.below(3);
        const from = luck.below(2) as Side;
        const sender = over === 2 ? (from === 0 ? 2 : 0) : over + from;
        const mischief = (): Step => ({
          ...next(),
          does: 'mischief',
          link: over,
          from,
          what: luck.one(mischiefs),
        });
        const send = [deed(sender), exchange(sender, 0), exchange(sender, 1)];
        return luck.one([[mischief()], [...send, mischief()], [...send, mischief(), mischief()]]);
      },
    ],
    [
      weather.restore,
      () => {
        const backUp: Step = { ...next(), does: 'back up', who };
        const restore: Step = { ...next(), does: 'restore', who, withSideFile: luck.below(3) === 0 };
        const giveBack: Step = { ...next(), does: 'give back', who, link };
        const meanwhile = [deed(who), exchange(who, 0), exchange(who, 1), exchange(peer, luck.below(2))];
        return luck.one([
          [backUp],
          [backUp, ...meanwhile, restore],
          [backUp, ...meanwhile, ...meanwhile, restore, deed(who), exchange(who, link)],
          [restore],
          [giveBack],
        ]);
      },
    ],
    [weather.disk, () => [{ ...next(), does: luck.below(2) === 0 ? 'fill disk' : 'clear disk', who }]],
  ];
  let roll = luck.below(scenes.reduce((sum, [weight]) => sum + weight, 0));
  const [, scene] = scenes.find(([weight]) => (roll -= weight) < 0)!;
  return scene();
}
