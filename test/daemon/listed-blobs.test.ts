import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { answerOffer } from '../../src/commands/index.ts';
import { lackingPackages } from '../../src/daemon/admit-packages.ts';
import { clearBlobs } from '../../src/daemon/clear-blobs.ts';
import { linkReplica } from '../../src/daemon/link-replica.ts';
import { silentLog } from '../../src/log.ts';
import { chunkShelf, signPackage } from '../../src/packages/index.ts';
import {
  readListedPackages,
  readOwedBlobs,
  readPackages,
  readReleases,
  readWantedBlobs,
  refusalInWords,
} from '../../src/projections/index.ts';
import {
  decodeParcelFile,
  doorbell,
  encodeParcelFile,
  replicate,
  replicateOnce,
  type Exchange,
} from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, confirmLink, makePair, outward, type Pair } from '../support/instances.ts';
import {
  bytesOf,
  endOf,
  noise,
  publishListed,
  settleBlobs,
  shelve,
  type Ends,
  type Sent,
} from './listed-support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let ends: Ends;
let sent: Sent[];
beforeEach(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  sent = [];
  ends = { vendor: endOf(pair, pair.vendor, sent), customer: endOf(pair, pair.customer) };
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

const library = noise('library', 200_000);
const large = noise('large', 1_200_000);
const older = { 'app/main.dll': noise('main 1', 30_000), 'lib/library.dll': library, 'lib/large.bin': large };
const newer = { 'app/main.dll': noise('main 2', 31_000), 'lib/library.dll': library, 'lib/large.bin': large };

const holdsAll = (): boolean =>
  readWantedBlobs(pair.customer.db).every(({ digest }) => pair.customer.holds(digest));
const refusalsIn = (all: readonly Exchange[]): string[] =>
  all.flatMap(({ refusals }) => refusals.map(({ code }) => code));
const asks = (): number =>
  outward(pair.customer, pair.link).filter(({ bytes }) => Buffer.from(bytes).includes('chunks.asked')).length;
const blobFiles = (): string[] =>
  readdirSync(pair.between, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\/blobs\/[0-9a-f]{64}\/\d+\.cgp$/.test(name))
    .map((name) => join(pair.between, name))
    .toSorted();

describe('a package whose chunks are listed', () => {
  test('is sent without what stands in a package that the other side said to hold', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    expect(bytesOf(sent, first.sha256)).toBe(first.sizeBytes);
    const second = await shelve(pair.vendor, '1.1.0', newer);
    await publishListed(pair, '1.1.0', [second]);
    const all = await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
    expect(bytesOf(sent, second.sha256)).toBeLessThan(31_000 + 12_000);
    const found = all.reduce((sum, { blobBytesFound }) => sum + blobBytesFound, 0);
    expect(found).toBeGreaterThanOrEqual(1_400_000);
    expect(refusalsIn(all)).toEqual([]);
    expect(asks()).toBe(0);
    expect(readOwedBlobs(pair.vendor.db, pair.link)).toEqual([]);
    expect(readPackages(pair.customer.db)).toHaveLength(2);
  });

  test('is sent once with another that has the same chunks, when both are on their way at one time', async () => {
    const first = await shelve(pair.vendor, '0.9.0', { 'a.bin': noise('a', 70_000) });
    await publishListed(pair, '0.9.0', [first]);
    await settleBlobs(pair, ends);
    const pins = [await shelve(pair.vendor, '1.0.0', older), await shelve(pair.vendor, '1.1.0', newer)];
    await publishListed(pair, '1.0.0', [pins[0]!]);
    await publishListed(pair, '1.1.0', [pins[1]!]);
    await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
    const bytes = pins.reduce((sum, { sha256 }) => sum + bytesOf(sent, sha256), 0);
    expect(bytes).toBeLessThan(1_400_000 + 31_000 + 30_000 + 25_000);
    expect(asks()).toBe(0);
  });

  test('is taken out of what came by another road, as a whole and in parts', async () => {
    const [first, second] = [
      await shelve(pair.vendor, '1.0.0', older),
      await shelve(pair.vendor, '1.1.0', newer),
    ];
    await publishListed(pair, '1.1.0', [second]);
    // A disc: the same file, known before the first exchange.
    await pair.customer.blobs.putFile(pair.vendor.blobs.path(second.sha256));
    const all = await settleBlobs(pair, {
      ...ends,
      vendor: { ...ends.vendor, carriesChunk: () => Promise.resolve(false) },
    });
    expect(holdsAll()).toBe(true);
    expect(all.reduce((sum, { blobBytesIn }) => sum + blobBytesIn, 0)).toBeLessThan(2000);
    expect(readPackages(pair.customer.db)).toMatchObject([{ pin: { sha256: second.sha256 } }]);
    // The vendor sends all of the older one's own chunks; nothing came of the shared ones.
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    expect(bytesOf(sent, first.sha256)).toBeLessThan(45_000);
    expect(holdsAll()).toBe(true);
  });

  test('that came by another road while it was on its way leaves nothing half done behind', async () => {
    const pin = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [pin]);
    const signal = new AbortController().signal;
    await replicateOnce(linkReplica(pair.vendor, pair.link), ends.vendor, { signal });
    const last = blobFiles().findLast((path) => path.includes(pin.sha256))!;
    rmSync(last);
    const loop = loopAtCustomer();
    await loop.began;
    const incoming = join(pair.customer.blobs.folder, 'incoming');
    expect(readdirSync(incoming)).toHaveLength(1);
    await pair.customer.blobs.putFile(pair.vendor.blobs.path(pin.sha256));
    // The first may have begun before.
    await loop.again();
    await loop.again();
    expect(readdirSync(incoming)).toEqual([]);
    await loop.end();
  });

  test('crosses as a whole to and from a side that knows no lists', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first], { listed: false });
    await settleBlobs(pair, ends);
    const second = await shelve(pair.vendor, '1.1.0', newer);
    await publishListed(pair, '1.1.0', [second], { listed: false });
    await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
    expect(bytesOf(sent, second.sha256)).toBe(second.sizeBytes);
    expect(readListedPackages(pair.customer.db, pair.link, false)).toEqual([]);
  });

  test('is none that is small: it travels as a whole', async () => {
    const tiny = await shelve(pair.vendor, '1.0.0', { 'a.txt': Buffer.from('a') });
    await publishListed(pair, '1.0.0', [tiny]);
    await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
    expect(readListedPackages(pair.vendor.db, pair.link, true)).toEqual([]);
  });

  test('with a list that is none of it crosses all the same, judged as a whole', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    const shelf = chunkShelf(pair.vendor.blobs);
    const { list } = await shelf.cut(first.sha256);
    const cache = join(pair.vendor.blobs.folder, 'chunks');
    const path = join(cache, first.sha256);
    const wrong = Buffer.from(readFileSync(path));
    wrong[wrong.length - 40] = wrong[wrong.length - 40]! ^ 1;
    writeFileSync(path, wrong);
    await publishListed(pair, '1.0.0', [first]);
    const all = await settleBlobs(pair, ends);
    expect(list.pieces.length).toBeGreaterThan(5);
    expect(refusalsIn(all).length).toBeGreaterThan(0);
    expect(holdsAll()).toBe(true);
  });
});

describe('J2.F4 a receiver that lacks what it said to hold', () => {
  test('asks for exactly that, and gets it', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    // T-29 one byte of the package at hand rots; the chunk it is in can't be taken from there.
    const { list } = await chunkShelf(pair.vendor.blobs).cut(first.sha256);
    const rotten = list.pieces.findIndex(({ length }) => length > 150_000 && length < 250_000);
    const file = pair.customer.blobs.path(first.sha256);
    const bytes = readFileSync(file);
    const at = list.pieces[rotten]!.offset + 5;
    bytes[at] = bytes[at]! ^ 1;
    writeFileSync(file, bytes);
    const second = await shelve(pair.vendor, '1.1.0', newer);
    await publishListed(pair, '1.1.0', [second]);
    await settleBlobs(pair, ends);
    expect(asks()).toBe(1);
    expect(holdsAll()).toBe(true);
    const again = sent.filter(({ digest, attempt }) => digest === second.sha256 && attempt === 1);
    const againBytes = again.reduce((sum, { length }) => sum + length, 0);
    // What stands in the list goes along with its neighbour.
    expect(againBytes - list.pieces[rotten]!.length).toBeLessThan(256);
  });

  test('gets a lost package, list or document again, as often as it is lost', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    for (const what of [['package'], ['chunks', 'package'], ['process'], ['package']]) {
      for (const blob of readWantedBlobs(pair.customer.db))
        if (what.includes(blob.what)) rmSync(pair.customer.blobs.path(blob.digest));
      expect(holdsAll()).toBe(false);
      await settleBlobs(pair, ends);
      expect(holdsAll(), what.join()).toBe(true);
      expect(readOwedBlobs(pair.vendor.db, pair.link)).toEqual([]);
    }
  });

  test('that gave a package up gets the next one all the same, and the first where it takes it after all', async () => {
    const { customer, link } = pair;
    const offers = () => readReleases(customer.db).filter((row) => row.link === link);
    const answer = (given: 'accepted' | 'refused') =>
      customer.record(() => answerOffer(offers()[0]!, { answer: given, reason: null, until: null }));
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    answer('refused');
    clearBlobs(customer, { unreleased: false });
    expect(customer.holds(first.sha256)).toBe(false);
    const second = await shelve(pair.vendor, '1.1.0', newer);
    await publishListed(pair, '1.1.0', [second]);
    await settleBlobs(pair, ends);
    expect(customer.holds(second.sha256)).toBe(true);
    expect(customer.holds(first.sha256)).toBe(false);
    answer('accepted');
    await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
    expect(readOwedBlobs(pair.vendor.db, link)).toEqual([]);
  });

  test('that lost the content of a package gets the file of it that a later release names', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    await settleBlobs(pair, ends);
    rmSync(pair.customer.blobs.path(first.sha256));
    const file = root.file('again.nupkg', readFileSync(pair.vendor.blobs.path(first.sha256)));
    const now = new Date(pair.clock.now());
    await signPackage(file, file, companyOf('acme'), { hash: 'sha512', replace: true, now });
    const { digest, sizeBytes } = await pair.vendor.blobs.putFile(file);
    await publishListed(pair, '1.0.1', [{ ...first, sha256: digest, sizeBytes }]);
    await settleBlobs(pair, ends);
    const holds = [first.sha256, digest].filter((one) => pair.customer.holds(one));
    expect(holds.length).toBeGreaterThan(0);
    expect(lackingPackages(pair.customer, pair.link)).toEqual([]);
    expect(readOwedBlobs(pair.vendor.db, pair.link)).toEqual([]);
  });

  test('says nothing of it before the words were compared', async () => {
    pair[Symbol.dispose]();
    mkdirSync(join(root.path, 'pending'));
    pair = await makePair(join(root.path, 'pending'), { confirmed: false });
    ends = { vendor: endOf(pair, pair.vendor, sent), customer: endOf(pair, pair.customer) };
    await publishListed(pair, '1.0.0', [await shelve(pair.vendor, '1.0.0', older)]);
    await settleBlobs(pair, ends);
    expect(outward(pair.customer, pair.link)).toEqual([]);
    confirmLink(pair.customer, pair.link, pair.vendor);
    await settleBlobs(pair, ends);
    expect(holdsAll()).toBe(true);
  });
});

describe('T-54 a chunk that was changed on its way', () => {
  test('is refused at once and alone, named, and asked for again alone', async () => {
    const first = await shelve(pair.vendor, '1.0.0', older);
    await publishListed(pair, '1.0.0', [first]);
    // The list crosses first, so that the customer knows what to expect.
    const signal = new AbortController().signal;
    await replicateOnce(linkReplica(pair.vendor, pair.link), ends.vendor, { signal });
    const victim = blobFiles().find((path) => path.includes(first.sha256) && statSync(path).size > 400_000)!;
    const decoded = decodeParcelFile(readFileSync(victim));
    if (!('parcel' in decoded) || decoded.parcel.kind !== 'blob') throw new Error('no chunk');
    const changed = Buffer.from(decoded.parcel.bytes);
    changed[changed.length - 100] = changed[changed.length - 100]! ^ 1;
    writeFileSync(victim, encodeParcelFile({ ...decoded.parcel, bytes: changed }));
    const { refusals } = await replicateOnce(linkReplica(pair.customer, pair.link), ends.customer, {
      signal,
    });
    expect(refusals).toMatchObject([{ what: first.sha256, code: 'CHUNK_REFUSED' }]);
    expect(refusals[0]!.message).toMatch(/the bytes from \d+ to \d+ are not those that its author listed/);
    const spoilt = readWantedBlobs(pair.customer.db).find(({ digest }) => digest === first.sha256)!;
    expect(refusalInWords(spoilt)).toBe(
      'Shop 1.0.0: lib/large.bin was changed on the way; it has been asked for again',
    );
    const all = await settleBlobs(pair, ends);
    expect(asks()).toBe(1);
    expect(holdsAll()).toBe(true);
    expect(refusalsIn(all)).not.toContain('BLOB_DAMAGED');
    const again = sent.filter(({ digest, attempt }) => digest === first.sha256 && attempt > 0);
    const bytes = again.reduce((sum, { length }) => sum + length, 0);
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThanOrEqual(508 * 1024 + 256);
  });
});

/** The customer's loop, rung by hand. */
function loopAtCustomer() {
  const ending = new AbortController();
  const changes = doorbell();
  let told = Promise.withResolvers<void>();
  const began = told.promise;
  const running = replicate(linkReplica(pair.customer, pair.link), ends.customer, {
    signal: ending.signal,
    log: silentLog(),
    changes,
    onExchange: () => told.resolve(),
  });
  return {
    began,
    /** Resolves after the next exchange. */
    again(): Promise<void> {
      told = Promise.withResolvers();
      changes.ring();
      return told.promise;
    },
    async end(): Promise<void> {
      ending.abort();
      await running;
    },
  };
}
