import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createRelease } from '../../src/commands/index.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import {
  findDeployment,
  readReleases,
  readWantedBlobs,
  rebuildReadModels,
} from '../../src/projections/index.ts';
import { deploy, furnish, once as runOnce, publish } from '../daemon/company.ts';
import { chance, type Chance } from '../simulation/chance.ts';
import { Company, effectsIn, untilFileHolds, type Daemon } from '../support/companies.ts';
import { hashesIn, Ledger } from '../simulation/ledger.ts';
import { makeInstance, offer, type HeldClock } from '../support/instances.ts';
import type { Way } from './ways.ts';
import { memory } from '../support/in-memory.ts';

/** Who can be ended beside the executor, and where there is one, beside the server. */
const victims = ['vendor daemon', 'customer daemon', 'vendor writer', 'customer writer'] as const;

/** So many chunks the large file has, and one of them goes each second: so it is on its way while processes end. */
const chunks = 6;
const pace = '[sync]\nblob-rate = "1 MB/s"\n';

/** A process that appends, and what it said that it had appended. */
type Writer = { readonly child: ChildProcess; readonly lines: AsyncIterator<string> };

/** Two companies with daemons and writers, and what is between them. */
export class KilledCompanies {
  readonly #root = mkdtempSync(join(memory, 'crossgap-kill-'));
  readonly #way: Way;
  readonly #effects = join(this.#root, 'effects');
  readonly #gate = join(this.#root, 'gate');
  readonly #companies = {
    vendor: new Company(this.#root, 'acme'),
    customer: new Company(this.#root, 'contoso'),
  };
  readonly #daemons = new Map<Side, Daemon>();
  readonly #writers = new Map<Side, Writer>();
  readonly #ledger = new Ledger();
  /** Hashes of entries that were told to be appended, by their author. */
  readonly #told: Record<Side, Set<string>> = { vendor: new Set(), customer: new Set() };
  readonly #deployments: string[] = [];
  #link = '';
  /** Where the large file lies at the customer when it is whole, and the notes on what has come of it. */
  #large = { whole: '', notes: '' };
  #generation = 0;
  #watched: readonly Watched[] = [];

  constructor(way: (root: string) => Way) {
    this.#way = way(this.#root);
  }

  /** Pairs the two, and lets the vendor offer what is to cross: a release with its package, and a large file. */
  async prepare(): Promise<void> {
    writeFileSync(this.#effects, '');
    execFileSync('mkfifo', [this.#gate]);
    const vendor = await makeInstance(this.#root, 'acme', systemClock);
    const customer = await makeInstance(this.#root, 'contoso', systemClock);
    this.#link = await this.#way.pair(vendor, customer);
    const clock: HeldClock = { now: () => systemClock.now(), advance: () => undefined };
    const both = {
      clock,
      vendor,
      customer,
      link: this.#link,
      between: '',
      [Symbol.dispose]: () => undefined,
    };
    furnish(both);
    const wait = `if [ -p '${this.#gate}' ]; then read -r _ < '${this.#gate}'; fi`;
    await publish(both, '2.0.0', { marks: this.#effects, deploy: wait });
    for (const instance of [vendor, customer]) instance.close();
    for (const side of sides) await this.#companies[side].runsOnce();
    // Nothing of it has crossed when the first process ends.
    appendFileSync(vendor.folder.settings, pace);
    using author = await openInstance(vendor.folder.root);
    const digest = await offerLargeFile(author, this.#link);
    const { blobs } = customer;
    this.#large = {
      whole: blobs.path(digest),
      notes: `${blobs.incomingPath(digest)}.${this.#link}.parts`,
    };
    for (const side of sides) await this.#start(side);
    this.#watched = [
      { name: 'vendor', instance: await openInstance(vendor.folder.root) },
      { name: 'customer', instance: await openInstance(customer.folder.root) },
    ];
  }

  /** Ends somebody at some moment, so many times, starts it again each time, and looks whether all is well. */
  async killAtRandom(kills: number, seed: number): Promise<Record<string, number>> {
    const luck = chance(seed);
    const killed: Record<string, number> = {};
    let interrupted = 0;
    for (let at = 0; at < kills; at++) {
      const victim = this.#victimOf(at, luck);
      await this.#hearFrom(luck.one(sides), luck.below(15));
      if (/server|daemon/.test(victim)) await this.#untilChunksCame((interrupted += 1));
      if (victim === 'executor') await this.#killExecutor(luck);
      else if (victim.startsWith('server')) await this.#way.kill!({ withoutDisk: victim.includes('disk') });
      else if (victim.endsWith('daemon')) await this.#killDaemon(sideOf(victim));
      else await this.#killWriter(sideOf(victim));
      killed[victim] = (killed[victim] ?? 0) + 1;
      this.#expectWhole();
    }
    return killed;
  }

  #victimOf(at: number, luck: Chance): string {
    // An executor first, and every tenth time: to begin and to go on with a deployment takes its time.
    if (at % 10 === 0) return 'executor';
    if (this.#way.kill === undefined || at % 3 !== 1) return luck.one(victims);
    return at % 15 === 4 ? 'server and its disk' : 'server';
  }

  /** Whatever happens meanwhile: what was told is there, each feed is unbroken, and nobody holds another's otherwise. */
  #expectWhole(): void {
    for (const { name, instance } of this.#watched) {
      this.#ledger.check({ name, instance });
      const there = new Set(hashesIn(instance.db));
      expect([...this.#told[name]].filter((hash) => !there.has(hash))).toEqual([]);
      expect(instance.log.feeds().filter(({ frozen }) => frozen)).toEqual([]);
    }
    const [vendor, customer] = this.#watched.map(({ instance }) => instance) as [Instance, Instance];
    for (const [author, reader] of [
      [vendor, customer],
      [customer, vendor],
    ] as const) {
      const feed = author.log.feedTo(this.#link);
      // The reader is asked first, so that the author is ahead.
      const held = hashesOf(reader, feed);
      expect(hashesOf(author, feed).slice(0, held.length)).toEqual(held);
    }
  }

  /** Everybody ends in peace, what is on its way arrives, and nothing is missing anywhere. */
  async expectNothingLost(): Promise<void> {
    for (const side of sides) await this.#stopWriter(side);
    for (const daemon of this.#daemons.values()) await daemon.stop();
    this.#expectWhole();
    using vendor = await openInstance(this.#companies.vendor.data);
    using customer = await openInstance(this.#companies.customer.data);
    const instances = { vendor, customer };
    for (let round = 0, moved = true; moved; round++) {
      expect(round).toBeLessThan(8);
      const done = [await runOnce(vendor), await runOnce(customer)];
      // A customer can't look into the stream it sends to: what has no receipt it sends again each time it begins.
      moved = done.flatMap(({ exchanged }) => exchanged).some(({ received }) => received > 0) || round === 0;
    }
    for (const side of sides) {
      const author = instances[side];
      const reader = instances[side === 'vendor' ? 'customer' : 'vendor'];
      const feed = author.log.feedTo(this.#link);
      expect(reader.log.pointAt(feed)).toEqual(author.log.pointAt(feed));
      for (const one of [author, reader]) {
        const there = new Set(hashesOf(one, feed));
        expect([...this.#told[side]].filter((hash) => !there.has(hash))).toEqual([]);
      }
      expect(await author.log.verify({ full: true })).toMatchObject({ ok: true });
      const { changed } = rebuildReadModels(author.db, author.identity.instanceId, author.log.history());
      expect(changed).toEqual([]);
    }
    const lacking = readWantedBlobs(customer.db).filter(({ digest }) => !customer.holds(digest));
    expect(lacking).toEqual([]);
    const states = this.#deployments.map((id) => findDeployment(customer.db, id)?.state);
    expect(states).toEqual(this.#deployments.map(() => 'succeeded'));
    const runs = this.#deployments.length;
    // Only the step that was cut off began twice.
    expect(effectsIn(this.#effects)).toEqual({ stop: runs, deploy: 2 * runs, start: runs });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#writers.values()) child.kill('SIGKILL');
    for (const side of sides) await this.#companies[side].endAll();
    for (const { instance } of this.#watched) instance.close();
    await this.#way[Symbol.asyncDispose]();
    rmSync(this.#root, { recursive: true, force: true });
  }

  async #start(side: Side): Promise<void> {
    this.#daemons.set(side, await this.#companies[side].daemon());
    this.#startWriter(side);
  }

  #startWriter(side: Side): void {
    this.#generation += 1;
    const script = join(import.meta.dirname, 'writer.ts');
    const args = [script, this.#companies[side].data, this.#link, `${this.#generation}`];
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#writers.set(side, { child, lines });
  }

  /** Waits until a writer has appended so many entries more. */
  async #hearFrom(side: Side, count: number): Promise<void> {
    const { lines } = this.#writers.get(side)!;
    for (let heard = 0; heard <= count; heard++) {
      const { done, value } = await lines.next();
      if (done === true) throw new Error(`the writer of ${side} ended by itself`);
      this.#tell(side, value);
    }
  }

  /** So many chunks of the large file or all of them: whoever ends then, ends in the middle of it. */
  async #untilChunksCame(count: number): Promise<void> {
    const { whole, notes } = this.#large;
    // A front of the length of a note comes before them.
    const came = (): number =>
      existsSync(whole) ? chunks : (statSync(notes, { throwIfNoEntry: false })?.size ?? 0) / 16 - 1;
    const watcher = watch(dirname(notes));
    try {
      while (came() < Math.min(count, chunks)) await once(watcher, 'change');
    } finally {
      watcher.close();
    }
  }

  #tell(side: Side, line: string): void {
    for (const hash of line.split(' ')) if (hash !== '') this.#told[side].add(hash);
  }

  async #stopWriter(side: Side): Promise<void> {
    const { child, lines } = this.#writers.get(side)!;
    child.kill('SIGKILL');
    // What it said before it ended counts.
    for (let next = await lines.next(); next.done !== true; next = await lines.next())
      this.#tell(side, next.value);
  }

  async #killWriter(side: Side): Promise<void> {
    await this.#stopWriter(side);
    this.#startWriter(side);
  }

  async #killDaemon(side: Side): Promise<void> {
    const { signal } = await this.#daemons.get(side)!.kill();
    expect(signal).toBe('SIGKILL');
    this.#daemons.set(side, await this.#companies[side].daemon());
  }

  /** Ends the executor of a deployment in the middle of a script, sometimes with its daemon, and goes on with it. */
  async #killExecutor(luck: Chance): Promise<void> {
    const customer = this.#companies.customer;
    const begun = this.#deployments.length;
    using instance = await openInstance(customer.data);
    const release = readReleases(instance.db, '2.0.0').find(({ link }) => link === this.#link)!;
    const id = deploy(instance, release, 'uat', begun === 0 ? 'deploy' : 'again');
    this.#deployments.push(id);
    const scripts = (): number => effectsIn(this.#effects)['deploy'] ?? 0;
    await untilFileHolds(this.#effects, () => scripts() === 2 * begun + 1);
    const holder = JSON.parse(readFileSync(join(customer.data, 'runs', id, 'lock.holder'), 'utf8')) as {
      pid: number;
    };
    process.kill(holder.pid, 'SIGKILL');
    if (luck.below(2) === 0) await this.#killDaemon('customer');
    await untilState(instance, id, 'interrupted');
    await customer.does('deployment', 'resume', id);
    await untilFileHolds(this.#effects, () => scripts() === 2 * begun + 2);
    await writeFile(this.#gate, 'go on\n');
    await untilState(instance, id, 'succeeded');
  }
}

/** A log that is looked at while its owner works. */
type Watched = { readonly name: Side; readonly instance: Instance };

type Side = 'vendor' | 'customer';
const sides = ['vendor', 'customer'] as const;
const sideOf = (victim: string): Side => (victim.startsWith('vendor') ? 'vendor' : 'customer');

/** Waits until a deployment stands so; the test's own time limit ends a wait in vain. */
async function untilState({ db, folder }: Instance, id: string, state: string): Promise<void> {
  const watcher = watch(folder.root);
  try {
    for (let now = findDeployment(db, id); now?.state !== state; now = findDeployment(db, id)) {
      if (now?.state === 'failed') throw new Error(`deployment ${id} failed: ${now.error}`);
      await once(watcher, 'change');
    }
  } finally {
    watcher.close();
  }
}

function hashesOf(instance: Instance, feed: string): string[] {
  const hashes = instance.db
    .prepare<[Buffer], string>('SELECT lower(hex(hash)) FROM entry WHERE feed = ? ORDER BY epoch, seq')
    .pluck();
  return hashes.all(Buffer.from(feed, 'hex'));
}

/** A release whose process is a file of several chunks that does not compress; its digest. */
async function offerLargeFile(vendor: Instance, link: string): Promise<string> {
  const { digest, sizeBytes } = await vendor.blobs.putBytes(randomBytes(chunks * 1024 * 1024));
  vendor.record(
    () =>
      createRelease(undefined, {
        process: 'Large',
        number: '1.0.0',
        revision: { number: 1, digest, sizeBytes },
        packages: [],
        needed: [],
        notes: null,
        inputs: [],
        createdAt: new Date(vendor.clock.now()).toISOString(),
      }).decision,
  );
  offer(vendor, readReleases(vendor.db, '1.0.0')[0]!, [link]);
  return digest;
}
