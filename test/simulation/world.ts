import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { giveValue } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import type { Replica, Transport } from '../../src/sync/index.ts';
import { deliver, giveReceipt, heldClock, makeInstance, noon, pair } from '../support/instances.ts';
import type { Carriage, Side } from './carriage.ts';
import { carriages } from './carriages.ts';
import { Crash } from './crashes.ts';
import { gullible, hasty, trusting, type Defect } from './defects.ts';
import { Ledger } from './ledger.ts';
import { Machine, privateKeys, type MachineClock } from './machine.ts';
import { names, type Story } from './story.ts';
import { memory } from '../support/in-memory.ts';

/** Instances that are paired with each other, closed, and copied for every world: making keys takes long. */
export type Template = Disposable & {
  readonly root: string;
  /** Where they lie as they were paired, and as they were when each had heard of each. */
  readonly folders: { readonly paired: string; readonly met: string };
  readonly ids: readonly string[];
  /** The links in the order of `pairs`. */
  readonly links: readonly string[];
};

/** Which machines each link joins. */
export const pairs = [
  [0, 1],
  [1, 2],
  [2, 0],
] as const;

export async function makeTemplate(): Promise<Template> {
  const root = mkdtempSync(join(memory, 'crossgap-simulation-'));
  const clock = heldClock();
  const folders = { paired: join(root, 'paired'), met: join(root, 'met') };
  mkdirSync(folders.met);
  const instances: Instance[] = [];
  for (const name of names) instances.push(await makeInstance(folders.met, name, clock));
  const links = pairs.map(([a, b]) => pair(instances[a]!, instances[b]!, root));
  const ids = instances.map(({ identity }) => identity.instanceId);
  for (const { db } of instances) db.pragma('wal_checkpoint(TRUNCATE)');
  cpSync(folders.met, folders.paired, { recursive: true });
  for (const [at, [a, b]] of pairs.entries()) await meet(instances[a]!, instances[b]!, links[at]!);
  for (const instance of instances) instance.close();
  return {
    root,
    folders,
    ids,
    links,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Each side tells the other something, and hears that it was heard. */
async function meet(one: Instance, other: Instance, link: string): Promise<void> {
  const sides = [one, other] as const;
  for (const side of sides)
    side.record(() => giveValue([], { link, name: 'Name', value: side.identity.name }));
  for (let round = 0; round < 2; round++)
    for (const [from, to] of [sides, sides.toReversed()]) {
      await deliver(from!, to!, link);
      giveReceipt(to!, link);
    }
}

export type Link = {
  readonly id: string;
  readonly ends: readonly [number, number];
  readonly carriage: Carriage;
};

/** Three machines, the ways between them, and the time. */
export class World {
  readonly ledger = new Ledger();
  readonly history: Buffer[] = [];
  readonly machines: Machine[] = [];
  readonly links: readonly Link[];
  elapsedMs = 0;
  readonly #defect: Defect | undefined;
  readonly #root: string;

  private constructor(template: Template, story: Story, defect: Defect | undefined) {
    this.#defect = defect;
    this.#root = mkdtempSync(join(template.root, `world-${story.seed}-`));
    this.links = pairs.map((ends, at) => {
      const folder = join(this.#root, `link-${at}`);
      mkdirSync(folder);
      const [a, b] = ends;
      const carriage = carriages[story.kinds[at]!].make({
        elapsed: () => this.elapsedMs,
        history: this.history,
        folder,
        link: template.links[at]!,
        ids: [template.ids[a]!, template.ids[b]!],
        names,
        third: () => this.machines[3 - a - b]!,
        defect,
      });
      return { id: template.links[at]!, ends, carriage };
    });
    for (const [at, name] of names.entries()) {
      const folder = join(this.#root, name);
      cpSync(join(template.folders[story.met ? 'met' : 'paired'], name), folder, { recursive: true });
      privateKeys(folder);
      const clock: MachineClock = {
        wrongByMs: 0,
        now: () => Math.max(0, noon + this.elapsedMs + clock.wrongByMs),
      };
      this.machines.push(new Machine(name, folder, clock, this.#endsOf(at)));
    }
  }

  static async open(template: Template, story: Story, defect?: Defect): Promise<World> {
    const world = new World(template, story, defect);
    for (const machine of world.machines) await machine.start();
    return world;
  }

  /** The link a machine's n-th end belongs to. */
  linkOf(machine: Machine, end: number): Link {
    const { link } = machine.ends[end % machine.ends.length]!;
    return this.links.find(({ id }) => id === link)!;
  }

  peerOf(machine: Machine, { ends }: Link): Machine {
    const [a, b] = ends;
    return this.machines[a] === machine ? this.machines[b]! : this.machines[a]!;
  }

  /** What the exchange of this machine over this link works on. */
  replica(machine: Machine, link: string): Replica {
    const replica = machine.replica(link);
    const checked: Replica = {
      ...replica,
      incomingFile: (digest) =>
        machine.isFull ? join(machine.blockedFolder, digest) : replica.incomingFile(digest),
    };
    return this.#defect === 'skips the check of the chain' ? gullible(checked, machine.instance) : checked;
  }

  close(): void {
    for (const machine of this.machines) machine.close();
    rmSync(this.#root, { recursive: true, force: true });
  }

  #endsOf(machine: number): { link: string; open: () => Transport | undefined }[] {
    return this.links.flatMap(({ id, ends, carriage }) => {
      const side = ends.indexOf(machine);
      if (side === -1) return [];
      const sent = new Map<number, number>();
      const open = (): Transport | undefined => {
        const opened = carriage.open?.(side as Side);
        if (opened === undefined) return undefined;
        const transport = this.#watched(opened, this.machines[machine]!);
        return this.#defect === 'never sends again' ? trusting(transport, sent) : transport;
      };
      return [{ link: id, open }];
    });
  }

  /** Looks at all that leaves and at all that is said to be safe, and lets nothing out of a machine that has ended. */
  #watched(transport: Transport, machine: Machine): Transport {
    const alive = (): void => {
      if (machine.dead) throw new Crash('after the end');
    };
    const { ledger } = this;
    const watched: Transport = {
      ...transport,
      async send(parcel, signal) {
        alive();
        ledger.leaves(machine, parcel);
        await transport.send(parcel, signal);
      },
      async *receive(wanted, signal) {
        for await (const received of transport.receive(wanted, signal)) {
          if ('unreadable' in received) yield received;
          else
            yield {
              parcel: received.parcel,
              done: async () => {
                alive();
                ledger.acknowledged(machine, received.parcel);
                await received.done();
              },
            };
        }
      },
      async settle(settled) {
        alive();
        await transport.settle(settled);
      },
      [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
    };
    return this.#defect === 'acknowledges before it commits' ? hasty(watched) : watched;
  }
}
