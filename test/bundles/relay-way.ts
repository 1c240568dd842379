import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../src/clock.ts';
import type { Instance } from '../../src/instance/index.ts';
import { personAt, type Answer, type Person } from '../cli/typed.ts';
import { heldClock, makeInstance, pair as pairWith, type Pair } from '../support/instances.ts';
import { bringAll, offerFile } from './support.ts';

export type Made = {
  readonly bundle: number;
  readonly parts: readonly { readonly part: number; readonly file: string }[];
};
export type Taken = {
  readonly bundles: readonly {
    readonly bundle: number;
    readonly outcome: string;
    readonly stored?: readonly number[];
    readonly hops?: readonly { readonly name: string; readonly arrived: boolean }[];
  }[];
  readonly hops: readonly { readonly bundle: number }[];
  readonly arrived: readonly { readonly bundle: number; readonly to: string }[];
};
export type Listed = readonly {
  readonly bundle: number;
  readonly receipted: boolean;
  readonly hops: readonly {
    readonly name: string;
    readonly arrived: boolean;
    readonly passedAt: string | null;
  }[];
}[];
export type Store = {
  readonly allowed: readonly { readonly for: string; readonly usedBytes: number }[];
  readonly bundles: readonly {
    readonly bundle: number;
    readonly parts: readonly { readonly part: number }[];
    readonly passedAt: string | null;
    readonly arrivedAt: string | null;
  }[];
};

/** A vendor, a plant, and two jump hosts between them that are paired with nobody. */
export type Way = Disposable & {
  readonly vendor: Instance;
  readonly plant: Instance;
  readonly acme: Person;
  readonly bankair: Person;
  readonly dmz: Person;
  readonly inner: Person;
  readonly hosts: { readonly dmz: Instance; readonly inner: Instance };
  /** Offers something new to the plant and makes a bundle of several parts. */
  bundle(medium: string, partSize?: string): Promise<Made>;
  /** Some bytes of what is in the newest bundle. */
  inside(): Buffer;
  /** A medium with nothing on it yet. */
  medium(): string;
};

export async function makeWay(root: string): Promise<Way> {
  const make = (name: string): Promise<Instance> => makeInstance(root, name, systemClock);
  const [vendor, plant] = [await make('acme'), await make('bankair')];
  const [dmz, inner] = [await make('bankair-dmz'), await make('bankair-inner')];
  const between = join(root, 'between');
  mkdirSync(between);
  const link = pairWith(vendor, plant, between);
  const pair: Pair = {
    clock: heldClock(),
    vendor,
    customer: plant,
    link,
    between,
    [Symbol.dispose]: () => undefined,
  };
  let [turn, media] = [0, 0];
  const acme = personAt(join(root, 'acme'));
  return {
    vendor,
    plant,
    acme,
    bankair: personAt(join(root, 'bankair')),
    dmz: personAt(join(root, 'bankair-dmz')),
    inner: personAt(join(root, 'bankair-inner')),
    hosts: { dmz, inner },
    async bundle(medium, partSize = '64KiB') {
      // What came before is of no matter: both sides have it.
      await bringAll(pair);
      turn += 1;
      const file = join(root, `notes-${turn}`);
      writeFileSync(file, randomBytes(150_000));
      await offerFile(pair, `1.${turn}.0`, file);
      const wish = ['--to', 'bankair', '--out', medium, '--part-size', partSize];
      return await acme.asks<Made>(['bundle', 'export', ...wish]);
    },
    inside: () => readFileSync(join(root, `notes-${turn}`)).subarray(1000, 1064),
    medium: () => {
      const path = join(root, `medium-${(media += 1)}`);
      mkdirSync(path);
      return path;
    },
    [Symbol.dispose]() {
      for (const one of [vendor, plant, dmz, inner]) one.close();
    },
  };
}

export const imports = (at: Person, medium: string): Promise<Taken> => at.asks(['bundle', 'import', medium]);
export const passes = (at: Person, to: string, medium: string, ...more: string[]): Promise<unknown> =>
  at.asks(['bundle', 'export', '--to', to, '--out', medium, ...more]);
export const fails = (at: Person, ...line: string[]): Promise<Answer> => at.types([...line, '--json']);

/** Parts by name with their bytes; hop notes aside. */
export function partsOn(medium: string): Map<string, Buffer> {
  const names = readdirSync(medium).filter((name) => /\.\d{3}$/.test(name));
  return new Map(names.map((name) => [name, readFileSync(join(medium, name))]));
}

export const notesOn = (medium: string): string[] =>
  readdirSync(medium)
    .filter((name) => name.endsWith('.hop'))
    .map((name) => join(medium, name));

/** A copy of a medium on which one byte in the middle of a file is another. */
export function altered(from: string, to: string, name: string, at?: number): string {
  cpSync(from, to, { recursive: true });
  const path = join(to, name);
  const bytes = readFileSync(path);
  const where = at ?? bytes.length - 1000;
  bytes[where] = bytes[where]! ^ 1;
  writeFileSync(path, bytes);
  return path;
}
