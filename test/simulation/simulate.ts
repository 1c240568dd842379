import { createHash } from 'node:crypto';
import { CrossgapError } from '../../src/errors.ts';
import { feedId, readHeader } from '../../src/events/index.ts';
import { readLink, rebuildReadModels, readWantedBlobs } from '../../src/projections/index.ts';
import { replicateOnce } from '../../src/sync/index.ts';
import { comparePlaces } from '../../src/sync/transport.ts';
import { carriages, waysOf, type Way } from './carriages.ts';
import { chance, type Chance } from './chance.ts';
import { armCrash, Crash, disarmCrash } from './crashes.ts';
import { doDeed } from './deeds.ts';
import type { Defect } from './defects.ts';
import { demand, hashesIn, Violation } from './ledger.ts';
import type { Machine } from './machine.ts';
import { WayClosed } from './post.ts';
import { storyOf, type Step, type Story, type Weather } from './story.ts';
import { World, type Link, type Template } from './world.ts';

/** Small parcels, so that little data shows what much would; and no clock but the world's decides anything. */
const limits = { chunkBytes: 8192, batchBytes: 4096, blobMsPerTurn: Number.POSITIVE_INFINITY };

/** What became of a world: a line for each thing that happened, and what was violated. */
export type Ending = { readonly trace: readonly string[]; readonly violation?: Violation };

/** Plays a story to its end, or up to where an invariant does not hold. */
export async function play(template: Template, story: Story, defect?: Defect): Promise<Ending> {
  const trace: string[] = [];
  const world = await World.open(template, story, defect);
  trace.push(story.met ? 'all have met' : 'all are new to each other');
  trace.push(`links: ${world.links.map(({ carriage }) => carriage.kind).join(', ')}`);
  const run = new Run(world, trace, defect);
  try {
    for (const [at, step] of story.steps.entries()) await run.take(step, at);
    await run.settle();
    return { trace };
  } catch (error) {
    if (error instanceof Violation) return { trace, violation: error };
    const violation = new Violation('UNFORESEEN', String((error as Error).stack));
    return { trace, violation };
  } finally {
    disarmCrash();
    world.close();
  }
}

/** Each way as often as it is to be drawn. */
const drawn = waysOf.flatMap((way) => Array.from({ length: carriages[way].weight }, () => way));

/** The story of a seed; all links go the one `way` where that is said. */
export function storyOfSeed(seed: number, weather: Partial<Weather> = {}, way?: Way): Story {
  return storyOf(seed, way === undefined ? drawn : [way], weather);
}

/** Equal for equal traces. */
export function digestOf(trace: readonly string[]): string {
  return createHash('sha256').update(trace.join('\n')).digest('hex');
}

class Run {
  readonly #world: World;
  readonly #trace: string[];
  readonly #defect: Defect | undefined;
  constructor(world: World, trace: string[], defect: Defect | undefined) {
    this.#world = world;
    this.#trace = trace;
    this.#defect = defect;
  }

  async take(step: Step, at: number): Promise<void> {
    const { luck, does, ...rest } = step;
    this.#trace.push(`${at} ${does} ${Object.values(rest).join(' ')}`);
    const outcome = await this.#happen(step, chance(luck), at);
    this.#trace.push(`  ${outcome}`);
  }

  async #happen(step: Step, luck: Chance, at: number): Promise<string> {
    const world = this.#world;
    switch (step.does) {
      case 'mischief':
        return world.links[step.link]!.carriage.happen(step.what, step.from, luck);
      case 'carry':
        return this.#carry(world.links[step.link]!, luck);
      case 'time':
        world.elapsedMs += step.ms;
        return '';
      default:
    }
    const machine = world.machines[step.who]!;
    const outcome = await this.#atMachine(machine, step, luck, at);
    if (machine.dead) {
      await this.#rise(machine);
      return `${outcome}, ended and began again`;
    }
    world.ledger.check(machine);
    return outcome;
  }

  async #atMachine(
    machine: Machine,
    step: Extract<Step, { who: number }>,
    luck: Chance,
    at: number,
  ): Promise<string> {
    switch (step.does) {
      case 'deed':
        return this.#deed(machine, step.deed, luck, at);
      case 'exchange':
        return this.#exchange(machine, this.#world.linkOf(machine, step.link));
      case 'crash':
        return this.#crash(machine, step, luck, at);
      case 'kill':
        machine.end();
        return 'killed';
      case 'back up':
        machine.backUp();
        return '';
      case 'restore':
        return this.#restore(machine, step.withSideFile);
      case 'fill disk':
        machine.fillDisk(true);
        return '';
      case 'clear disk':
        machine.fillDisk(false);
        return '';
      case 'clock':
        machine.clock.wrongByMs = step.wrongByMs;
        return '';
      case 'give back': {
        const link = this.#world.linkOf(machine, step.link);
        return this.#giveBack(this.#world.peerOf(machine, link), machine, link);
      }
    }
  }

  async #deed(
    machine: Machine,
    deed: Parameters<typeof doDeed>[1],
    luck: Chance,
    at: number,
  ): Promise<string> {
    try {
      const made = await doDeed(machine, deed, luck, at);
      for (const hash of made) machine.told.add(hash);
      return `${made.length} made`;
    } catch (error) {
      return this.#expected(machine, error);
    }
  }

  async #exchange(machine: Machine, link: Link): Promise<string> {
    const { signal } = machine;
    const transport = machine.transport(link.id);
    if (transport === undefined) return this.#exchangeByHand(machine, link);
    const replica = this.#world.replica(machine, link.id);
    const done = await replicateOnce(replica, transport, { signal, limits });
    if (this.#defect === 'has a view that follows the clock')
      machine.instance.db.prepare('UPDATE link SET heard_at = ? WHERE heard_at > 0').run(machine.clock.now());
    const failures = done.failures.map((error) => this.#expected(machine, error));
    if (failures.length === 0 && !machine.dead && this.#world.machines[link.ends[0]] === machine) {
      const stalled = link.carriage.stalled?.() ?? [];
      demand(stalled.length === 0, 'INV-5', () => stalled.join('; '));
    }
    const refusals = done.refusals.map(({ code }) => code).toSorted();
    const counts = [done.entriesIn, done.entriesKnown, done.entriesParked, done.entriesOut];
    const blobs = [done.blobBytesIn, done.blobBytesOut, done.blobsHeld.length];
    return [counts.join('/'), blobs.join('/'), ...refusals, ...failures].join(' ');
  }

  async #exchangeByHand(machine: Machine, link: Link): Promise<string> {
    const side = this.#world.machines[link.ends[0]] === machine ? 0 : 1;
    try {
      return await link.carriage.exchange!(side, machine, (last) => {
        const { log } = machine.instance;
        const own = log.readFeed(log.feedTo(link.id), { epoch: 1, seq: 1 }, 10_000);
        const entries = own.filter(({ bytes }) => comparePlaces(readHeader(bytes), last) <= 0);
        if (entries.length > 0)
          this.#world.ledger.leaves(machine, { kind: 'entries', epoch: last.epoch, firstSeq: 1, entries });
      });
    } catch (error) {
      return this.#expected(machine, error);
    }
  }

  /** Somebody carries what lies ready; a machine on the way that ends meanwhile begins again. */
  async #carry(link: Link, luck: Chance): Promise<string> {
    const third = this.#world.machines[3 - link.ends[0] - link.ends[1]]!;
    try {
      return (await link.carriage.carry(luck)) ?? '';
    } catch (error) {
      return this.#expected(third, error);
    }
  }

  async #crash(
    machine: Machine,
    { point, pass, link }: Extract<Step, { does: 'crash' }>,
    luck: Chance,
    at: number,
  ): Promise<string> {
    armCrash(point, pass, () => machine.end());
    const outcomes: string[] = [];
    // What passes the point depends on what there is to do: something made here, and an exchange.
    const appends = /^(?:log\.append|store\.(?:half|before-fsync))/.test(point);
    if (appends) outcomes.push(await this.#deed(machine, luck.one(['offer', 'value']), luck, at));
    if (!machine.dead) outcomes.push(await this.#exchange(machine, this.#world.linkOf(machine, link)));
    if (!machine.dead && appends) outcomes.push(await this.#deed(machine, 'value', luck, at));
    // What passes by this machine on its way between the others.
    if (!machine.dead && point.startsWith('relay.'))
      for (const between of this.#world.links.filter(
        ({ ends }) => !ends.some((end) => this.#world.machines[end] === machine),
      ))
        outcomes.push(await this.#carry(between, luck));
    disarmCrash();
    return outcomes.join('; ');
  }

  async #rise(machine: Machine): Promise<void> {
    disarmCrash();
    await machine.rise(this.#defect === 'loses what it committed');
    this.#world.ledger.lookAgain(machine);
    this.#world.ledger.checkTold(machine);
    this.#world.ledger.check(machine);
  }

  async #restore(machine: Machine, withSideFile: boolean): Promise<string> {
    if (!machine.hasBackup) return 'there is no backup';
    const world = this.#world;
    const { log } = machine.instance;
    const opened = machine.ends.filter(({ link }) => log.pointAt(log.feedTo(link)) !== undefined);
    await machine.restore(withSideFile);
    if (this.#defect === 'signs at once after a restore') await machine.forgetSideFile();
    const there = new Set(hashesIn(machine.instance.db));
    const lost = [...machine.told].filter((hash) => !there.has(hash));
    for (const hash of lost) machine.told.delete(hash);
    if (withSideFile) {
      for (const { link } of machine.ends) world.ledger.mayPart.add(machine.instance.log.feedTo(link));
      // Nothing here tells that these feeds were ever opened.
      for (const { link } of opened)
        if (machine.instance.log.pointAt(log.feedTo(link)) === undefined) world.ledger.parted.add(link);
    }
    // What came since stays in the store, and what named it never comes again where its author gave it up.
    for (const digest of machine.blobs()) machine.ownBlobs.add(digest);
    world.ledger.lookAgain(machine);
    return `${lost.length} lost, ${machine.instance.log.standing().state}`;
  }

  /** A peer hands the author's own entries back, as far as it holds them. */
  async #giveBack(from: Machine, to: Machine, { id }: Link): Promise<string> {
    const feed = feedId(to.instance.identity.instanceId, id);
    const entries = from.instance.log.readFeed(feed, { epoch: 1, seq: 1 }, 10_000);
    try {
      const verdicts = await to.instance.log.receive(entries);
      const codes = verdicts.map((one) => (one.outcome === 'refused' ? one.error.code : one.outcome));
      return [...new Set(codes)].toSorted().join(' ');
    } catch (error) {
      return this.#expected(to, error);
    }
  }

  /** What may go wrong, in a word; anything else is a violation. */
  #expected(machine: Machine, error: unknown): string {
    if (error instanceof Violation) throw error;
    if (error instanceof CrossgapError) return error.code;
    if (error instanceof WayClosed) return 'closed';
    if (error instanceof Crash && machine.dead) return `crash ${error.message}`;
    if (machine.dead) return 'after its end';
    const isFullDisk = error instanceof Error && 'code' in error && error.code === 'EISDIR' && machine.isFull;
    if (isFullDisk) return 'full';
    throw new Violation('UNFORESEEN', `${machine.name}: ${String((error as Error).stack)}`);
  }

  /** The faults are over. People do what the program asks them to, and everything there is to come comes. */
  async settle(): Promise<void> {
    const { machines, links } = this.#world;
    for (const machine of machines) machine.fillDisk(false);
    // INV-10: whatever was refused before, what is good is taken now.
    for (const machine of machines) this.#trace.push(await this.#deed(machine, 'value', chance(1), 9999));
    for (let round = 0; round < 16; round++) {
      this.#world.elapsedMs += 2 * 86_400_000;
      const decided = await this.#decide(round);
      const outcomes: string[] = [];
      for (const link of links)
        for (const at of link.ends) {
          await link.carriage.heal();
          outcomes.push(await this.#exchange(machines[at]!, link));
          await link.carriage.heal();
        }
      for (const machine of machines) this.#world.ledger.check(machine);
      this.#trace.push(`settling ${round}: ${[...decided, ...outcomes].join(', ')}`);
      if (decided.length === 0 && this.#isQuiet() && round > 0) return this.#checkEnd();
    }
    demand(false, 'INV-5', () => `there is no end: ${this.#differences().join('; ')}`);
  }

  /** What people decide where the program can't go on by itself. */
  async #decide(round: number): Promise<string[]> {
    const decided: string[] = [];
    for (const machine of this.#world.machines) {
      const { log, actor } = machine.instance;
      for (const link of this.#world.links) {
        const peer = this.#world.peerOf(machine, link);
        if (!machine.ends.some((end) => end.link === link.id) || this.#mustPairAgain(link)) continue;
        const feed = log.feedTo(link.id);
        const parted = peer.instance.log.feeds().some((facts) => facts.feed === feed && facts.frozen);
        if (log.standing().state !== 'good' || (parted && round < 3))
          decided.push(`back to ${machine.name}: ${await this.#giveBack(peer, machine, link)}`);
        if (parted && round >= 1) {
          peer.instance.log.allowEpoch(feed);
          decided.push(`${peer.name} allows`);
          // Nothing here tells of the second history that the other side holds: people tell each other.
          const known = log.feeds().find((facts) => facts.feed === feed);
          if (round >= 5 && log.standing().state === 'good' && known?.frozen === false && !known.doubt) {
            decided.push(this.#epochFor(machine, link, feed));
          }
        }
      }
      const frozen = log
        .feeds()
        .some((facts) => facts.own && facts.frozen && !this.#world.ledger.parted.has(facts.audience));
      if (log.standing().state !== 'good' || frozen) {
        try {
          log.startEpoch({ reason: 'entries were lost', actor });
          decided.push(`epoch at ${machine.name}`);
        } catch (error) {
          decided.push(this.#expected(machine, error));
        }
      }
    }
    return decided;
  }

  /** The other side froze a feed, and nothing here tells why. */
  #epochFor(machine: Machine, { id }: Link, feed: string): string {
    const { log, actor, db } = machine.instance;
    const { confirmed } = readLink(db, id)!;
    try {
      log.startEpoch({ reason: 'the other side froze it', actor, feeds: new Map([[feed, confirmed]]) });
      return `epoch at ${machine.name} behind ${confirmed.epoch}/${confirmed.seq}`;
    } catch (error) {
      return this.#expected(machine, error);
    }
  }

  #mustPairAgain({ id }: Link): boolean {
    return this.#world.ledger.parted.has(id);
  }

  #isQuiet(): boolean {
    const good = this.#world.machines.every(({ instance }) => instance.log.standing().state === 'good');
    return good && !this.#isFrozen() && this.#headsAgree() && this.#differences().length === 0;
  }

  /** Whether a reader still takes nothing in of a feed that could go on. */
  #isFrozen(): boolean {
    const { machines, ledger } = this.#world;
    return machines.some(({ instance }) =>
      instance.log.feeds().some((facts) => facts.frozen && !ledger.parted.has(facts.audience)),
    );
  }

  /** Asked first, since it is cheap: whether there can be an end already. */
  #headsAgree(): boolean {
    return this.#world.links.every((link) => {
      if (this.#mustPairAgain(link)) return true;
      const [a, b] = link.ends.map((at) => this.#world.machines[at]!) as [Machine, Machine];
      return [a, b].every(({ instance: { log } }) => {
        const feed = log.feedTo(link.id);
        return a.instance.log.pointAt(feed)?.hash === b.instance.log.pointAt(feed)?.hash;
      });
    });
  }

  /** What one end of a link has and the other lacks. */
  #differences(): string[] {
    const found: string[] = [];
    for (const link of this.#world.links.filter((one) => !this.#mustPairAgain(one)))
      for (const at of link.ends) {
        const author = this.#world.machines[at]!;
        const reader = this.#world.peerOf(author, link);
        const feed = author.instance.log.feedTo(link.id);
        const [own, theirs] = [author, reader].map(({ instance }) =>
          instance.log.readFeed(feed, { epoch: 1, seq: 1 }, 10_000),
        ) as [
          ReturnType<typeof author.instance.log.readFeed>,
          ReturnType<typeof author.instance.log.readFeed>,
        ];
        const same =
          own.length === theirs.length &&
          own.every(({ bytes }, n) => Buffer.compare(bytes, theirs[n]!.bytes) === 0);
        if (!same) found.push(`${reader.name} holds ${theirs.length} of ${own.length} of ${author.name}`);
        const lacking = readWantedBlobs(reader.instance.db).filter(
          (blob) =>
            blob.link === link.id &&
            !blob.final &&
            !reader.instance.holds(blob.digest) &&
            author.instance.holds(blob.digest),
        );
        if (lacking.length > 0) found.push(`${reader.name} lacks ${lacking.length} blobs of ${author.name}`);
      }
    return found;
  }

  async #checkEnd(): Promise<void> {
    const { machines } = this.#world;
    // What costs much is looked at in one of them, another one in each world.
    const one = machines[this.#trace.length % machines.length]!;
    for (const machine of machines) {
      const { db, log, identity } = machine.instance;
      this.#world.ledger.checkSecrets(machine, this.#world.history);
      this.#world.ledger.checkTold(machine);
      if (machine === one) {
        const { changed } = rebuildReadModels(db, identity.instanceId, log.history());
        demand(changed.length === 0, 'INV-6', () => `${machine.name}: ${changed.join(', ')} changed`);
      }
      await this.#checkBlobs(machine);
      const heads = log.feeds().map(({ epoch, seq, voidEntries }) => `${epoch}/${seq}-${voidEntries}`);
      this.#trace.push(`${machine.name}: ${heads.toSorted().join(' ')}`);
    }
    // What the others hold is the same, byte for byte.
    const report = await one.instance.log.verify({ full: true });
    demand(report.ok, 'INV-2', () => `${one.name}: ${report.firstBad?.message}`);
  }

  /** INV-4: whatever lies in a store is named by an entry of its log, and is what its name says. */
  async #checkBlobs(machine: Machine): Promise<void> {
    const { blobs, log } = machine.instance;
    const named = new Set<string>();
    for (const { event } of log.read({ after: 0, limit: 10_000 }))
      if (event.known)
        for (const [digest] of JSON.stringify(texts(event.data)).matchAll(/[0-9a-f]{64}/g)) named.add(digest);
    for (const digest of machine.blobs()) {
      const own = machine.ownBlobs.has(digest);
      demand(own || named.has(digest), 'INV-4', () => `${machine.name} holds a blob that nothing names`);
      const { digest: found } = await blobs.putFile(blobs.path(digest));
      demand(found === digest, 'INV-4', () => `${machine.name} holds a blob that is not what its name says`);
    }
  }
}

/** Bytes as text, so that names in documents are found too. */
function texts(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) return value.map(texts);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, texts(one)]));
}
