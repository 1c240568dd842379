import type { Clock } from '../clock.ts';
import { CrossgapError } from '../errors.ts';
import type { LinkLive, LinksLive } from '../projections/index.ts';
import type { Exchange, HubState } from '../sync/index.ts';
import type { Lines } from './lines.ts';
import { refusedLately, type RefusedLately } from './refused-lately.ts';

/** How each link of a running daemon is at this moment: what its exchanges and its connection say. */
export interface LinkHealth extends Disposable {
  exchanged(link: string, exchange: Pick<Exchange, 'failures' | 'refusals'>): void;
  /** The link has no line at all. */
  failed(link: string, error: unknown): void;
  /** Undefined for a link that nothing was heard of yet. */
  of(link: string): LinkLive | undefined;
  /** Every link of which there is something to tell. */
  all(): ReadonlyMap<string, LinkLive>;
  /** The same for who asks for some of thousands. */
  readonly live: LinksLive;
  /** Calls back when a link came to work for the first time or again, to fail or to fail otherwise; gives back how to stop that. */
  onChange(listener: () => void): () => void;
}

type Trouble = NonNullable<LinkLive['lastError']>;
type Known = {
  exchangedAt: number | undefined;
  trouble: Trouble | undefined;
  hub: HubState | undefined;
  /** Nothing of it is held for a link of which nothing was ever refused. */
  refused: RefusedLately | undefined;
};

const lookEveryMs = 1000;
/** What a message quotes may be of the other side's choosing. */
const wordsMax = 2000;

export function linkHealth(lines: Pick<Lines, 'stateOf'>, clock: Clock): LinkHealth {
  const links = new Map<string, Known>();
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  const knownOf = (link: string): Known => {
    const known = links.get(link) ?? {
      exchangedAt: undefined,
      trouble: undefined,
      hub: undefined,
      refused: undefined,
    };
    links.set(link, known);
    return known;
  };

  function note(link: string, error: unknown): void {
    const known = knownOf(link);
    const at = new Date(clock.now()).toISOString();
    const said = inWords(error);
    const { trouble: before } = known;
    const isSame = before !== undefined && !before.over && before.code === said.code;
    known.trouble = { ...said, at, since: isSame ? before.since : at, over: false };
    if (!isSame || before.message !== said.message) tell();
  }

  /** Whether it is worth telling soon: that there is more of the same can wait. */
  function noteRefused(link: string, refusals: Exchange['refusals']): boolean {
    const known = links.get(link);
    if (refusals.length === 0 && known?.refused === undefined) return false;
    return (knownOf(link).refused ??= refusedLately()).add(refusals, clock.now());
  }

  /** A connection tells nobody that it is lost or back; its state is another object then. */
  const timer = setInterval(() => {
    let changed = false;
    for (const [link, known] of links) {
      const hub = lines.stateOf(link);
      changed ||= hub !== known.hub;
      known.hub = hub;
    }
    if (changed) tell();
  }, lookEveryMs);

  const of = (link: string): LinkLive | undefined => {
    const known = links.get(link);
    return known && liveOf(known, lines.stateOf(link), clock.now());
  };
  const live: LinksLive = {
    get: of,
    *hindered() {
      for (const [link, { trouble }] of links) {
        const hub = lines.stateOf(link);
        // Of those that are well nothing is made.
        if (trouble?.over === false || (hub?.lastError !== undefined && !hub.connected))
          yield [link, of(link)!];
      }
    },
    get connected() {
      let connected = 0;
      for (const link of links.keys()) if (lines.stateOf(link)?.connected === true) connected += 1;
      return connected;
    },
  };

  const health: LinkHealth = {
    exchanged(link, { failures, refusals }) {
      const isNews = noteRefused(link, refusals);
      const [failure] = failures;
      if (failure !== undefined) return note(link, failure);
      const known = knownOf(link);
      const isFirst = known.exchangedAt === undefined;
      known.exchangedAt = clock.now();
      const isMended = known.trouble?.over === false;
      if (known.trouble !== undefined) known.trouble = { ...known.trouble, over: true };
      if (isFirst || isMended || isNews) tell();
    },
    failed: note,
    of,
    live,
    all: () =>
      new Map([...links].map(([link, known]) => [link, liveOf(known, lines.stateOf(link), clock.now())])),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    [Symbol.dispose]() {
      clearInterval(timer);
      listeners.clear();
    },
  };
  return health;
}

function liveOf({ exchangedAt, trouble, refused }: Known, hub: HubState | undefined, now: number): LinkLive {
  return {
    connection:
      hub === undefined
        ? null
        : {
            connected: hub.connected,
            since: iso(hub.since),
            url: hub.url ?? null,
            serverVersion: hub.serverVersion ?? null,
            encrypted: hub.encrypted ?? null,
          },
    exchangedAt: iso(exchangedAt),
    lastError: worst(trouble, hubTrouble(hub)),
    refused: refused?.view(now) ?? null,
  };
}

/** What lasts goes before what is over, then the newer one. */
function worst(a: Trouble | undefined, b: Trouble | undefined): Trouble | null {
  if (a === undefined || b === undefined) return a ?? b ?? null;
  if (a.over !== b.over) return a.over ? b : a;
  return a.at >= b.at ? a : b;
}

function hubTrouble(hub: HubState | undefined): Trouble | undefined {
  if (hub?.lastError === undefined) return undefined;
  const { code, message, hint, at } = hub.lastError;
  const since = hub.connected ? at : Math.min(at, hub.since ?? at);
  return {
    code,
    message: message.slice(0, wordsMax),
    hint: hint.slice(0, wordsMax),
    at: new Date(at).toISOString(),
    since: new Date(since).toISOString(),
    over: hub.connected,
  };
}

function inWords(error: unknown): Pick<Trouble, 'code' | 'message' | 'hint'> {
  if (error instanceof CrossgapError) {
    const { code, message, hint } = error;
    return { code, message: message.slice(0, wordsMax), hint: hint.slice(0, wordsMax) };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { code: 'UNEXPECTED', message: message.slice(0, wordsMax), hint: null };
}

function iso(at: number | undefined): string | null {
  return at === undefined ? null : new Date(at).toISOString();
}
