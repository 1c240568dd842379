import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  decodeParcelFile,
  encodeParcelFile,
  type BlobParcel,
  type EntriesParcel,
  type Parcel,
  type Place,
  type Transport,
} from '../../src/sync/index.ts';
import { acme, contoso, folderPair, type FolderPair } from './folder-support.ts';
import { filesBelow, never } from './link-support.ts';
import { entriesParcel, takeAll, textsOf } from './transport-contract.ts';

const nothingYet = { epoch: 0, seq: 0, owed: new Set<string>() };

const blobBytes = Buffer.alloc(8192, 'application');
const blobDigest = createHash('sha256').update(blobBytes).digest('hex');
/** One of the two chunks of a blob. */
const blobParcel = (number: number): BlobParcel => ({
  kind: 'blob',
  digest: blobDigest,
  sizeBytes: blobBytes.length,
  attempt: 0,
  offset: number * 4096,
  bytes: blobBytes.subarray(number * 4096, (number + 1) * 4096),
});

async function sendAll(here: Transport, parcels: readonly Parcel[]): Promise<void> {
  for (const parcel of parcels) await here.send(parcel, never);
}

describe('a folder to which somebody writes in our place', () => {
  let pair: FolderPair;
  beforeEach(() => {
    pair = folderPair();
  });
  afterEach(async () => {
    await pair[Symbol.asyncDispose]();
  });

  /** Changes the entry at `at` in the only file of entries; the checksum fits again. */
  function alter(at: number): void {
    const [path] = filesBelow(pair.own);
    const decoded = decodeParcelFile(readFileSync(path!));
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'entries') throw new Error('no entries lie there');
    const entries = decoded.parcel.entries.with(at, {
      bytes: Buffer.from('altered'),
      signature: Buffer.alloc(64),
    });
    writeFileSync(path!, encodeParcelFile({ ...decoded.parcel, entries }));
  }
  const ours = entriesParcel(1, 8);
  const entriesAfter = ({ epoch, seq }: Place, limit: number) =>
    ours.entries
      .slice(seq, seq + limit)
      .map((entry, at) => ({ ...entry, epoch: epoch || 1, seq: seq + at + 1 }));
  const sendFrom = (here: Transport, firstSeq: number, count: number): Promise<void> => {
    const parcel: EntriesParcel = {
      ...ours,
      firstSeq,
      entries: ours.entries.slice(firstSeq - 1, firstSeq - 1 + count),
    };
    return here.send(parcel, never);
  };
  const texts = async (): Promise<string[]> => textsOf((await takeAll(pair.open(contoso, acme))).parcels);

  test('T-43 INV-5 a file that was altered, checksum and all, is written again', async () => {
    await sendFrom(pair.here, 1, 4);
    const before = await texts();
    alter(2);
    expect(await texts()).toContain('altered');
    await pair.here.settle(nothingYet);
    expect(await pair.here.carriedTo({ epoch: 1, seq: 1 }, entriesAfter)).toBe(0);
    await sendFrom(pair.here, 1, 4);
    expect(await texts()).toEqual(before);
  });

  test('INV-5 what was altered while nobody ran is told from what the log holds, and the rest is not written again', async () => {
    await sendFrom(pair.here, 1, 4);
    const [path] = filesBelow(pair.own);
    const bytes = readFileSync(path!);
    const again = pair.open(acme, contoso);
    expect(await again.carriedTo({ epoch: 1, seq: 3 }, entriesAfter)).toBe(4);
    alter(0);
    const andAgain = pair.open(acme, contoso);
    expect(await andAgain.carriedTo({ epoch: 1, seq: 3 }, entriesAfter)).toBe(2);
    expect(filesBelow(pair.own)).toEqual([]);
    await sendFrom(andAgain, 1, 4);
    expect(readFileSync(path!)).toEqual(bytes);
  });

  test('INV-5 a chunk of which a byte was altered while nobody ran is found when it is first needed, and written again', async () => {
    const [first, second] = [blobParcel(0), blobParcel(1)];
    await sendAll(pair.here, [first, second]);
    const paths = filesBelow(pair.own);
    const before = paths.map((path) => readFileSync(path));
    const decoded = decodeParcelFile(Buffer.from(before[1]!));
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'blob') throw new Error('no chunk lies there');
    const bytes = Buffer.from(decoded.parcel.bytes);
    bytes[7]! ^= 1;
    writeFileSync(paths[1]!, encodeParcelFile({ ...decoded.parcel, bytes }));

    const again = pair.open(acme, contoso);
    const asked: number[] = [];
    const carries = (parcel: BlobParcel): Promise<boolean> =>
      again.carriesChunk({ ...parcel, length: parcel.bytes.length }, () => {
        asked.push(parcel.offset);
        return Promise.resolve(parcel.bytes);
      });
    expect(await carries(first)).toBe(true);
    expect(await carries(second)).toBe(false);
    await again.send(second, never);
    expect(paths.map((path) => readFileSync(path))).toEqual(before);
    // What was looked at once is known from then on, as is what this run wrote itself.
    expect([await carries(first), await carries(second)]).toEqual([true, true]);
    expect(asked).toEqual([first.offset, second.offset]);
    // A blob that can't be read proves nothing.
    const chunk = { ...first, length: first.bytes.length };
    expect(await pair.open(acme, contoso).carriesChunk(chunk, () => Promise.resolve(undefined))).toBe(false);
  });

  test('what was altered is not merged with what follows it', async () => {
    await sendFrom(pair.here, 1, 4);
    const before = await texts();
    alter(1);
    await sendFrom(pair.here, 5, 1);
    const lying = await texts();
    expect(lying.filter((text) => text === 'altered').length).toBeLessThanOrEqual(1);
    await pair.here.settle(nothingYet);
    await sendFrom(pair.here, 1, 4);
    expect((await texts()).slice(0, 4)).toEqual(before);
    expect(await texts()).not.toContain('altered');
  });

  test('FEED_FROZEN entries that were taken and still lie there after some minutes are handed over again', async () => {
    await sendFrom(pair.here, 1, 2);
    let time = 0;
    const there = pair.open(contoso, acme, { now: () => time, againAfterMs: 300_000 });
    expect((await takeAll(there)).parcels).toHaveLength(1);
    time = 299_999;
    expect((await takeAll(there)).parcels).toEqual([]);
    const woken = there.arrival(never);
    time = 300_000;
    await woken;
    expect(textsOf((await takeAll(there)).parcels)).toHaveLength(2);
    expect((await takeAll(there)).parcels).toEqual([]);
  });
});
