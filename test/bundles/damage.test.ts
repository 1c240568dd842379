import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBundles } from '../../src/bundles/index.ts';
import { frontBytesMax } from '../../src/bundles/envelope.ts';
import { importerOf } from '../../src/cli/bundles/bundle-ends.ts';
import { exitCodes } from '../../src/errors.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import { rawPublicKey } from '../../src/identity/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, outward, type Pair } from '../support/instances.ts';
import { codeOf } from '../support/refusal.ts';
import { damagesOf, everyDamageIsRefused, shuffledEntriesHeal, tell } from './damages.ts';
import { blobRecord, recordOf, forge, record, type Forgery } from './forge.ts';
import { exportTo, importFrom, offerFile, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let turn = 0;
let out: string;
beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  await offerFile(pair, '1.0.0', root.file('notes', Buffer.from('a few notes')));
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});
beforeEach(() => {
  turn += 1;
  out = stick(root.path, `stick-${turn}`);
});

describe('a small bundle', () => {
  // All offsets have their turn in the long tests.
  test('T-54 with a bit flipped is refused, and nothing of it is taken in', async () => {
    await everyDamageIsRefused(pair, out, damagesOf('flip', 29));
  });

  test('T-55 that was cut is refused, and nothing of it is taken in', async () => {
    await everyDamageIsRefused(pair, out, damagesOf('cut', 101));
  });
});

describe('T-54 T-55 a bundle of many pieces', () => {
  test('is taken in up to the damage, and the rest when the part comes whole', async () => {
    for (let at = 0; at < 12; at += 1) tell(pair, 'x'.repeat(20_000));
    const { facts, parts } = await exportTo(pair.vendor, pair.link, out);
    const path = parts[0]!.file;
    const whole = readFileSync(path);
    const damaged = Buffer.from(whole);
    // In the third piece of four.
    const at = whole.length - facts.sealedBytes + 150_000;
    damaged[at] = damaged[at]! ^ 8;
    writeFileSync(path, damaged);
    const before = importerOf(pair.customer).link(pair.link)!.have().seq;
    const [partly] = await importFrom(pair.customer, out);
    expect(codeOf(partly!.failure!)).toBe('BUNDLE_PART_DAMAGED verification');
    expect(partly!.failure!.message).toContain('part 1 of 1');
    expect(partly!.entries).toBeGreaterThan(4);
    expect(partly!.entries).toBeLessThan(facts.last.seq - before);
    writeFileSync(path, whole);
    const [rest] = await importFrom(pair.customer, out);
    expect(rest).toMatchObject({ failure: undefined, entries: facts.last.seq - before - partly!.entries });
    expect(linkReplica(pair.customer, pair.link).incomingBlobs()).toEqual([]);
  });

  test('gives all blobs but the one that was hit', async () => {
    for (const at of [1, 2, 3]) await offerFile(pair, `3.${at}.0`, root.file('note', randomBytes(200_000)));
    const { parts } = await exportTo(pair.vendor, pair.link, out, { partBytes: 64 * 1024 });
    rmSync(parts.at(-4)!.file);
    const [partly] = await importFrom(pair.customer, out);
    expect(codeOf(partly!.failure!)).toBe('BUNDLE_PART_MISSING verification');
    const waiting = linkReplica(pair.customer, pair.link).incomingBlobs();
    expect(waiting.length).toBeGreaterThan(0);
    expect(waiting.length).toBeLessThan(3);
    for (const { digest } of waiting) expect(pair.customer.holds(digest)).toBe(false);
  });
});

describe('T-56 records in another order than ours', () => {
  test('entries that were shuffled end in the same log', async () => {
    await shuffledEntriesHeal(pair, out, 30);
  });

  test('a blob before the entries that name it is not looked for, and a second manifest is refused', async () => {
    const records = [blobRecord(Buffer.from('early')), ...outward(pair.vendor, pair.link).map(recordOf)];
    const facts = { entries: 1, last: { epoch: 1, seq: 1 } };
    await forge(pair, out, { facts, records });
    expect((await importFrom(pair.customer, out))[0]!.failure?.code).toBe('BUNDLE_MALFORMED');
    await forge(pair, `${out}-b`, { facts, records: [record('manifest', Buffer.from('{}'))] });
    expect((await importFrom(pair.customer, `${out}-b`))[0]!.failure?.code).toBe('BUNDLE_MALFORMED');
  });
});

describe('T-58 a hostile bundle is refused by name, and costs no more than a good one', () => {
  const huge = Number.MAX_SAFE_INTEGER;
  const some = Buffer.alloc(400, 1);
  const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
  const emptyEntries = (count: number): Buffer =>
    Buffer.alloc(9 * count, Buffer.from([3, 0, 0, 0, 0, 0, 0, 0, 0]));
  const blob = (sizeBytes: number) => ({
    digest: 'a'.repeat(64),
    sizeBytes,
    attempt: 0,
    kind: 'other',
    name: '',
  });
  const inside = (...records: Buffer[]): Forgery => ({ inside: Buffer.concat(records) });
  const cases: readonly (readonly [what: string, forgery: Forgery])[] = [
    ['a million empty records', inside(Buffer.alloc(9 * 1_000_000))],
    ['a million entries of no bytes', { facts: { entries: 1_000_000 }, records: [emptyEntries(1_000_000)] }],
    ['records of an unknown kind', { records: [Buffer.concat([Buffer.from([9]), Buffer.alloc(8)])] }],
    [
      'an entry that says it has all bytes there are',
      { facts: { entries: 1 }, records: [record('entry', some, huge)] },
    ],
    ['an entry that is none', { facts: { entries: 1 }, records: [record('entry', some)] }],
    ['fewer entries than it says', { facts: { entries: 10 } }],
    ['a manifest longer than a manifest may be', inside(record('manifest', some, 9_000_000))],
    ['a manifest that is an avalanche of brackets', inside(record('manifest', Buffer.from(deep)))],
    [
      'a manifest with a path for a name of a digest',
      { manifest: { blobs: [{ ...blob(1), digest: '../../etc' }] } },
    ],
    [
      'a manifest with members nobody knows',
      { manifest: { ['__proto__' as 'id']: 'x', ['more' as 'to']: 1 } },
    ],
    ['a blob that says it has all bytes there are', { manifest: { blobs: [blob(huge - 5000)] } }],
    ['blobs that are not there', { manifest: { blobs: [blob(100), blob(100)] } }],
    ['a manifest of another bundle', { manifest: { id: 'f'.repeat(32) } }],
    ['a manifest for somebody else', { manifest: { to: 'f'.repeat(32) } }],
    ['nothing inside', inside(Buffer.alloc(1))],
    ['no end', inside(record('manifest', Buffer.from('{}')))],
    ['two heads', { records: [record('head', Buffer.alloc(136)), record('head', Buffer.alloc(136))] }],
    ['more bytes than are there', { envelope: { sealedBytes: huge } }],
    ['more parts than a bundle can have', { envelope: { parts: 1000 } }],
    [
      'a part before the beginning',
      { envelope: { content: { offset: 5000, sizeBytes: 10, sha256: 'a'.repeat(64) } } },
    ],
  ];

  test.each(cases)('%s', async (_what, forgery) => {
    await forge(pair, out, forgery);
    const [entries, rss] = [pair.customer.log.entryCount(), process.memoryUsage.rss()];
    const { spoilt } = await findBundles([out]);
    const [done] = await importFrom(pair.customer, out);
    if (spoilt.length === 0) expect(done?.failure?.exitCode).toBe(exitCodes.verification);
    else expect(done).toBeUndefined();
    expect(pair.customer.log.entryCount()).toBe(entries);
    expect(process.memoryUsage.rss() - rss).toBeLessThan(150_000_000);
  });

  test('more entries than it says', async () => {
    await forge(pair, out, { records: outward(pair.vendor, pair.link).map(recordOf) });
    const before = pair.customer.log.entryCount();
    expect((await importFrom(pair.customer, out))[0]!.failure?.code).toBe('BUNDLE_MALFORMED');
    expect(pair.customer.log.entryCount()).toBe(before);
  });

  test('a front that says it is longer than a front may be is not read', async () => {
    mkdirSync(out);
    const front = Buffer.alloc(frontBytesMax);
    front.write('CGBUNDLE', 'latin1');
    front[8] = 1;
    front.writeUInt32BE(0xffff_ffff, 12);
    writeFileSync(join(out, 'one'), front);
    front.writeUInt32BE(1000, 12);
    front.write(deep.slice(0, 1000), 16);
    writeFileSync(join(out, 'two'), front);
    writeFileSync(join(out, 'three'), front.subarray(0, 10));
    expect((await findBundles([out])).spoilt.map(({ unfit }) => unfit)).toEqual([
      'damaged',
      'damaged',
      'damaged',
    ]);
  });

  test('a good bundle beside it is taken in', async () => {
    await forge(pair, out, { facts: { entries: 10 } });
    await offerFile(pair, `2.${turn}.0`, root.file('more', randomBytes(1000)));
    await exportTo(pair.vendor, pair.link, out);
    const done = await importFrom(pair.customer, out);
    expect(new Set(done.map(({ failure }) => failure?.code))).toEqual(
      new Set(['BUNDLE_MALFORMED', undefined]),
    );
  });
});

test('T-57 a bundle that was sealed to another key than its envelope says is not opened', async () => {
  await forge(pair, out, { sealTo: rawPublicKey(generateKeyPairSync('x25519').publicKey) });
  expect(codeOf((await importFrom(pair.customer, out))[0]!.failure!)).toBe('BUNDLE_NOT_FOR_US verification');
});
