import { jetstream, jetstreamManager, type JetStreamClient, type JetStreamManager } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import type { SyncError } from './errors.ts';
import { parseHubAddress } from './nats-address.ts';
import { dialHub, isEncrypted, type DialOptions } from './nats-dial.ts';
import { dialError, requestError } from './nats-errors.ts';
import { pullDesk, type PullDesk } from './nats-pulls.ts';
import { waiters } from './nats-waiters.ts';
import { waitOut } from './wait-out.ts';

export type HubConnectionOptions = {
  /** `tls://`, `nats://`, `wss://` or `ws://`, tried in turn. */
  readonly urls: readonly string[];
  /** PEM of the only authority whose certificates are good. The system's are where this is undefined. */
  readonly ca?: string;
  /** Our private user nkey, `SU…`. */
  readonly seed?: string;
  /** `_INBOX_LINK` as the credential's permissions have it. */
  readonly inboxPrefix: string;
  /** What the server shows this client as; no secret. */
  readonly name: string;
  /** `http://host:port` of an HTTP proxy to CONNECT through. */
  readonly proxy?: string;
  readonly dialMs?: number;
  /** How long until the next try after a failure; doubled each time, half of it chance. */
  readonly retry?: { readonly firstMs: number; readonly mostMs: number };
  /** The same for a refused credential, which only a person can change. */
  readonly retryRefused?: { readonly firstMs: number; readonly mostMs: number };
  readonly requestMs?: number;
  /** Milliseconds since 1970, for what is shown. */
  readonly now?: () => number;
  readonly wait?: (timeMs: number, signal: AbortSignal) => Promise<void>;
  readonly random?: () => number;
};

/** How a connection is, for people. */
export type HubState = {
  readonly connected: boolean;
  /** Since when it is so, in milliseconds since 1970; undefined before the first dial. */
  readonly since: number | undefined;
  /** The address that is connected, or was dialled last. */
  readonly url: string | undefined;
  readonly serverVersion: string | undefined;
  readonly encrypted: boolean | undefined;
  /** What went wrong last, also when it is over. */
  readonly lastError:
    | { readonly code: string; readonly message: string; readonly hint: string; readonly at: number }
    | undefined;
};

/** What a live connection offers; it is gone for good when the connection ends, and the next one has another. */
export type HubClient = {
  /** Counts the connections; what was asked on an earlier one will not be answered any more. */
  readonly generation: number;
  readonly url: string;
  readonly nats: NatsConnection;
  readonly jetstream: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly pulls: PullDesk;
  readonly payloadBytesMax: number;
  /** Does something at the server's management API, a few at a time, and words what goes wrong. */
  manage<T>(what: string, act: (manager: JetStreamManager) => Promise<T>): Promise<T>;
  /** Says that an answer did not come: the connection is tried, and made anew where it is dead. */
  doubt(): void;
  /** What the server forbade us lately, so that a silence can be explained. */
  forbidden(subject: string): Error | undefined;
};

/**
 * One connection to a hub for all links that go there with one credential. It is dialled when somebody first needs
 * it, and again and again whenever it is lost, until the last of those who share it is disposed of.
 */
export interface HubConnection extends AsyncDisposable {
  readonly inboxPrefix: string;
  state(): HubState;
  /**
   * The live connection; waits for a dial that is going on. While the next try is not due it throws at once what the
   * last one failed with, as a SyncError.
   */
  client(signal: AbortSignal): Promise<HubClient>;
  /** The live connection, if there is one now; nothing is dialled for it. */
  live(): HubClient | undefined;
  /** Resolves when there is a live connection other than the one of that generation, or when the signal fires. */
  newer(generation: number, signal: AbortSignal): Promise<void>;
  /** The same connection for another user of it, to be disposed of by itself. */
  share(): HubConnection;
}

const manageTogether = 64;
const stableAfterMs = 10_000;

/**
 * A connection as above; this call dials nothing.
 *
 *     await using hub = natsConnection({ urls, ca, seed, inboxPrefix: `_INBOX_${link}`, name: 'crossgap' });
 *     await using transport = jetstreamTransport({ connection: hub, link, side: 'customer' });
 */
export function natsConnection(options: HubConnectionOptions): HubConnection {
  const { urls, dialMs = 15_000, requestMs = 5000, inboxPrefix } = options;
  const { retry = { firstMs: 1000, mostMs: 60_000 } } = options;
  const { retryRefused = { firstMs: 15_000, mostMs: 300_000 } } = options;
  const { now = Date.now, wait = waitOut, random = Math.random } = options;
  const ended = new AbortController();
  let users = 1;
  let client: HubClient | undefined;
  let generation = 0;
  let running: Promise<void> | undefined;
  let state: HubState = {
    connected: false,
    since: undefined,
    url: undefined,
    serverVersion: undefined,
    encrypted: undefined,
    lastError: undefined,
  };
  let lastError: SyncError | undefined;
  /** Woken whenever a dial ends, either way. */
  const dialled = waiters();
  let resting = false;

  function begin(): void {
    running ??= keepConnected();
  }

  async function keepConnected(): Promise<void> {
    let failedInRow = 0;
    for (let turn = 0; !ended.signal.aborted; turn++) {
      const url = urls[turn % urls.length] ?? '';
      const began = performance.now();
      const failure = await connectedUntil(url);
      if (ended.signal.aborted) return;
      const held = state.connected && performance.now() - began > stableAfterMs;
      failedInRow = held ? 1 : failedInRow + 1;
      state = { ...state, connected: false, since: state.connected ? now() : (state.since ?? now()) };
      noteError(failure);
      resting = true;
      dialled.wake();
      // Other addresses of the list are tried before anything is waited for.
      if (failedInRow % urls.length !== 0 && !held) continue;
      const { firstMs, mostMs } = failure.code === 'HUB_CREDENTIAL_REFUSED' ? retryRefused : retry;
      const rounds = Math.max(0, Math.ceil(failedInRow / urls.length) - 1);
      const delayMs = Math.min(mostMs, firstMs * 2 ** Math.min(rounds, 30));
      await wait(delayMs / 2 + (random() * delayMs) / 2, ended.signal);
    }
  }

  /** Dials and stays until the connection is over; tells why it is, or never was. */
  async function connectedUntil(url: string): Promise<SyncError> {
    resting = false;
    try {
      const nats = await dialHub(parseHubAddress(url), { ...options, dialMs } satisfies DialOptions);
      if (ended.signal.aborted) await nats.close();
      const forbidden = new Map<string, Error>();
      const watching = watch(nats, forbidden, (error) => noteError(dialError(url, error)));
      client = await clientOf(nats, url, forbidden);
      const { version } = nats.info ?? {};
      const encrypted = isEncrypted(nats);
      state = { ...state, connected: true, since: now(), url, serverVersion: version, encrypted };
      lastError = undefined;
      dialled.wake();
      const why = await nats.closed();
      client = undefined;
      await watching;
      return dialError(url, why ?? undefined);
    } catch (error) {
      state = { ...state, url };
      return dialError(url, error);
    } finally {
      client = undefined;
    }
  }

  async function clientOf(
    nats: NatsConnection,
    url: string,
    forbidden: ReadonlyMap<string, Error>,
  ): Promise<HubClient> {
    generation += 1;
    const manager = await jetstreamManager(nats, { timeout: requestMs, checkAPI: false });
    const turns = inTurns(manageTogether);
    let doubting: Promise<void> | undefined;
    const doubt = (): void => {
      doubting ??= closeIfDead(nats, requestMs).finally(() => (doubting = undefined));
    };
    return {
      generation,
      doubt,
      url,
      nats,
      manager,
      jetstream: jetstream(nats, { timeout: requestMs }),
      pulls: pullDesk(nats, inboxPrefix, (fault) => noteError(dialError(url, fault))),
      payloadBytesMax: nats.info?.max_payload ?? 0,
      forbidden: (subject) => forbidden.get(subject),
      manage: async (what, act) => {
        using _turn = await turns();
        try {
          return await act(manager);
        } catch (error) {
          if (error instanceof errors.TimeoutError) doubt();
          throw requestError(what, error);
        }
      },
    };
  }

  function noteError(error: SyncError): void {
    lastError = error;
    const { code, message, hint } = error;
    state = { ...state, lastError: { code, message, hint, at: now() } };
  }

  async function over(): Promise<void> {
    ended.abort();
    const live = client;
    await live?.nats.close();
    dialled.wake();
    // A dial that goes on is not waited for; it ends by itself.
    if (live) await running;
  }

  const connection: Omit<HubConnection, typeof Symbol.asyncDispose> = {
    inboxPrefix,
    state: () => state,
    live: () => client,
    async client(signal) {
      begin();
      while (!client && !ended.signal.aborted) {
        signal.throwIfAborted();
        if (resting && lastError) throw lastError;
        await dialled.wait(signal);
      }
      signal.throwIfAborted();
      if (!client) throw dialError(urls[0] ?? '', new Error('the connection was given up here'));
      return client;
    },
    async newer(known, signal) {
      begin();
      while (!signal.aborted && !ended.signal.aborted && (!client || client.generation === known))
        await dialled.wait(signal);
    },
    share() {
      users += 1;
      return shared();
    },
  };

  function shared(): HubConnection {
    let mine = true;
    return {
      ...connection,
      async [Symbol.asyncDispose]() {
        if (!mine) return;
        mine = false;
        users -= 1;
        if (users === 0) await over();
      },
    };
  }
  return shared();
}

/** Reads what the client reports, so that nothing of it piles up; ends with the connection. */
async function watch(
  nats: NatsConnection,
  forbidden: Map<string, Error>,
  onError: (error: Error) => void,
): Promise<void> {
  for await (const status of nats.status()) {
    if (status.type !== 'error') continue;
    const { error } = status;
    if ('operation' in error && 'subject' in error && typeof error.subject === 'string') {
      if (forbidden.size >= forbiddenMax) forbidden.clear();
      forbidden.set(error.subject, error);
    } else onError(error);
  }
}

const forbiddenMax = 1000;

/** A connection that does not even answer a ping is ended: the client's reader may have stopped without a word. */
async function closeIfDead(nats: NatsConnection, pongMs: number): Promise<void> {
  if (nats.isClosed()) return;
  const over = new AbortController();
  const pong = nats.flush().then(
    () => true,
    // It ended while we waited, and is made anew anyway.
    () => true,
  );
  const alive = await Promise.race([pong, waitOut(pongMs, over.signal).then(() => false)]);
  over.abort();
  if (!alive) await nats.close();
}

/** Lets so many in at a time; the others wait in the order they came. */
function inTurns(together: number): () => Promise<Disposable> {
  let free = together;
  const waiting: (() => void)[] = [];
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    return {
      [Symbol.dispose]() {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      },
    };
  };
}
