import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import {
  findBundles,
  findHopNotes,
  importBundles,
  isForRelay,
  madeBundles,
  passOn,
  setAllowance,
  takeForRelay,
  waitingFor,
  type Found,
} from '../../src/bundles/index.ts';
import { importerOf, keptBundles } from '../../src/cli/bundles/bundle-ends.ts';
import { relayOf } from '../../src/cli/bundles/relay-end.ts';
import { CrossgapError } from '../../src/errors.ts';
import type { Instance } from '../../src/instance/index.ts';
import type { Place } from '../../src/sync/index.ts';
import { exportTo, never } from '../bundles/support.ts';
import type { Carriage, CarriageParts, Mischief, Side } from './carriage.ts';
import type { Chance } from './chance.ts';
import { flipped, forge } from './forge.ts';
import type { Machine } from './machine.ts';

const partBytes = 16 * 1024;

/**
 * Real bundles, made and taken in as the commands do it, with a courier who loses, repeats and damages what he carries.
 * He calls each file as he likes. `relayed`: he passes by the third machine, which stores and forwards what it can't read.
 */
export function bundles({ relayed }: { readonly relayed: boolean }, parts: CarriageParts): Carriage {
  const place = (...names: string[]): string => {
    const path = join(parts.folder, ...names);
    mkdirSync(path, { recursive: true });
    return path;
  };
  /** What one side has made, and what it finds on its desk. */
  const bag = (side: Side): string => place(`made-by-${side}`);
  const tray = (side: Side): string => place(`brought-to-${side}`);
  const remembered = place('remembered');
  const withheld = new Set<Side>();
  /** What each side had to give when it last made a bundle. */
  const stands: [string, string] = ['', ''];
  let numbers = 0;

  const filesIn = (folder: string): string[] =>
    readdirSync(folder)
      .filter((name) => /\.\d{3}$/.test(name))
      .toSorted()
      .map((name) => join(folder, name));

  function bring(files: readonly string[], to: Side): void {
    for (const file of files) renameSync(file, join(tray(to), nextName()));
  }
  function nextName(): string {
    numbers += 1;
    return `${`${numbers}`.padStart(6, '0')}.001`;
  }

  /** What is there; nothing of it need be a bundle any more. */
  async function look(files: readonly string[]): Promise<Found> {
    if (files.length === 0) return { bundles: [], spoilt: [] };
    try {
      return await findBundles(files);
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      for (const file of files) rmSync(file);
      return { bundles: [], spoilt: [] };
    }
  }

  /** One stop of the courier's way: everything for the other end is taken from one medium and put on the next. */
  async function throughRelay(from: Side): Promise<string> {
    const { instance } = parts.third();
    const relay = relayOf(instance);
    for (const name of parts.names) setAllowance(relay.root, name, 1_000_000_000);
    const medium = filesIn(bag(from));
    if (medium.length === 0) return '';
    const { bundles: found } = await look(medium);
    const { notes } = await findHopNotes(medium);
    const codes: string[] = [];
    for (const bundle of found.filter((one) => isForRelay(one, relay))) {
      const { failure } = await takeForRelay(bundle, notes, relay, never);
      if (failure !== undefined) codes.push(failure.code);
    }
    for (const file of medium) rmSync(file, { force: true });
    const to = from === 0 ? 1 : 0;
    const out = place(`passed-to-${to}`);
    const waiting = waitingFor(relay, parts.ids[to]).filter(({ passedAt }) => passedAt === null);
    for (const record of waiting.toSorted((a, b) => a.facts.number - b.facts.number)) {
      const passed = await passOn(relay, record, { out });
      bring(
        passed.parts.map(({ file }) => file),
        to,
      );
    }
    return codes.join(' ');
  }

  async function deliver(from: Side): Promise<string> {
    if (relayed) return throughRelay(from);
    bring(filesIn(bag(from)), from === 0 ? 1 : 0);
    return '';
  }

  function happen(what: Mischief, from: Side, chance: Chance): string {
    const to = from === 0 ? 1 : 0;
    const lying = filesIn(tray(to));
    const files = lying.length > 0 ? lying : filesIn(bag(from));
    const at = chance.below(Math.max(1, files.length));
    const file = files[at];
    switch (what) {
      case 'withhold':
        if (!withheld.delete(from)) withheld.add(from);
        return `${what} ${withheld.has(from)}`;
      case 'forget all':
      case 'refuse':
        for (const one of files) rmSync(one);
        return what;
      case 'swallow':
        for (const one of filesIn(bag(from))) rmSync(one);
        return what;
      case 'replay': {
        const old = filesIn(remembered);
        if (old.length > 0) copyFileSync(chance.one(old), join(tray(to), nextName()));
        return what;
      }
      default:
    }
    if (file === undefined) return `${what} nothing`;
    const bytes = readFileSync(file);
    switch (what) {
      case 'drop':
        rmSync(file);
        break;
      case 'forget some':
        for (const one of files.slice(at)) rmSync(one);
        break;
      case 'double':
        copyFileSync(file, join(tray(to), nextName()));
        break;
      case 'shuffle':
        // It comes last now.
        renameSync(file, join(tray(to), nextName()));
        break;
      case 'lose acks':
        copyFileSync(file, join(remembered, nextName()));
        break;
      case 'cut':
        truncateSync(file, chance.below(bytes.length + 1));
        break;
      case 'flip':
        if (bytes.length > 0) writeFileSync(file, flipped(bytes, chance));
        break;
      case 'forge':
        writeFileSync(join(tray(to), nextName()), forge(bytes, chance));
        break;
    }
    return `${what} ${at}`;
  }

  /** Takes in what lies on the desk, and makes a bundle of what the other side lacks. */
  async function exchange(side: Side, machine: Machine, leaves: (last: Place) => void): Promise<string> {
    const { instance } = machine;
    const told: string[] = [];
    const files = filesIn(tray(side));
    const { bundles: found, spoilt } = await look(files);
    told.push(...spoilt.map(() => 'spoilt'));
    for (const { path } of spoilt) rmSync(path, { force: true });
    const taken = await importBundles(found, importerOf(instance), { signal: machine.signal });
    for (const [at, one] of taken.entries()) {
      told.push(`${one.entries}/${one.known}`, ...one.refused.map(({ code }) => code).toSorted());
      if (one.failure !== undefined) told.push(one.failure.code);
      // What waits for an earlier one, or for the rest of its parts, stays on the desk for a while.
      else for (const { path } of found[at]!.parts.values()) rmSync(path, { force: true });
    }
    const left = filesIn(tray(side));
    for (const file of left.slice(0, Math.max(0, left.length - 12))) rmSync(file);
    if (machine.dead) return told.join(' ');
    told.push(await send(side, instance, leaves));
    return told.join(' ');
  }

  async function send(side: Side, instance: Instance, leaves: (last: Place) => void): Promise<string> {
    // Nobody makes the same again on the same day.
    const { log } = instance;
    const stand = `${parts.elapsed()} ${log.pointAt(log.feedTo(parts.link))?.hash}`;
    if (stand === stands[side]) return 'nothing';
    const made = madeBundles(keptBundles(instance), parts.link).at(-1);
    const isPresumed = parts.defect === 'presumes that a bundle arrives' && made !== undefined;
    try {
      const { facts, parts: files } = await exportTo(instance, parts.link, bag(side), {
        partBytes,
        ...(isPresumed && { after: made }),
      });
      stands[side] = stand;
      leaves(facts.last);
      for (const { file } of files) remember(readFileSync(file));
      return `made ${files.length}`;
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      return error.code;
    }
  }

  function remember(bytes: Buffer): void {
    parts.history.push(bytes);
    if (parts.history.length > 300) parts.history.shift();
  }

  return {
    kind: relayed ? 'bundles by a relay' : 'bundles',
    happen,
    exchange,
    async carry(chance) {
      const codes: string[] = [];
      for (const from of [0, 1] as const) {
        if (withheld.has(from)) continue;
        const luck = chance.below(8);
        if (luck === 0) for (const file of filesIn(bag(from))) rmSync(file);
        if (luck === 1)
          for (const file of filesIn(bag(from)))
            copyFileSync(file, join(tray(from === 0 ? 1 : 0), nextName()));
        codes.push(await deliver(from));
      }
      return codes.join(' ');
    },
    async heal() {
      withheld.clear();
      for (const from of [0, 1] as const) await deliver(from);
    },
  };
}
