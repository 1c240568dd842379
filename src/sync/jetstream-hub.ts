import {
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type ConsumerConfig,
  type JetStreamManager,
  type StreamConfig,
} from '@nats-io/jetstream';
import { SyncError } from './errors.ts';
import { durableConfig } from './jetstream-durable.ts';
import { durableNames, streamName, waySubject, type Way } from './jetstream-names.ts';
import type { HubClient, HubConnection } from './nats-connection.ts';

/** What each link may take at the hub. A server reserves the bytes of all streams, so that together they must fit it. */
export type HubLimits = {
  readonly downBytesMax: number;
  readonly upBytesMax: number;
  /** After so long a message that nobody took is dropped; its author sends it again. */
  readonly ageMaxMs: number;
  /** 1, or 3 on a cluster of three servers or more. */
  readonly replicas: 1 | 3;
};

export const hubLimitsDefault: HubLimits = {
  downBytesMax: 256 * 1024 * 1024,
  upBytesMax: 64 * 1024 * 1024,
  ageMaxMs: 45 * 24 * 3_600_000,
  replicas: 1,
};

/** What `applyHub` did: names of streams (`cg-…`) and durables (`cg-…/entries`). */
export type HubChanges = {
  readonly made: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
};

/** The largest message; a server has to allow it. */
export const messageBytesMax = 1024 * 1024;
const duplicateWindowMs = 120_000;
const linksTogether = 16;

/**
 * Makes the two streams and four durables of each link, or changes what differs; doing it again changes nothing. With
 * `removed`, the streams of those links go with all that lies there. Throws a SyncError: HUB_FULL where the server has not
 * the space to reserve, HUB_DIFFERS where it did something else than it was told, HUB_NOT_PERMITTED, and those of
 * `connection.client`.
 */
export async function applyHub(
  connection: HubConnection,
  links: readonly string[],
  { limits, removed = [], signal }: ApplyHubOptions,
): Promise<HubChanges> {
  const client = await connection.client(signal);
  const wanted = { ...hubLimitsDefault, ...limits };
  const changes = { made: [] as string[], changed: [] as string[], removed: [] as string[] };
  await together(links, signal, async (link) => {
    for (const way of ['down', 'up'] as const) {
      await applyStream(client, streamConfig(link, way, wanted), changes);
      for (const durable of durableNames)
        await applyDurable(client, streamName(link, way), durableConfig(link, way, durable), changes);
    }
  });
  await together(removed, signal, async (link) => {
    for (const way of ['down', 'up'] as const) {
      const stream = streamName(link, way);
      if (!(await found(client, `look for ${stream}`, (manager) => manager.streams.info(stream)))) continue;
      await client.manage(`remove ${stream}`, (manager) => manager.streams.delete(stream));
      changes.removed.push(stream);
    }
  });
  return changes;
}

export type ApplyHubOptions = {
  readonly signal: AbortSignal;
  readonly limits?: Partial<HubLimits>;
  /** Links that are no more. */
  readonly removed?: readonly string[];
};

type Changes = { readonly made: string[]; readonly changed: string[] };

function streamConfig(link: string, way: Way, limits: HubLimits): Partial<StreamConfig> & { name: string } {
  return {
    name: streamName(link, way),
    subjects: [`${waySubject(link, way)}.>`],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    discard: DiscardPolicy.Old,
    max_bytes: way === 'down' ? limits.downBytesMax : limits.upBytesMax,
    max_msg_size: messageBytesMax,
    max_msgs_per_subject: 1,
    max_age: nanos(limits.ageMaxMs),
    duplicate_window: nanos(duplicateWindowMs),
    num_replicas: limits.replicas,
    deny_delete: true,
  };
}

async function applyStream(
  client: HubClient,
  config: Partial<StreamConfig> & { name: string },
  changes: Changes,
): Promise<void> {
  const { name } = config;
  const there = await found(client, `look for ${name}`, (manager) => manager.streams.info(name));
  if (there && differences(config, there.config).length === 0) return;
  const now = await client.manage(`prepare ${name}`, (manager) =>
    there ? manager.streams.update(name, config) : manager.streams.add(config),
  );
  demandSame(name, config, now.config);
  changes[there ? 'changed' : 'made'].push(name);
}

async function applyDurable(
  client: HubClient,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
  changes: Changes,
): Promise<void> {
  const { durable_name: durable } = config;
  const name = `${stream}/${durable}`;
  const there = await found(client, `look for ${name}`, (manager) => manager.consumers.info(stream, durable));
  const differing = there ? differences(config, there.config) : [];
  if (there && differing.length === 0) return;
  // What decides on which messages it delivers can't be changed: it is made again, and what came comes again.
  const again = differing.some((key) => fixedKeys.has(key));
  const now = await client.manage(`prepare ${name}`, async (manager) => {
    if (again) await manager.consumers.delete(stream, durable);
    return there && !again
      ? manager.consumers.update(stream, durable, config)
      : manager.consumers.add(stream, config);
  });
  demandSame(name, config, now.config);
  changes[there ? 'changed' : 'made'].push(name);
}

const fixedKeys = new Set(['deliver_policy', 'ack_policy', 'filter_subject']);

/** An old server ignores what it does not know, without a word. */
function demandSame(name: string, wanted: object, got: object): void {
  const differing = differences(wanted, got);
  if (differing.length === 0) return;
  throw new SyncError(
    'HUB_DIFFERS',
    `Cannot prepare ${name}: the server made it with another ${differing.join(', ')}`,
    {
      hint: 'See with `crossgap hub check` whether the server is one that is supported.',
      details: { name, differing },
    },
  );
}

/** Names of the settings that are not as they should be. */
export function differences(wanted: object, got: object): readonly string[] {
  const there = new Map<string, unknown>(Object.entries(got));
  return Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(there.get(key)) !== JSON.stringify(value))
    .map(([key]) => key);
}

async function found<T>(
  client: HubClient,
  what: string,
  look: (manager: JetStreamManager) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await client.manage(what, look);
  } catch (error) {
    if (error instanceof SyncError && missing.has(error.details['errCode'])) return undefined;
    throw error;
  }
}

const missing = new Set<unknown>([10014, 10059]);

async function together(
  links: readonly string[],
  signal: AbortSignal,
  act: (link: string) => Promise<void>,
): Promise<void> {
  const left = [...links];
  const one = async (): Promise<void> => {
    for (let link = left.shift(); link !== undefined; link = left.shift()) {
      signal.throwIfAborted();
      await act(link);
    }
  };
  await Promise.all(Array.from({ length: linksTogether }, one));
}

function nanos(ms: number): number {
  return ms * 1_000_000;
}
