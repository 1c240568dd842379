import { randomBytes } from 'node:crypto';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  decodeParcelFile,
  encodeParcelFile,
  replicateOnce,
  type EntriesParcel,
  type Parcel,
  type Replica,
  type Transport,
} from '../../src/sync/index.ts';
import type { FakeReplica } from './fake-replica.ts';
import { acme, contoso } from './folder-support.ts';
import { converge, exchange, expectEqual, filesBelow, folderLink, type Link } from './link-support.ts';
import { someBlob } from './transport-contract.ts';

let link: Link;
beforeEach(() => {
  link = folderLink();
});
afterEach(async () => {
  await link[Symbol.asyncDispose]();
});

const notes = (count: number): void => {
  for (let index = 0; index < count; index++) link.vendor.append({ note: `note ${index}` });
};
const entryFiles = (): string[] => filesBelow(join(link.own, 'entries'));
const chunkFiles = (): string[] => filesBelow(join(link.own, 'blobs'));

describe('one exchange each way', () => {
  test('brings entries, heads and blobs across and the receipts back', async () => {
    notes(5);
    const digest = link.vendor.offer(randomBytes(50_000));
    link.customer.append({ note: 'from the customer' });
    await converge(link);
    expectEqual(link);
    expect(link.customer.holdsBlob(digest)).toBe(true);
    expect(link.vendor.confirmed().seq).toBeGreaterThanOrEqual(6);
    expect(link.customer.heads.at(-1)).toContain(link.vendor.state().own.at(-1));
  });

  test('leaves nothing in the folder but heads and what no receipt covers', async () => {
    notes(5);
    link.vendor.offer(randomBytes(50_000));
    await converge(link);
    expect(chunkFiles()).toEqual([]);
    expect(entryFiles()).toEqual([]);
    // The customer's receipt is not receipted.
    expect(filesBelow(link.root)).toHaveLength(3);
  });

  test('of many entries makes one receipt', async () => {
    notes(300);
    await exchange(link.vendor, link.here);
    const { entriesIn } = await exchange(link.customer, link.there);
    expect(entriesIn).toBe(300);
    expect(link.customer.did.acknowledge).toBe(1);
    expect(link.customer.state().own).toHaveLength(1);
  });

  test('of entries and their small blobs makes one receipt too', async () => {
    link.vendor.offer(randomBytes(30_000));
    await exchange(link.vendor, link.here);
    await exchange(link.customer, link.there);
    expect(link.customer.did.acknowledge).toBe(1);
    expect(link.customer.state().own).toHaveLength(1);
  });

  test('offers again what a frozen feed refused, as soon as a person lets it go on, and what was refused for good is done', async () => {
    notes(2);
    await exchange(link.vendor, link.here);
    let code = 'FEED_FROZEN';
    const customer = new Proxy(link.customer, {
      get: (replica, name: keyof FakeReplica) =>
        name === 'receiveEntries' && code !== ''
          ? (entries: EntriesParcel['entries']) =>
              Promise.resolve(entries.map(() => ({ outcome: 'refused', code, message: 'Cannot: it is' })))
          : replica[name],
    });
    for (const refused of ['FEED_FROZEN', 'FEED_FROZEN', 'BODY_MALFORMED']) {
      code = refused;
      const { refusals } = await exchange(customer, link.there);
      expect(new Set(refusals.map((one) => one.code))).toEqual(new Set([refused]));
    }
    code = '';
    expect(await exchange(customer, link.there)).toMatchObject({ entriesIn: 0, refusals: [] });
    expect(await exchange(customer, link.thereAgain())).toMatchObject({ entriesIn: 2 });
  });

  test('looks once at what lies there, where it has only something to send', async () => {
    const blob = randomBytes(20_000);
    link.vendor.offer(blob);
    let looks = 0;
    const here: Transport = {
      ...link.here,
      receive(...asked) {
        looks += 1;
        return link.here.receive(...asked);
      },
    };
    expect(await exchange(link.vendor, here)).toMatchObject({ entriesOut: 1, blobBytesOut: 20_000 });
    expect(looks).toBe(1);
  });

  test('when there is nothing to do does nothing', async () => {
    notes(3);
    await converge(link);
    const before = filesBelow(link.root).map((path) => statSync(path).ino);
    for (const one of [await exchange(link.customer, link.there), await exchange(link.vendor, link.here)])
      expect(one).toMatchObject({ entriesIn: 0, entriesOut: 0, refusals: [], failures: [] });
    expect(filesBelow(link.root).map((path) => statSync(path).ino)).toEqual(before);
  });

  test('does not read a long backlog again when it lies in the folder already', async () => {
    notes(200);
    await exchange(link.vendor, link.here);
    expect(await exchange(link.vendor, link.open(acme, contoso))).toMatchObject({ entriesOut: 0 });
  });

  test('takes an empty blob', async () => {
    const digest = link.vendor.offer(new Uint8Array());
    await converge(link);
    expect(link.customer.holdsBlob(digest)).toBe(true);
    expectEqual(link);
  });

  test('does not send a blob that was brought by another road', async () => {
    const bytes = randomBytes(30_000);
    const digest = link.vendor.offer(bytes);
    link.customer.store(digest, bytes);
    await exchange(link.vendor, link.here);
    expect((await exchange(link.customer, link.there)).blobBytesIn).toBe(0);
    await converge(link);
    expect(chunkFiles()).toEqual([]);
  });

  test('ends when its signal fires', async () => {
    notes(3);
    const ended = link.open(acme, contoso);
    const done = await replicateOnce(link.vendor, ended, { signal: AbortSignal.abort() });
    expect(done).toMatchObject({ entriesOut: 0, failures: [] });
  });
});

describe('J1.F1 the link drops in the middle of a large blob, twenty times', () => {
  test('it resumes from the last good chunk, brings each byte once, and adopts the blob once', async () => {
    const bytes = randomBytes(45 * 8192 + 11);
    const digest = link.vendor.offer(bytes);
    await exchange(link.vendor, link.here);
    const whole = new Map(chunkFiles().map((path) => [path, readFileSync(path)]));
    for (const path of whole.keys()) rmSync(path);
    expect(whole.size).toBe(46);
    let arrived = 0;
    // The synchronising tool brings some files and is cut inside the next one; each time the reader starts anew.
    const paths = [...whole.keys()];
    for (let drop = 0; drop < 20; drop++) {
      const upTo = Math.floor((drop * paths.length) / 20);
      for (const path of paths.slice(0, upTo)) writeFileSync(path, whole.get(path)!);
      const cut = whole.get(paths[upTo]!)!;
      writeFileSync(paths[upTo]!, cut.subarray(0, Math.floor((cut.length * (drop + 1)) / 21)));
      arrived += (await exchange(link.customer, link.open(contoso, acme))).blobBytesIn;
      expect(link.customer.holdsBlob(digest)).toBe(false);
    }
    for (const [path, content] of whole) writeFileSync(path, content);
    arrived += (await exchange(link.customer, link.open(contoso, acme))).blobBytesIn;
    expect(arrived).toBe(bytes.length);
    expect(link.customer.did.adopt).toBe(1);
    expect(link.customer.blob(digest).equals(bytes)).toBe(true);
    await converge(link);
    expectEqual(link);
  });
});

describe('J1.F2 the customer was off for a long time', () => {
  test('it catches up in order, and the folder holds few files meanwhile', async () => {
    const here = link.open(acme, contoso, { mergeBytes: 64 * 1024 });
    for (let month = 0; month < 14; month++)
      for (let week = 0; week < 4; week++) {
        link.vendor.append({ note: `month ${month}, week ${week}` });
        await exchange(link.vendor, here);
      }
    expect(entryFiles()).toHaveLength(1);
    await converge(link);
    expectEqual(link);
    expect(link.customer.state().theirs).toHaveLength(56);
  });
});

describe('J1.F5 T-43 the same event is delivered twice, or out of order', () => {
  test('both sides end in the same state, byte for byte', async () => {
    notes(40);
    await exchange(link.vendor, link.here);
    const before = entryFiles().map((path) => [path, readFileSync(path)] as const);
    await converge(link);
    for (const [path, bytes] of before.toReversed()) writeFileSync(path, bytes);
    const again = await exchange(link.customer, link.open(contoso, acme));
    expect(again).toMatchObject({ entriesIn: 0, entriesKnown: 40, refusals: [] });
    await converge(link);
    expectEqual(link);
  });

  test('a later parcel that came first is taken when the earlier one is there', async () => {
    notes(100);
    await exchange(link.vendor, link.here);
    const [first, ...rest] = entryFiles();
    expect(rest.length).toBeGreaterThan(1);
    const bytes = readFileSync(first!);
    rmSync(first!);
    const early = await exchange(link.customer, link.there);
    expect(early.entriesIn).toBe(0);
    expect(early.entriesParked).toBeGreaterThan(0);
    writeFileSync(first!, bytes);
    expect((await exchange(link.customer, link.there)).entriesIn).toBe(100);
  });
});

describe('T-23 T-11 parcels are lost or withheld', () => {
  test('a lost file of entries is written again by its author', async () => {
    notes(100);
    await exchange(link.vendor, link.here);
    rmSync(entryFiles()[1]!);
    await converge(link);
    expectEqual(link);
  });

  test('every file is lost once, and all arrives', async () => {
    notes(60);
    link.vendor.offer(randomBytes(40_000));
    await exchange(link.vendor, link.here);
    for (const path of filesBelow(link.own)) rmSync(path);
    await converge(link);
    expectEqual(link);
  });

  test('what is withheld for ever on one way arrives by another', async () => {
    notes(100);
    await exchange(link.vendor, link.here);
    rmSync(entryFiles()[0]!);
    const held = await exchange(link.customer, link.there);
    expect(held).toMatchObject({ entriesIn: 0, failures: [] });
    expect(held.entriesParked).toBeGreaterThan(0);
    await using other = folderLink();
    await exchange(link.vendor, other.here);
    expect((await exchange(link.customer, other.there)).entriesIn).toBe(100);
  });
});

describe('T-54 bytes are changed on the way', () => {
  const flip = (path: string, at: number): void => {
    const bytes = readFileSync(path);
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(path, bytes);
  };
  /** As somebody does who knows the format: the checksum is made again. */
  const forge = (path: string, change: (parcel: Parcel) => Parcel): void => {
    const decoded = decodeParcelFile(readFileSync(path));
    if (!('parcel' in decoded)) throw new Error(decoded.message);
    writeFileSync(path, encodeParcelFile(change(decoded.parcel)));
  };
  const withFlippedByte = (parcel: Parcel): Parcel => {
    if (parcel.kind !== 'blob') throw new Error(`not a chunk: ${parcel.kind}`);
    const bytes = Buffer.from(parcel.bytes);
    bytes[7] = bytes[7]! ^ 1;
    return { ...parcel, bytes };
  };

  test('a chunk with one flipped bit is refused by name, and taken when its author wrote it again', async () => {
    const digest = link.vendor.offer(randomBytes(30_000));
    await exchange(link.vendor, link.here);
    flip(chunkFiles()[1]!, 500);
    const { refusals } = await exchange(link.customer, link.there);
    expect(refusals).toEqual([
      expect.objectContaining({
        what: `blobs/${digest}/0000000008192.cgp`,
        code: 'PARCEL_DAMAGED',
      }),
    ]);
    expect(link.customer.holdsBlob(digest)).toBe(false);
    await converge(link);
    expectEqual(link);
  });

  test('a chunk that stays damaged is handed over, so that the changed part is named and sent again', async () => {
    const digest = link.vendor.offer(randomBytes(30_000));
    await exchange(link.vendor, link.here);
    flip(chunkFiles()[1]!, 500);
    let time = 0;
    const there = link.open(contoso, acme, { now: () => time, damagedAfterMs: 10_000 });
    expect(await exchange(link.customer, there)).toMatchObject({
      blobsHeld: [],
      refusals: [{ code: 'PARCEL_DAMAGED' }],
    });
    // The writer's own copy may well be sound: only the refusal makes it write the blob again.
    time = 10_000;
    const { refusals } = await exchange(link.customer, there);
    expect(refusals).toEqual([
      expect.objectContaining({ what: digest, code: 'BLOB_DAMAGED', parts: ['a part of 30000 bytes'] }),
    ]);
    await converge(link);
    expect(link.customer.holdsBlob(digest)).toBe(true);
    expectEqual(link);
  });

  test('entries that stay damaged are refused by their place, and those before it taken', async () => {
    notes(5);
    await exchange(link.vendor, link.here);
    const [path] = entryFiles();
    const entry = link.vendor.outgoing({ epoch: 1, seq: 2 }, 1)[0]!;
    flip(path!, readFileSync(path!).indexOf(entry.signature));
    const there = link.open(contoso, acme, { damagedAfterMs: 0 });
    await exchange(link.customer, there);
    expect(await exchange(link.customer, there)).toMatchObject({
      entriesIn: 2,
      entriesParked: 2,
      refusals: [{ what: '1/3', code: 'BAD_SIGNATURE' }],
    });
    await converge(link);
    expectEqual(link);
  });

  test('a chunk that was forged is refused with the whole blob, thrown away and sent again', async () => {
    const digest = link.vendor.offer(randomBytes(30_000));
    await exchange(link.vendor, link.here);
    forge(chunkFiles()[1]!, withFlippedByte);
    const { refusals, blobsHeld } = await exchange(link.customer, link.there);
    expect(refusals).toEqual([
      expect.objectContaining({ what: digest, code: 'BLOB_DAMAGED', parts: ['a part of 30000 bytes'] }),
    ]);
    expect(blobsHeld).toEqual([]);
    expect(link.customer.leftovers()).toEqual([]);
    // The forged bytes lie there still; they are not taken for the next attempt.
    expect((await exchange(link.customer, link.open(contoso, acme))).blobBytesIn).toBe(0);
    await converge(link);
    expect(link.customer.holdsBlob(digest)).toBe(true);
    expectEqual(link);
  });

  test('a forged entry is refused with its code, and what follows on it waits', async () => {
    notes(3);
    await exchange(link.vendor, link.here);
    const [path] = entryFiles();
    forge(path!, (parcel) => {
      if (parcel.kind !== 'entries') throw new Error('not entries');
      const [first, ...rest] = parcel.entries;
      return { ...parcel, entries: [{ ...first!, signature: new Uint8Array(32) }, ...rest] };
    });
    const { refusals, entriesParked } = await exchange(link.customer, link.there);
    expect(refusals).toEqual([expect.objectContaining({ what: '1/1', code: 'BAD_SIGNATURE' })]);
    expect(entriesParked).toBe(2);
  });

  test('whichever bit of a parcel is flipped, it is refused by name and nothing of it is taken', async () => {
    notes(1);
    await exchange(link.vendor, link.here);
    const [path] = entryFiles();
    const good = readFileSync(path!);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at] = bad[at]! ^ (1 << (at % 8));
      expect(decodeParcelFile(bad), `bit ${at % 8} of byte ${at}`).toHaveProperty('code');
    }
    flip(path!, 20);
    const { refusals, entriesIn } = await exchange(link.customer, link.there);
    expect(refusals).toEqual([expect.objectContaining({ code: 'PARCEL_DAMAGED' })]);
    expect(entriesIn).toBe(0);
  });
});

describe('T-55 a file is cut', () => {
  test('wherever a parcel is cut, it counts as not there yet', async () => {
    notes(2);
    await exchange(link.vendor, link.here);
    const good = readFileSync(entryFiles()[0]!);
    for (let length = 0; length < good.length; length++)
      expect(decodeParcelFile(good.subarray(0, length)), `${length} bytes`).toHaveProperty(
        'code',
        'PARCEL_UNFINISHED',
      );
  });

  test('a cut file is taken once the rest of it is there', async () => {
    notes(3);
    await exchange(link.vendor, link.here);
    const [path] = entryFiles();
    const good = readFileSync(path!);
    truncateSync(path!, 30);
    expect(await exchange(link.customer, link.there)).toMatchObject({
      entriesIn: 0,
      refusals: [{ code: 'PARCEL_UNFINISHED' }],
    });
    writeFileSync(path!, good);
    expect(await exchange(link.customer, link.there)).toMatchObject({ entriesIn: 3, refusals: [] });
  });
});

describe('T-08 endless data', () => {
  const plant = (parcel: Parcel & { kind: 'blob' }): void =>
    writeFileSync(
      join(link.own, 'blobs', parcel.digest, `${String(parcel.offset).padStart(13, '0')}.cgp`),
      encodeParcelFile(parcel),
    );

  test('a chunk beyond the announced size is refused and not written', async () => {
    const digest = link.vendor.offer(randomBytes(20_000));
    await exchange(link.vendor, link.here);
    const kind = 'blob' as const;
    const lie = { kind, digest, attempt: 0, bytes: randomBytes(8192) };
    plant({ ...lie, sizeBytes: 20_000, offset: 16_384 });
    expect((await exchange(link.customer, link.there)).refusals).toEqual([
      expect.objectContaining({ what: digest, code: 'CHUNK_REFUSED' }),
    ]);
    plant({ ...lie, sizeBytes: 2 ** 40, offset: 16_384 });
    plant({ ...lie, sizeBytes: 2 ** 40, offset: 2 ** 39 });
    await exchange(link.customer, link.there);
    expect(statSync(link.customer.incomingFile(digest)).size).toBeLessThanOrEqual(16_384);
    await converge(link);
    expectEqual(link);
  });

  test('chunks too small to be of use are refused, so that notes on them stay small', async () => {
    const digest = link.vendor.offer(randomBytes(20_000));
    await exchange(link.vendor, link.here);
    for (const path of chunkFiles()) rmSync(path);
    plant({ kind: 'blob', digest, attempt: 0, sizeBytes: 20_000, offset: 0, bytes: randomBytes(1) });
    expect((await exchange(link.customer, link.there)).refusals).toEqual([
      expect.objectContaining({ code: 'CHUNK_REFUSED' }),
    ]);
  });

  test('a file that says it has more bytes than a parcel may have is not read to its end', async () => {
    notes(1);
    await exchange(link.vendor, link.here);
    const front = readFileSync(entryFiles()[0]!).subarray(0, 16);
    front.writeUInt32BE(0xffffffff, 12);
    writeFileSync(entryFiles()[0]!, front);
    truncateSync(entryFiles()[0]!, 2 ** 40);
    expect((await exchange(link.customer, link.there)).refusals).toEqual([
      expect.objectContaining({ code: 'PARCEL_FOREIGN' }),
    ]);
  });

  test('litter without end is counted up to a limit, and the parcels among it are taken', async () => {
    notes(3);
    await exchange(link.vendor, link.here);
    for (let index = 0; index < 1500; index++)
      writeFileSync(join(link.own, 'entries', `litter ${index}`), '');
    const { refusals, entriesIn } = await exchange(link.customer, link.there);
    expect(refusals).toHaveLength(1000);
    expect(entriesIn).toBe(3);
  });

  test('chunks of blobs that no entry names are not even looked at', async () => {
    notes(1);
    await exchange(link.vendor, link.here);
    const blob = someBlob(8192, 8192);
    await link.here.send(blob.parcels[0]!, new AbortController().signal);
    expect(await exchange(link.customer, link.there)).toMatchObject({ blobBytesIn: 0, entriesIn: 1 });
    expect(link.customer.leftovers()).toEqual([]);
  });
});

describe('T-07 a part of what belongs together is missing', () => {
  test('a blob of which one chunk is missing is not held, and stands in the list of what is waited for', async () => {
    const digest = link.vendor.offer(randomBytes(30_000));
    await exchange(link.vendor, link.here);
    rmSync(chunkFiles()[2]!);
    const { blobsHeld, waiting } = await exchange(link.customer, link.there);
    expect(blobsHeld).toEqual([]);
    expect(waiting).toEqual([
      expect.objectContaining({ digest, sizeBytes: 30_000, heldBytes: 30_000 - 8192 }),
    ]);
    expect(link.customer.holdsBlob(digest)).toBe(false);
    await converge(link);
    expectEqual(link);
  });
});

describe('T-09 blobs never delay entries', () => {
  test('entries that come while a large blob is on its way are taken before the rest of it', async () => {
    const digest = link.vendor.offer(randomBytes(200_000));
    await exchange(link.vendor, link.here);
    const order: string[] = [];
    const watched: Replica = {
      ...link.customer,
      receiveEntries: async (entries) => {
        const verdicts = await link.customer.receiveEntries(entries);
        order.push(`${verdicts.length} entries`);
        return verdicts;
      },
      acknowledge: async () => {
        await link.customer.acknowledge();
        if (order.length === 1) {
          notes(2);
          await exchange(link.vendor, link.here);
        }
      },
      adoptBlob: (...given) => {
        order.push('blob');
        return link.customer.adoptBlob(...given);
      },
    };
    await replicateOnce(watched, link.there, {
      signal: new AbortController().signal,
      limits: { blobBytesPerTurn: 16_384 },
    });
    expect(order.at(-1)).toBe('blob');
    expect(order.length).toBeGreaterThan(2);
    expect(link.customer.holdsBlob(digest)).toBe(true);
  });
});

describe('T-29 a blob store that can not give what it owes', () => {
  test('is a failure that names the blob, and everything else is sent', async () => {
    const broken = link.vendor.offer(randomBytes(20_000));
    const sound = link.vendor.offer(randomBytes(20_000));
    link.vendor.store(broken, randomBytes(10));
    const { failures } = await exchange(link.vendor, link.here);
    expect(failures).toEqual([expect.objectContaining({ code: 'BLOB_UNREADABLE' })]);
    expect(failures[0]!.message).toContain(broken);
    await exchange(link.customer, link.there);
    expect(link.customer.holdsBlob(sound)).toBe(true);
  });

  test('a blob that rotted is refused by the receiver and sent again when it is sound', async () => {
    const bytes = randomBytes(20_000);
    const digest = link.vendor.offer(bytes);
    link.vendor.store(digest, randomBytes(20_000));
    await exchange(link.vendor, link.here);
    expect((await exchange(link.customer, link.there)).refusals).toEqual([
      expect.objectContaining({ code: 'BLOB_DAMAGED' }),
    ]);
    link.vendor.store(digest, bytes);
    await converge(link);
    expectEqual(link);
  });
});
