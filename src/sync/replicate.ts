import { CrossgapError } from '../errors.ts';
import type { Logger } from '../log.ts';
import { blobIntake, type BlobIntake } from './blob-intake.ts';
import type { Doorbell } from './doorbell.ts';
import { exchangeOnce } from './exchange.ts';
import { firstOf } from './first-of.ts';
import { exchangeLimits, type ExchangeLimits } from './limits.ts';
import type { Replica } from './replica.ts';
import type { Exchange } from './tally.ts';
import type { Transport } from './transport.ts';
import { waitOut } from './wait-out.ts';

export type ReplicateOnceOptions = {
  readonly signal: AbortSignal;
  readonly limits?: Partial<ExchangeLimits>;
  /** Resolves after a time, or when the signal fires. */
  readonly wait?: (timeMs: number, signal: AbortSignal) => Promise<void>;
};

/**
 * Everything there is to do now, both ways, then ends: as slowly as the rate wants it, but not after the window in which
 * blobs may move. What hinders stands in `failures`, nothing is thrown for it.
 */
export function replicateOnce(
  replica: Replica,
  transport: Transport,
  { signal, limits, wait = waitOut }: ReplicateOnceOptions,
): Promise<Exchange> {
  const intake = blobIntake(
    (digest) => replica.incomingFile(digest),
    () => performance.now(),
  );
  return exchangeOnce(replica, transport, {
    signal,
    intake,
    limits: { ...exchangeLimits, ...limits },
    headDue: true,
    waitForRate: wait,
  });
}

export type ReplicateOptions = ReplicateOnceOptions & {
  readonly log: Logger;
  /** Rung when something was appended to the outward feed or came to be owed. */
  readonly changes: Doorbell;
  /** A head goes out at least this often, and whatever got lost is looked for. */
  readonly headEveryMs?: number | (() => number);
  /** A wanted blob of which nothing came for so long is reported as SLOW_PEER. */
  readonly slowAfterMs?: number;
  readonly retry?: { readonly firstMs: number; readonly mostMs: number };
  /**
   * Resolves when an exchange may be had, with how to say that it is over; at once where nothing is said. Of thousands of
   * links that all have something to do, so many as there is room for do it at a time.
   */
  readonly turn?: (signal: AbortSignal) => Promise<() => void>;
  /** Told of each exchange, for status and figures. */
  readonly onExchange?: (exchange: Exchange) => void;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  readonly random?: () => number;
};

/**
 * Keeps a link going until the signal fires: exchanges when something arrived, when something changed here, and on
 * a timer. After a failure it tries again, each time later, up to `retry.mostMs`. Of thousands of links almost all wait: a
 * replica that is made for each exchange is not kept meanwhile.
 */
export async function replicate(
  replica: Replica | (() => Replica),
  transport: Transport,
  options: ReplicateOptions,
): Promise<void> {
  const { signal, log, changes, onExchange, limits } = options;
  const { headEveryMs = 60_000, slowAfterMs = 600_000, retry = { firstMs: 1000, mostMs: 300_000 } } = options;
  const { now = () => performance.now(), wait = waitOut, random = Math.random, turn } = options;
  let intake: BlobIntake | undefined;
  const told = talkative(log, slowAfterMs);
  let headDueAt = now();
  let failedInRow = 0;

  while (!signal.aborted) {
    const atLatestMs = await exchangeInTurn();
    if (atLatestMs === undefined) {
      failedInRow += 1;
      // Half of the time is chance, so that many links to one broken place don't come back at once.
      const delayMs = Math.min(retry.mostMs, retry.firstMs * 2 ** Math.min(failedInRow - 1, 30));
      await wait(delayMs / 2 + (random() * delayMs) / 2, signal);
      await transport.lineIsThere?.(signal);
      continue;
    }
    failedInRow = 0;
    await somethingToDo(atLatestMs);
  }

  /** One exchange, when it may be had; gives back after what time there is another, undefined where something hindered it. */
  async function exchangeInTurn(): Promise<number | undefined> {
    const turnIsOver = await turn?.(signal);
    const headDue = now() >= headDueAt;
    const exchange = await exchangeNow(headDue).finally(turnIsOver);
    if (intake?.isEmpty()) intake = undefined;
    told(exchange);
    onExchange?.(exchange);
    if (exchange.failures.length > 0) return undefined;
    if (headDue) headDueAt = now() + (typeof headEveryMs === 'function' ? headEveryMs() : headEveryMs);
    return Math.min(headDueAt - now(), exchange.paused?.opensInMs ?? Infinity);
  }

  async function exchangeNow(headDue: boolean): Promise<Exchange> {
    const current = typeof replica === 'function' ? replica() : replica;
    intake ??= blobIntake((digest) => current.incomingFile(digest), now);
    return exchangeOnce(current, transport, {
      signal,
      intake,
      limits: { ...exchangeLimits, ...limits },
      headDue,
    });
  }

  async function somethingToDo(atLatestMs: number): Promise<void> {
    await firstOf(signal, (over) => [
      transport.arrival(over),
      changes.rung(over),
      wait(Math.max(0, atLatestMs), over),
    ]);
  }
}

const nothingSaid: ReadonlySet<string> = new Set();

/** Logs what an exchange brought; a refusal or a failure that lasts is said once, not at each exchange. */
function talkative(log: Logger, slowAfterMs: number): (exchange: Exchange) => void {
  let saidBefore = nothingSaid;
  return ({ refusals, failures, waiting, noRoom, paused, ...done }) => {
    const said = new Set<string>();
    const once = (key: string, say: () => void): void => {
      if (!saidBefore.has(key)) say();
      said.add(key);
    };
    for (const refusal of refusals)
      once(`${refusal.code} ${refusal.what}`, () => {
        if (refusal.code === 'PARCEL_UNFINISHED') log.debug(refusal, 'parcel not whole yet');
        else log.warn(refusal, 'refused what arrived');
      });
    for (const failure of failures) {
      const code = failure instanceof CrossgapError ? failure.code : undefined;
      once(`failure ${code ?? failure.message}`, () =>
        // What heals by itself is a warning; what nobody foresaw wants a person.
        log[code === undefined ? 'error' : 'warn']({ err: failure, code }, 'exchange hindered'),
      );
    }
    for (const { code, digest, message } of noRoom)
      once(`${code} ${digest}`, () => log.warn({ code, digest, message }, 'no room for a blob'));
    for (const { digest, heldBytes, sizeBytes, stalledMs } of waiting)
      // What may not move does not stall.
      if (!paused && stalledMs >= slowAfterMs)
        once(`SLOW_PEER ${digest}`, () =>
          log.warn({ code: 'SLOW_PEER', digest, heldBytes, sizeBytes, stalledMs }, 'blob does not progress'),
        );
    if (done.entriesIn + done.entriesOut + done.blobBytesIn + done.blobBytesOut > 0)
      log.info({ ...done }, 'exchanged');
    saidBefore = said.size > 0 ? said : nothingSaid;
  };
}
