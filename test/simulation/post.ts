/*
 * Two carriages of one make. The broker holds what is sent until the other end has acknowledged it; the courier
 * takes what lies in a bag to the other end's tray when he comes by. Both lose, double, cut, reorder, invent and
 * withhold, and believe nothing: parcels lie in them as bytes.
 */
import {
  decodeParcelFile,
  encodeParcelFile,
  type Chunk,
  type EntriesRow,
  type NamedBlob,
  type Parcel,
  type Place,
  type Received,
  type Settled,
  type Transport,
} from '../../src/sync/index.ts';
import type { Carriage, CarriageParts, Mischief, Side } from './carriage.ts';
import type { Chance } from './chance.ts';
import { flipped, forge } from './forge.ts';

type Letter = { readonly bytes: Buffer };

/** One direction of a link. */
class Way {
  /** Sent, and not yet where the other end sees it. */
  bag: Letter[] = [];
  /** What the other end sees until it acknowledges it. */
  tray: Letter[] = [];
  /** Changes when all that was held is gone, as a stream that was deleted and made again shows. */
  incarnation = 0;
  withheld = false;
  refusing = 0;
  swallowing = 0;
  acksLost = 0;

  forgetAll(): void {
    this.bag = [];
    this.tray = [];
    this.incarnation += 1;
  }
}

/** A failure of the way itself; not one of the program. */
export class WayClosed extends Error {}

type PostKind = {
  readonly kind: 'broker' | 'courier';
  /** How long a sender believes that what was taken from it is still there, in milliseconds. */
  readonly believedMs: number;
};

export const broker: PostKind = { kind: 'broker', believedMs: 60_000 };
export const courier: PostKind = { kind: 'courier', believedMs: 86_400_000 };

const trayMax = 400;

export function post({ kind, believedMs }: PostKind, parts: CarriageParts): Carriage {
  const ways = [new Way(), new Way()] as const;

  const letter = (bytes: Buffer): Letter => ({ bytes });
  const put = (way: Way, bytes: Buffer): void => {
    if (kind === 'courier') way.bag.push(letter(bytes));
    else way.tray.push(letter(bytes));
    parts.history.push(bytes);
    if (parts.history.length > 300) parts.history.shift();
  };

  /** What lies there and can still be got at by whoever means harm. */
  const pile = (way: Way): Letter[] => (way.bag.length > 0 ? way.bag : way.tray);
  const replace = (way: Way, at: number, bytes: Buffer): void => void (pile(way)[at] = letter(bytes));

  function happen(what: Mischief, from: Side, chance: Chance): string {
    const way = ways[from];
    const lying = pile(way);
    const at = chance.below(Math.max(1, lying.length));
    const found = lying[at]?.bytes;
    switch (what) {
      case 'withhold':
        way.withheld = !way.withheld;
        return `${what} ${way.withheld}`;
      case 'refuse':
        way.refusing = 1 + chance.below(3);
        return what;
      case 'swallow':
        way.swallowing = 1 + chance.below(3);
        return what;
      case 'lose acks':
        way.acksLost = 1 + chance.below(5);
        return what;
      case 'forget all':
        way.forgetAll();
        return what;
      case 'forget some':
        // The newest ones go, and nothing tells of it.
        lying.splice(at);
        return `${what} ${at}`;
      case 'replay': {
        if (parts.history.length > 0 && way.tray.length < trayMax)
          way.tray.push(letter(chance.one(parts.history)));
        return what;
      }
      case 'drop':
        lying.splice(at, 1);
        return `${what} ${at}`;
      default:
    }
    if (found === undefined) return `${what} nothing`;
    switch (what) {
      case 'double':
        lying.splice(chance.below(lying.length + 1), 0, letter(found));
        break;
      case 'shuffle':
        for (let left = lying.length - 1; left > 0; left--) {
          const other = chance.below(left + 1);
          [lying[left], lying[other]] = [lying[other]!, lying[left]!];
        }
        break;
      case 'cut':
        replace(way, at, found.subarray(0, chance.below(found.length)));
        break;
      case 'flip':
        replace(way, at, flipped(found, chance));
        break;
      case 'forge':
        lying.splice(at, 0, letter(forge(found, chance)));
        break;
    }
    return `${what} ${at}`;
  }

  return {
    kind,
    open: (side) => postEnd(kind, ways[side], ways[side === 0 ? 1 : 0], { put, believedMs, ...parts }),
    happen,
    carry(chance) {
      for (const way of ways) {
        if (way.withheld) continue;
        // A bag that was lost on the road is lost whole, and one that is brought twice too.
        const luck = chance.below(8);
        if (luck !== 0) way.tray.push(...way.bag, ...(luck === 1 ? way.bag : []));
        way.bag = [];
      }
    },
    heal() {
      for (const way of ways) {
        way.withheld = false;
        way.refusing = way.swallowing = way.acksLost = 0;
        way.tray.push(...way.bag);
        way.bag = [];
      }
    },
  };
}

type EndParts = CarriageParts & {
  readonly put: (way: Way, bytes: Buffer) => void;
  readonly believedMs: number;
};

/** What a sender remembers to have handed over, and of which incarnation of the way. */
type Handed = { readonly at: number; readonly incarnation: number };
type HandedSpan = Handed & EntriesRow & { readonly first: number; readonly last: number };

function postEnd(name: string, out: Way, incoming: Way, { put, believedMs, elapsed }: EndParts): Transport {
  let spans: HandedSpan[] = [];
  const chunks = new Map<string, Handed>();
  const isBelieved = ({ at, incarnation }: Handed): boolean =>
    incarnation === out.incarnation && elapsed() - at < believedMs;
  const keyOf = ({ digest, attempt, sizeBytes, offset }: Omit<Chunk, 'length'>): string =>
    `${digest} ${attempt} ${sizeBytes} ${offset}`;

  async function send(parcel: Parcel): Promise<void> {
    if (out.refusing > 0) {
      out.refusing -= 1;
      throw new WayClosed('nothing is taken now');
    }
    const handed = { at: elapsed(), incarnation: out.incarnation };
    if (out.swallowing > 0) out.swallowing -= 1;
    else put(out, encodeParcelFile(parcel));
    if (parcel.kind === 'entries') {
      const { epoch, givenBack, firstSeq, entries } = parcel;
      const row = { epoch, ...(givenBack && { givenBack }) };
      spans.push({ ...handed, ...row, first: firstSeq, last: firstSeq + entries.length - 1 });
    }
    if (parcel.kind === 'blob') chunks.set(keyOf(parcel), handed);
  }

  async function carriedTo({ epoch, givenBack, seq }: Place & EntriesRow): Promise<number> {
    spans = spans.filter(isBelieved);
    let to = seq - 1;
    for (let found = true; found;) {
      const next = spans.find(
        (span) =>
          span.epoch === epoch && span.givenBack === givenBack && span.first <= to + 1 && span.last > to,
      );
      found = next !== undefined;
      to = next?.last ?? to;
    }
    return to;
  }

  async function* receive(wanted: () => readonly NamedBlob[], signal: AbortSignal): AsyncGenerator<Received> {
    if (incoming.withheld) return;
    const order = { entries: 0, head: 1, blob: 2 };
    const read = incoming.tray.map((letter) => ({ letter, decoded: decodeParcelFile(letter.bytes) }));
    const rank = ({ decoded }: (typeof read)[number]): number =>
      'parcel' in decoded ? order[decoded.parcel.kind] : 0;
    const wantedNow = new Set(wanted().map(({ digest }) => digest));
    for (const { letter, decoded } of read.toSorted((a, b) => rank(a) - rank(b))) {
      if (signal.aborted) return;
      const done = (): Promise<void> => {
        if (incoming.acksLost > 0) incoming.acksLost -= 1;
        else incoming.tray = incoming.tray.filter((other) => other !== letter);
        return Promise.resolve();
      };
      if (!('parcel' in decoded)) {
        await done();
        yield { unreadable: { name: 'letter', ...decoded } };
      } else if (decoded.parcel.kind === 'blob' && !wantedNow.has(decoded.parcel.digest)) {
        for (const { digest } of wanted()) wantedNow.add(digest);
        if (wantedNow.has(decoded.parcel.digest)) yield { parcel: decoded.parcel, done };
      } else yield { parcel: decoded.parcel, done };
    }
  }

  return {
    name,
    send,
    carriedTo,
    carriesChunk: async (chunk) => {
      const handed = chunks.get(keyOf(chunk));
      return handed !== undefined && isBelieved(handed);
    },
    receive,
    arrival: () => Promise.resolve(),
    settle: (_settled: Settled) => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
