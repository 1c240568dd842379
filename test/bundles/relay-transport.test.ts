import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Parcel } from '../../src/sync/index.ts';
import { keepsTheTransportContract, someBlob, takeAll } from '../sync/transport-contract.ts';
import { relayPair, type Deed } from './relay-pair.ts';

keepsTheTransportContract('bundles through a relay', relayPair);

describe('T-42 a relay that does other than it should', () => {
  const never = new AbortController().signal;
  const blob = someBlob(200_000, 50_000);
  const partBytes = 32 * 1024;

  /** What arrives where somebody had the bundle of a large blob in their hands: its bytes, and what was refused. */
  async function arriving(deed: Deed): Promise<{ bytes: Buffer; parcels: Parcel[]; refused: unknown }> {
    await using pair = await relayPair({ partBytes, deed });
    for (const parcel of blob.parcels) await pair.here.send(parcel, never);
    const parcels: Parcel[] = [];
    const take = async (): Promise<void> => {
      for await (const received of pair.there.receive(() => [blob.named], never)) {
        if (!('parcel' in received) || received.parcel.kind !== 'blob') continue;
        parcels.push({ ...received.parcel, bytes: Uint8Array.from(received.parcel.bytes) });
        await received.done();
      }
    };
    let refused: unknown;
    try {
      await take();
    } catch (error) {
      refused = error;
    }
    const bytes = Buffer.alloc(blob.bytes.length);
    for (const parcel of parcels) if (parcel.kind === 'blob') bytes.set(parcel.bytes, parcel.offset);
    return { bytes, parcels, refused };
  }

  test('by repeating parts costs nothing', async () => {
    const { bytes, parcels, refused } = await arriving(({ parts }, into) => {
      for (const { part, file } of parts) copyFileSync(file, join(into, `again-${part}`));
    });
    expect(refused).toBeUndefined();
    expect(parcels).toHaveLength(blob.parcels.length);
    expect(bytes.equals(blob.bytes)).toBe(true);
  });

  test("by giving parts each other's names and order costs nothing", async () => {
    const { bytes, refused } = await arriving(({ parts }, into) => {
      for (const { part, file } of parts) renameSync(file, join(into, `part-${99 - part}`));
      for (const [at, { part }] of parts.entries())
        renameSync(join(into, `part-${99 - part}`), parts[parts.length - 1 - at]!.file);
    });
    expect(refused).toBeUndefined();
    expect(bytes.equals(blob.bytes)).toBe(true);
  });

  test('by dropping a part is missed by its number; what stands elsewhere arrives', async () => {
    const { parcels, refused } = await arriving(({ parts }) => rmSync(parts[3]!.file));
    expect(refused).toMatchObject({ code: 'BUNDLE_PART_MISSING', details: { missing: [4] } });
    expect(parcels.length).toBeGreaterThan(0);
    expect(parcels.length).toBeLessThan(blob.parcels.length);
    for (const parcel of parcels) expect(blob.parcels.map(plain)).toContainEqual(plain(parcel));
  });

  test('by altering a part is refused with the part named, and no altered byte is handed over', async () => {
    const { parcels, refused } = await arriving(({ parts }) => {
      const bytes = readFileSync(parts[2]!.file);
      bytes[bytes.length - 100]! ^= 1;
      writeFileSync(parts[2]!.file, bytes);
    });
    expect(refused).toMatchObject({ code: 'BUNDLE_PART_DAMAGED', details: { part: 3 } });
    expect(parcels.length).toBeLessThan(blob.parcels.length);
    for (const parcel of parcels) expect(blob.parcels.map(plain)).toContainEqual(plain(parcel));
  });

  test("by putting one part's content behind the front of another is refused", async () => {
    const { refused } = await arriving(({ parts }) => {
      const [one, other] = [readFileSync(parts[1]!.file), readFileSync(parts[2]!.file)];
      const front = 16 + one.readUInt32BE(12) + 64;
      writeFileSync(parts[1]!.file, Buffer.concat([one.subarray(0, front), other.subarray(front)]));
    });
    expect(refused).toMatchObject({ code: 'BUNDLE_PART_DAMAGED' });
  });

  test('by cutting a part off to nothing is refused as one that is not there', async () => {
    const { refused } = await arriving(({ parts }) => writeFileSync(parts[1]!.file, ''));
    expect(refused).toMatchObject({ code: 'BUNDLE_PART_MISSING', details: { missing: [2] } });
  });

  test('is the way a relay keeps that does nothing of it', async () => {
    await using pair = await relayPair({ partBytes });
    for (const parcel of blob.parcels) await pair.here.send(parcel, never);
    expect((await takeAll(pair.there, { wanted: [blob.named] })).parcels).toHaveLength(blob.parcels.length);
  });
});

function plain(parcel: Parcel): object {
  return parcel.kind === 'blob' ? { ...parcel, bytes: Buffer.from(parcel.bytes).toString('hex') } : parcel;
}
