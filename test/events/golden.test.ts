import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeBody, encodeBody, entryHash, readHeader, type SealedEntry } from '../../src/events/index.ts';
import { goldenFeed, goldenInstance, goldenLink, makeGolden, readable, type GoldenEntry } from './golden.ts';
import { companyFingerprint, deliver, makeInstance, type TestInstance } from './instance.ts';
import { goldenSigner, vectorFolder } from './known.ts';

const golden = JSON.parse(readFileSync(join(vectorFolder, 'entries.json'), 'utf8')) as GoldenEntry[];
const sealed = ({ hex, signature }: GoldenEntry): SealedEntry => ({
  bytes: Buffer.from(hex, 'hex'),
  signature: Buffer.from(signature, 'hex'),
});

function makeReceiver(): TestInstance {
  const receiver = makeInstance('receiver');
  receiver.pins.set(goldenLink, { author: goldenInstance, certificateFingerprint: companyFingerprint });
  return receiver;
}

for (const [at, entry] of golden.entries())
  test(`golden entry ${at + 1}: ${entry.comment}`, () => {
    const { bytes, signature } = sealed(entry);
    const body = bytes.subarray(304);
    expect(readHeader(bytes)).toEqual(entry.header);
    expect(readable(decodeBody(body))).toEqual(entry.body);
    expect(Buffer.from(encodeBody(decodeBody(body))).equals(body)).toBe(true);
    expect(entryHash(bytes)).toBe(entry.hash);
    const type = 'application/vnd.crossgap.event.v1';
    const signed = Buffer.concat([Buffer.from(`DSSEv1 33 ${type} ${bytes.byteLength} `), bytes]);
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), goldenSigner.publicKey]);
    const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    expect(verify(null, signed, key, signature)).toBe(true);
  });

test('the golden entries, made again from their meaning, are the same bytes', () => {
  expect(makeGolden()).toEqual(golden);
});

test('the golden feed comes in whole', async () => {
  const receiver = makeReceiver();
  expect(new Set(await deliver(receiver, golden.map(sealed)))).toEqual(new Set(['accepted']));
  expect((await receiver.log.verify({ full: true })).ok).toBe(true);
});

test('T-18 one bit changed in any byte of a golden entry or its signature is refused, and nothing is stored', async () => {
  const receiver = makeReceiver();
  await deliver(receiver, [sealed(golden[0]!)]);
  const { bytes, signature } = sealed(golden[1]!);
  const broken: SealedEntry[] = [];
  for (let at = 0; at < bytes.byteLength; at += 1)
    for (const bit of [at % 8, (at + 3) % 8]) broken.push({ bytes: flipped(bytes, at, bit), signature });
  for (let at = 0; at < 64; at += 1) broken.push({ bytes, signature: flipped(signature, at, at % 8) });
  const allowed = /^(ENTRY_MALFORMED|ENTRY_MISPLACED|FEED_UNKNOWN|NOT_FOR_ME|SIGNATURE_INVALID)$/;
  const verdicts = await deliver(receiver, broken);
  expect(verdicts.filter((verdict) => !allowed.test(verdict))).toEqual([]);
  expect(receiver.log.entryCount()).toBe(1);
  expect(receiver.db.prepare('SELECT count(*) FROM parked_entry').pluck().get()).toBe(0);
  expect(await deliver(receiver, [sealed(golden[1]!)])).toEqual(['accepted']);
});

test('T-18 one bit changed in the entry that opens a feed never opens it', async () => {
  const receiver = makeReceiver();
  const { bytes, signature } = sealed(golden[0]!);
  const broken = Array.from(bytes, (_, at) => ({ bytes: flipped(bytes, at, at % 8), signature }));
  const verdicts = await deliver(receiver, broken);
  expect(verdicts.filter((verdict) => verdict === 'accepted' || verdict === 'known')).toEqual([]);
  expect(receiver.log.feeds()).toEqual([]);
  expect(receiver.log.entryCount()).toBe(0);
  expect(await deliver(receiver, [sealed(golden[0]!)])).toEqual(['accepted']);
  expect(receiver.log.pointAt(goldenFeed)?.seq).toBe(1);
});

function flipped(bytes: Uint8Array, at: number, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= 1 << bit;
  return copy;
}
