import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type {
  BlobParcel,
  EntriesParcel,
  NamedBlob,
  Parcel,
  Received,
  Transport,
} from '../../src/sync/index.ts';

/** Two ends of one link, and what a test may do to the way between them. */
export interface TransportPair extends AsyncDisposable {
  readonly here: Transport;
  readonly there: Transport;
  /** The receiving end as a new process would open it. */
  thereAgain(): Transport;
  /** Puts things between the parcels of `here` that are none; returns names to recognise them by. */
  litter(): Promise<readonly string[]>;
  /** Loses every parcel that `here` has sent and nobody has settled. */
  loseAll(): Promise<void>;
}

const never = new AbortController().signal;

export const entriesParcel = (firstSeq: number, count: number, epoch = 1): EntriesParcel => ({
  kind: 'entries',
  epoch,
  firstSeq,
  entries: Array.from({ length: count }, (_, index) => ({
    bytes: Buffer.from(`entry ${epoch}/${firstSeq + index}`),
    signature: Buffer.alloc(64, firstSeq + index),
  })),
});

/** A blob of random bytes and the parcels that carry it. */
export function someBlob(sizeBytes: number, chunkBytes: number, attempt = 0) {
  const bytes = randomBytes(sizeBytes);
  const digest = createHash('sha256').update(bytes).digest('hex');
  const parcels: BlobParcel[] = [];
  for (let offset = 0; offset < sizeBytes; offset += chunkBytes) {
    const piece = bytes.subarray(offset, offset + chunkBytes);
    parcels.push({ kind: 'blob', digest, sizeBytes, attempt, offset, bytes: piece });
  }
  return { bytes, named: { digest, sizeBytes, attempt }, parcels };
}

/** Everything at hand, each `done` as soon as it came unless asked otherwise. */
export async function takeAll(
  transport: Transport,
  { wanted = [], done = true }: { wanted?: readonly NamedBlob[]; done?: boolean } = {},
): Promise<{ parcels: Parcel[]; unreadable: string[] }> {
  const parcels: Parcel[] = [];
  const unreadable: string[] = [];
  for await (const received of transport.receive(() => wanted, never)) {
    if ('unreadable' in received) unreadable.push(`${received.unreadable.code} ${received.unreadable.name}`);
    else {
      parcels.push(copyOf(received.parcel));
      if (done) await received.done();
    }
  }
  return { parcels, unreadable };
}

/** With plain buffers, so that parcels of different origin can be compared. */
function copyOf(parcel: Parcel): Parcel {
  if (parcel.kind !== 'entries') return { ...parcel, bytes: Buffer.from(parcel.bytes) };
  const entries = parcel.entries.map(({ bytes, signature }) => ({
    bytes: Buffer.from(bytes),
    signature: Buffer.from(signature),
  }));
  return { ...parcel, entries };
}

/** Each entry's text, whatever parcels they came in. */
export function textsOf(parcels: readonly Parcel[]): string[] {
  return parcels.flatMap((parcel) =>
    parcel.kind === 'entries' ? parcel.entries.map(({ bytes }) => Buffer.from(bytes).toString()) : [],
  );
}

const seqTexts = (from: number, to: number, epoch = 1): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `entry ${epoch}/${from + index}`);

/** What every transport promises. A new one is done when it keeps this. */
export function keepsTheTransportContract(name: string, makePair: () => Promise<TransportPair>): void {
  describe(`the transport contract, kept by ${name}`, () => {
    let pair: TransportPair;
    beforeEach(async () => {
      pair = await makePair();
    });
    afterEach(async () => {
      await pair[Symbol.asyncDispose]();
    });
    const send = (parcel: Parcel): Promise<void> => pair.here.send(parcel, never);

    test('entries, a head and a blob arrive as they were sent', async () => {
      const blob = someBlob(20_000, 8192);
      const head: Parcel = { kind: 'head', bytes: Buffer.from('a signed head') };
      const sent: Parcel[] = [entriesParcel(1, 3), head, ...blob.parcels];
      for (const parcel of sent) await send(parcel);
      const { parcels, unreadable } = await takeAll(pair.there, { wanted: [blob.named] });
      expect(parcels).toHaveLength(sent.length);
      expect(parcels).toEqual(expect.arrayContaining(sent.map(copyOf)));
      expect(unreadable).toEqual([]);
    });

    test('nothing is there before anything was sent', async () => {
      expect(await takeAll(pair.there)).toEqual({ parcels: [], unreadable: [] });
    });

    test('what was not done comes again', async () => {
      await send(entriesParcel(1, 2));
      await takeAll(pair.there, { done: false });
      expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(seqTexts(1, 2));
    });

    test('what was done does not come again', async () => {
      const blob = someBlob(5000, 5000);
      for (const parcel of [entriesParcel(1, 2), ...blob.parcels]) await send(parcel);
      await takeAll(pair.there, { wanted: [blob.named] });
      expect((await takeAll(pair.there, { wanted: [blob.named] })).parcels).toEqual([]);
    });

    test('the same parcel twice is one parcel', async () => {
      const blob = someBlob(5000, 5000);
      for (const parcel of [entriesParcel(1, 2), ...blob.parcels, entriesParcel(1, 2), ...blob.parcels])
        await send(parcel);
      expect((await takeAll(pair.there, { wanted: [blob.named] })).parcels).toHaveLength(2);
    });

    test('entries come in the order of their feed, across parcels and epochs', async () => {
      for (const parcel of [entriesParcel(1, 40), entriesParcel(41, 5), entriesParcel(1, 3, 2)])
        await send(parcel);
      const expected = [...seqTexts(1, 45), ...seqTexts(1, 3, 2)];
      expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(expected);
    });

    test('entries come before the head, and both before blobs that were sent earlier', async () => {
      const blob = someBlob(20_000, 8192);
      await send({ kind: 'head', bytes: Buffer.from('head') });
      for (const parcel of [...blob.parcels, entriesParcel(1, 1)]) await send(parcel);
      const kinds = (await takeAll(pair.there, { wanted: [blob.named] })).parcels.map(({ kind }) => kind);
      expect(kinds).toEqual(['entries', 'head', 'blob', 'blob', 'blob']);
    });

    test('what is wanted is asked for when the entries have been taken', async () => {
      const blob = someBlob(5000, 5000);
      for (const parcel of [entriesParcel(1, 1), ...blob.parcels]) await send(parcel);
      const wanted: NamedBlob[] = [];
      const kinds: string[] = [];
      for await (const received of pair.there.receive(() => wanted, never)) {
        if (!('parcel' in received)) continue;
        kinds.push(received.parcel.kind);
        if (received.parcel.kind === 'entries') wanted.push(blob.named);
        await received.done();
      }
      expect(kinds).toEqual(['entries', 'blob']);
    });

    test('a large blob arrives whole, chunk by chunk', async () => {
      const blob = someBlob(3_000_001, 262_144);
      for (const parcel of blob.parcels) await send(parcel);
      const { parcels } = await takeAll(pair.there, { wanted: [blob.named] });
      const arrived = Buffer.alloc(blob.bytes.length);
      for (const parcel of parcels) if (parcel.kind === 'blob') arrived.set(parcel.bytes, parcel.offset);
      expect(arrived.equals(blob.bytes)).toBe(true);
    });

    test('a chunk is carried once it was sent, and no other chunk is', async () => {
      const blob = someBlob(10_000, 5000);
      const chunk = { ...blob.named, offset: 0, length: 5000 };
      expect(await pair.here.carriesChunk(chunk)).toBe(false);
      await send(blob.parcels[0]!);
      expect(await pair.here.carriesChunk(chunk)).toBe(true);
      for (const other of [
        { ...chunk, offset: 5000 },
        { ...chunk, attempt: 1 },
        { ...chunk, length: 10_000 },
      ])
        expect(await pair.here.carriesChunk(other)).toBe(false);
    });

    test('a chunk that was refused and is sent as the next attempt comes again', async () => {
      const blob = someBlob(5000, 5000);
      await send(blob.parcels[0]!);
      await takeAll(pair.there, { wanted: [blob.named] });
      await send({ ...blob.parcels[0]!, attempt: 1 });
      const again = await takeAll(pair.there, { wanted: [{ ...blob.named, attempt: 1 }] });
      expect(again.parcels).toEqual([copyOf({ ...blob.parcels[0]!, attempt: 1 })]);
    });

    test('entries are carried up to the first that is not on its way', async () => {
      expect(await pair.here.carriedTo({ epoch: 1, seq: 1 })).toBe(0);
      await send(entriesParcel(1, 10));
      await send(entriesParcel(21, 5));
      expect(await pair.here.carriedTo({ epoch: 1, seq: 1 })).toBe(10);
      expect(await pair.here.carriedTo({ epoch: 1, seq: 11 })).toBe(10);
      expect(await pair.here.carriedTo({ epoch: 1, seq: 22 })).toBe(25);
      expect(await pair.here.carriedTo({ epoch: 2, seq: 1 })).toBe(0);
      await send(entriesParcel(11, 10));
      expect(await pair.here.carriedTo({ epoch: 1, seq: 3 })).toBe(25);
    });

    test('what is given back is a row of its own, and stays until the other side holds it', async () => {
      const back: EntriesParcel = {
        ...entriesParcel(1, 2),
        entries: entriesParcel(101, 2).entries,
        givenBack: true,
      };
      const backTo = (): Promise<number> => pair.here.carriedTo({ epoch: 1, seq: 1, givenBack: true });
      await send(entriesParcel(1, 3));
      expect(await backTo()).toBe(0);
      await send(back);
      expect([await backTo(), await pair.here.carriedTo({ epoch: 1, seq: 1 })]).toEqual([2, 3]);
      const { parcels } = await takeAll(pair.there);
      expect(textsOf(parcels).toSorted()).toEqual([...seqTexts(1, 3), ...seqTexts(101, 102)].toSorted());
      const settled = { epoch: 1, seq: 3, owed: new Set<string>() };
      await pair.here.settle({ ...settled, givenBack: { epoch: 1, seq: 1 } });
      expect([await backTo(), await pair.here.carriedTo({ epoch: 1, seq: 1 })]).toEqual([2, 0]);
      await pair.here.settle({ ...settled, givenBack: 'all' });
      expect(await backTo()).toBe(0);
    });

    test('settling removes what the other side holds and leaves the rest', async () => {
      const [held, owed] = [someBlob(5000, 5000), someBlob(5000, 5000)];
      for (const parcel of [...held.parcels, ...owed.parcels, entriesParcel(1, 3)]) await send(parcel);
      await pair.here.settle({ epoch: 1, seq: 3, owed: new Set([owed.named.digest]) });
      await send(entriesParcel(4, 2));
      const { parcels } = await takeAll(pair.thereAgain(), { wanted: [held.named, owed.named] });
      expect(textsOf(parcels)).toEqual(seqTexts(4, 5));
      expect(parcels.filter(({ kind }) => kind === 'blob')).toEqual(owed.parcels.map(copyOf));
    });

    test('settling twice, or when there is nothing, is no error', async () => {
      for (const seq of [0, 5, 5]) await pair.here.settle({ epoch: 1, seq, owed: new Set() });
      await send(entriesParcel(6, 1));
      expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(seqTexts(6, 6));
    });

    test('what was lost on the way is no longer carried and can be sent again', async () => {
      const blob = someBlob(5000, 5000);
      for (const parcel of [entriesParcel(1, 3), ...blob.parcels]) await send(parcel);
      await pair.loseAll();
      await pair.here.settle({ epoch: 0, seq: 0, owed: new Set([blob.named.digest]) });
      expect(await pair.here.carriedTo({ epoch: 1, seq: 1 })).toBe(0);
      expect(await pair.here.carriesChunk({ ...blob.named, offset: 0, length: 5000 })).toBe(false);
      for (const parcel of [entriesParcel(1, 3), ...blob.parcels]) await send(parcel);
      expect((await takeAll(pair.there, { wanted: [blob.named] })).parcels).toHaveLength(2);
    });

    test('an arrival wakes whoever waits', async () => {
      await takeAll(pair.there);
      const woken = pair.there.arrival(never);
      await send(entriesParcel(1, 1));
      await woken;
      expect((await takeAll(pair.there)).parcels).toHaveLength(1);
    });

    test('what arrived since the last look wakes whoever begins to wait', async () => {
      await takeAll(pair.there);
      await send(entriesParcel(1, 1));
      await pair.there.arrival(never);
    });

    test('an abort ends the waiting', async () => {
      await takeAll(pair.there);
      const ending = new AbortController();
      const woken = pair.there.arrival(ending.signal);
      ending.abort();
      await woken;
    });

    test('an abort ends receiving, and what was not taken comes the next time', async () => {
      for (const parcel of [entriesParcel(1, 1), entriesParcel(3, 1), entriesParcel(5, 1)])
        await send(parcel);
      const ending = new AbortController();
      const taken: Received[] = [];
      for await (const received of pair.there.receive(() => [], ending.signal)) {
        taken.push(received);
        ending.abort();
      }
      expect(taken.length).toBeLessThan(3);
      expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(['entry 1/1', 'entry 1/3', 'entry 1/5']);
    });

    test('nothing is sent once the signal has fired', async () => {
      await expect(pair.here.send(entriesParcel(1, 1), AbortSignal.abort())).rejects.toThrow(/abort/i);
      expect((await takeAll(pair.there)).parcels).toEqual([]);
    });

    test('neither end meets its own parcels', async () => {
      await send(entriesParcel(1, 1));
      await pair.there.send(entriesParcel(7, 1), never);
      expect(textsOf((await takeAll(pair.here)).parcels)).toEqual(['entry 1/7']);
      expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(['entry 1/1']);
    });

    test('what is no parcel is named, skipped and hinders nothing', async () => {
      await send(entriesParcel(1, 2));
      const names = await pair.litter();
      await send(entriesParcel(3, 2));
      const { parcels, unreadable } = await takeAll(pair.there);
      expect(textsOf(parcels)).toEqual(seqTexts(1, 4));
      for (const name of names) expect(unreadable.join('\n')).toContain(name);
    });

    test('a reader that is restarted in the middle goes on', async () => {
      for (const parcel of [entriesParcel(1, 1), entriesParcel(3, 1), entriesParcel(5, 1)])
        await send(parcel);
      for await (const received of pair.there.receive(() => [], never)) {
        if ('parcel' in received) await received.done();
        break;
      }
      const texts = textsOf((await takeAll(pair.thereAgain())).parcels);
      expect(texts.slice(-2)).toEqual(['entry 1/3', 'entry 1/5']);
    });

    test('whoever reads while parcels are sent meets whole parcels only', async () => {
      const blob = someBlob(400_000, 50_000);
      const sent = [...blob.parcels, ...[1, 3, 5, 7].map((seq) => entriesParcel(seq, 1))];
      const sending = (async () => {
        for (const parcel of sent) await send(parcel);
      })();
      const met: Parcel[] = [];
      while (met.length < sent.length) {
        const { parcels, unreadable } = await takeAll(pair.there, { wanted: [blob.named] });
        expect(unreadable).toEqual([]);
        met.push(...parcels);
      }
      await sending;
      expect(met).toEqual(expect.arrayContaining(sent.map(copyOf)));
    });
  });
}
