import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../../src/clock.ts';
import { linkReplica } from '../../src/daemon/link-replica.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import type { Replica, Transport } from '../../src/sync/index.ts';

/** A clock that goes by the world's time and may be wrong by any amount. */
export type MachineClock = Clock & { wrongByMs: number };

/** One end of a link as a machine has it. */
export type End = { readonly link: string; readonly open: () => Transport | undefined };

/** What of a machine is gone when its process ends. */
type Process = {
  readonly instance: Instance;
  readonly abort: AbortController;
  readonly replicas: Map<string, Replica>;
  readonly transports: Map<string, Transport | undefined>;
};

/** An instance in its data folder, whose process can end at any moment and begin again. */
export class Machine {
  readonly name: string;
  readonly folder: string;
  readonly clock: MachineClock;
  readonly ends: readonly End[];
  /** Hashes of entries whose making was told to a person as done. */
  readonly told = new Set<string>();
  /** Blobs that were put into the store here. */
  readonly ownBlobs = new Set<string>();
  /** The process has ended and what it left on the disk is kept. */
  dead = false;
  #process: Process | undefined;
  #full = false;
  #backups = 0;

  constructor(name: string, folder: string, clock: MachineClock, ends: readonly End[]) {
    this.name = name;
    this.folder = folder;
    this.clock = clock;
    this.ends = ends;
  }

  get instance(): Instance {
    return this.#running.instance;
  }

  get signal(): AbortSignal {
    return this.#running.abort.signal;
  }

  get hasBackup(): boolean {
    return this.#backups > 0;
  }

  get isFull(): boolean {
    return this.#full;
  }

  get #running(): Process {
    if (this.#process === undefined) throw new Error(`${this.name} does not run`);
    return this.#process;
  }

  async start(): Promise<void> {
    const instance = await openInstance(this.folder, { clock: this.clock });
    this.#process = {
      instance,
      abort: new AbortController(),
      replicas: new Map(this.ends.map(({ link }) => [link, linkReplica(instance, link)])),
      transports: new Map(this.ends.map(({ link, open }) => [link, open()])),
    };
    keepStatements(instance.db);
    this.dead = false;
    if (this.#full) this.#limitDisk();
  }

  replica(link: string): Replica {
    return this.#running.replicas.get(link)!;
  }

  transport(link: string): Transport {
    return this.#running.transports.get(link)!;
  }

  /** The process ends here and now. Its objects may go on for a moment; nothing of that counts. */
  end(): void {
    this.#copy(this.#place('remains'));
    this.dead = true;
    this.#running.abort.abort();
  }

  /** What the ended process left is on the disk, and a new one begins; `withoutLog`: a disk that lied about it. */
  async rise(withoutLog = false): Promise<void> {
    this.#running.instance.db.close();
    this.#replaceBy(this.#place('remains'));
    if (withoutLog) rmSync(join(this.folder, 'crossgap.db-wal'), { force: true });
    await this.start();
  }

  backUp(): void {
    this.#backups += 1;
    rmSync(this.#place('backup'), { recursive: true, force: true });
    this.#copy(this.#place('backup'));
  }

  /** The database is as it was when it was backed up; packages stay as they are, a backup does not lose them. */
  async restore(withSideFile: boolean): Promise<void> {
    const { database } = this.instance.folder;
    this.#running.abort.abort();
    this.instance.db.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
    const names = ['crossgap.db', 'crossgap.db-wal', ...(withSideFile ? ['head'] : [])];
    for (const name of names) {
      const kept = join(this.#place('backup'), name);
      if (existsSync(kept)) cpSync(kept, join(this.folder, name));
    }
    await this.start();
  }

  /** From here on nothing more fits on the disk, or again something does. */
  fillDisk(full: boolean): void {
    this.#full = full;
    const blocked = `${this.instance.folder.head}.new`;
    if (full) {
      this.#limitDisk();
      writeFileSync(this.blockedFolder, '');
      rmSync(blocked, { recursive: true, force: true });
      mkdirSync(blocked);
    } else {
      this.instance.db.pragma('max_page_count = 1073741823');
      rmSync(this.blockedFolder, { force: true });
      rmSync(blocked, { recursive: true, force: true });
    }
  }

  /** A path below which nothing can be made while the disk is full. */
  get blockedFolder(): string {
    return join(this.folder, 'full');
  }

  /** Somebody removes what tells that the database is old, and says that it is not. */
  async forgetSideFile(): Promise<void> {
    const { folder, db } = this.instance;
    db.close();
    rmSync(folder.head, { force: true });
    await this.start();
    this.instance.log.confirmHead();
  }

  /** The digests of all blobs that lie in the store. */
  blobs(): string[] {
    const names = readdirSync(join(this.instance.blobs.folder, 'sha256'), {
      recursive: true,
      encoding: 'utf8',
    });
    return names.flatMap((name) => /[0-9a-f]{64}$/.exec(name)?.[0] ?? []).toSorted();
  }

  close(): void {
    this.#process?.instance.db.close();
    this.#process = undefined;
  }

  #limitDisk(): void {
    const { db } = this.instance;
    db.pragma(`max_page_count = ${db.pragma('page_count', { simple: true }) as number}`);
  }

  #place(name: 'remains' | 'backup'): string {
    return `${this.folder}.${name}`;
  }

  /** All that lies on the disk; the shared index of the write-ahead log is memory, and gone with its process. */
  #copy(target: string): void {
    cpSync(this.folder, target, { recursive: true, filter: (path) => !path.endsWith('-shm') });
  }

  #replaceBy(source: string): void {
    rmSync(this.folder, { recursive: true, force: true });
    renameSync(source, this.folder);
    privateKeys(this.folder);
  }
}

/** Copies do not keep who may read a folder, and keys are not used where others may. */
export function privateKeys(folder: string): void {
  chmodSync(join(folder, 'keys'), 0o700);
}

/** What is asked again and again is prepared once: most of a world's time went into that. */
function keepStatements(db: Instance['db']): void {
  const prepare = db.prepare.bind(db) as (sql: string) => unknown;
  const known = new Map<string, unknown>();
  db.prepare = ((sql: string) => {
    const statement = known.get(sql) ?? prepare(sql);
    known.set(sql, statement);
    return statement;
  }) as typeof db.prepare;
}
