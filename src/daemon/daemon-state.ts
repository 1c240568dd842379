/*
 * `DATA/daemon-state.json`: how the links of a running daemon are, for commands in other processes. It is replaced whole
 * and read only while the daemon that wrote it runs; nothing in it is secret, and nothing is lost with it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Instance } from '../instance/index.ts';
import { isLocked, lockHolder } from '../lock.ts';
import type { Logger } from '../log.ts';
import type { LinkLive } from '../projections/index.ts';
import type { LinkHealth } from './link-health.ts';

const text = z.string().max(4096);
const Live = z.strictObject({
  connection: z
    .strictObject({
      connected: z.boolean(),
      since: text.nullable(),
      url: text.nullable(),
      serverVersion: text.nullable(),
      encrypted: z.boolean().nullable(),
    })
    .nullable(),
  exchangedAt: text.nullable(),
  lastError: z
    .strictObject({
      code: text,
      message: text,
      hint: text.nullable(),
      at: text,
      since: text,
      over: z.boolean(),
    })
    .nullable(),
  // A daemon of an earlier version does not tell.
  refused: z
    .strictObject({
      count: z.int(),
      since: text,
      at: text,
      reasons: z.array(z.strictObject({ code: text, count: z.int(), message: text })).readonly(),
    })
    .nullable()
    .default(null),
});
const DaemonState = z.strictObject({
  format: z.literal(1),
  pid: z.int(),
  links: z.record(z.string(), Live),
});

const pathOf = ({ folder }: Pick<Instance, 'folder'>): string => join(folder.root, 'daemon-state.json');

/** A link that came to fail or to work is told soon; when it was looked through last, now and then. */
const soonMs = 1000;
const nowAndThenMs = 60_000;

/** Keeps the file up to date while a daemon runs; it is gone when this is disposed of. */
export function keepLinkStates(
  instance: Pick<Instance, 'folder'>,
  health: Pick<LinkHealth, 'all' | 'onChange'>,
  log: Logger,
): AsyncDisposable {
  const path = pathOf(instance);
  let timer: NodeJS.Timeout | undefined;
  let dueAt = Infinity;
  let writing = Promise.resolve();
  let written = '';

  async function write(): Promise<void> {
    const content = JSON.stringify({
      format: 1,
      pid: process.pid,
      links: Object.fromEntries(health.all()),
    } satisfies z.input<typeof DaemonState>);
    if (content === written) return;
    const temporary = `${path}.${process.pid}.tmp`;
    try {
      await writeFile(temporary, content, { mode: 0o600 });
      await rename(temporary, path);
      written = content;
    } catch (error) {
      // A full disk is told of elsewhere; the page shows the same from memory.
      log.warn({ err: error }, 'states of links not written');
    }
  }

  function writeWithin(ms: number): void {
    const at = performance.now() + ms;
    if (at >= dueAt) return;
    dueAt = at;
    clearTimeout(timer);
    timer = setTimeout(() => {
      dueAt = Infinity;
      writing = writing.then(write).then(() => writeWithin(nowAndThenMs));
    }, ms);
  }

  const stop = health.onChange(() => writeWithin(soonMs));
  writeWithin(0);
  return {
    async [Symbol.asyncDispose]() {
      stop();
      dueAt = -Infinity;
      clearTimeout(timer);
      await writing;
      await rm(path, { force: true });
    },
  };
}

/** How the links of the daemon that runs for this instance are; undefined where none runs, or it has not said yet. */
export function readLinkStates(
  instance: Pick<Instance, 'folder'>,
): ReadonlyMap<string, LinkLive> | undefined {
  const { daemonLock } = instance.folder;
  const path = pathOf(instance);
  if (!existsSync(path) || !existsSync(daemonLock) || !isLocked(daemonLock)) return undefined;
  const state = readState(path);
  // One that ended without a word left its file behind.
  if (state === undefined || state.pid !== lockHolder(daemonLock)?.pid) return undefined;
  return new Map(Object.entries(state.links));
}

function readState(path: string): z.infer<typeof DaemonState> | undefined {
  try {
    return DaemonState.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch {
    return undefined;
  }
}
