import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chunksOf, openIncomingBlob, type IncomingBlob } from '../../src/sync/blobs.ts';
import { asOrdinaryUser, scratch } from './folder-support.ts';
import { someBlob } from './transport-contract.ts';

let dir: ReturnType<typeof scratch>;
let path: string;
beforeEach(() => {
  dir = scratch();
  path = join(dir.path, 'incoming', 'partial');
});
afterEach(() => dir[Symbol.dispose]());

const blob = someBlob(50_000, 8192);
const first = blob.parcels[0]!;
const opened = (): Promise<IncomingBlob> => openIncomingBlob(blob.named, path);

describe('the chunks of a blob', () => {
  test('cover it once, whatever its size', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 4096, max: 20_000 }), (sizeBytes, chunkBytes) => {
        const chunks = [...chunksOf({ digest: 'd', sizeBytes, attempt: 0 }, chunkBytes)];
        let at = 0;
        for (const { offset, length } of chunks) {
          expect(offset).toBe(at);
          at += length;
        }
        expect(at).toBe(sizeBytes);
      }),
    );
  });
});

describe('an incoming blob', () => {
  test('is whole when its chunks came, in whatever order and however often', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray([...blob.parcels, ...blob.parcels], { minLength: 2 * blob.parcels.length }),
        fc.nat({ max: 10 }),
        async (parcels, reopenAfter) => {
          rmSync(join(dir.path, 'incoming'), { recursive: true, force: true });
          let incoming = await opened();
          for (const [index, parcel] of parcels.entries()) {
            if (index === reopenAfter) incoming = await opened();
            expect(await incoming.accept(parcel)).toMatch(/kept|had/);
          }
          expect(incoming.complete).toBe(true);
          expect(await incoming.isWhole()).toBe(true);
          expect(readFileSync(path).equals(blob.bytes)).toBe(true);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('is not complete while one chunk is missing', async () => {
    for (const missing of blob.parcels) {
      rmSync(join(dir.path, 'incoming'), { recursive: true, force: true });
      const incoming = await opened();
      for (const parcel of blob.parcels) if (parcel !== missing) await incoming.accept(parcel);
      expect(incoming.complete).toBe(false);
      expect(incoming.heldBytes).toBe(blob.named.sizeBytes - missing.bytes.length);
    }
  });

  test('refuses a chunk of another blob, of another size, beyond its end, too small, or empty', async () => {
    const incoming = await opened();
    for (const bad of [
      { ...first, digest: 'f'.repeat(64) },
      { ...first, sizeBytes: 50_001 },
      { ...first, offset: 49_999 },
      { ...first, bytes: first.bytes.subarray(0, 4095) },
      { ...first, bytes: new Uint8Array() },
      { ...first, offset: 50_000, bytes: new Uint8Array() },
      { ...first, offset: Number.MAX_SAFE_INTEGER },
    ])
      expect(await incoming.accept(bad)).toHaveProperty('refused');
    expect(incoming.heldBytes).toBe(0);
    expect(statSync(path).size).toBe(0);
    expect(await incoming.accept(first)).toBe('kept');
  });

  test('believes after a restart only what the disk holds', async () => {
    const before = await opened();
    for (const parcel of blob.parcels) await before.accept(parcel);
    const bytes = readFileSync(path);
    bytes[10_000] = bytes[10_000]! ^ 1;
    writeFileSync(path, bytes);
    truncateSync(path, 45_000);
    const after = await opened();
    // Of seven chunks the second was damaged, and the last two were cut off.
    expect(after.heldBytes).toBe(4 * 8192);
    for (const parcel of blob.parcels) await after.accept(parcel);
    expect(await after.isWhole()).toBe(true);
  });

  test('goes on from notes that were cut anywhere', async () => {
    const before = await opened();
    for (const parcel of blob.parcels) await before.accept(parcel);
    const [notes, data] = [readFileSync(`${path}.parts`), readFileSync(path)];
    for (let length = 0; length <= notes.length; length++) {
      writeFileSync(path, data);
      writeFileSync(`${path}.parts`, notes.subarray(0, length));
      const after = await opened();
      for (const parcel of blob.parcels) await after.accept(parcel);
      expect(await after.isWhole(), `notes of ${length} bytes`).toBe(true);
      expect((await opened()).complete, `reopened after notes of ${length} bytes`).toBe(true);
    }
  });

  test('that was whole and lost its notes is judged as a whole', async () => {
    const before = await opened();
    for (const parcel of blob.parcels) await before.accept(parcel);
    await before.forgetNotes();
    const after = await opened();
    expect(after.complete).toBe(true);
    expect(await after.isWhole()).toBe(true);
    writeFileSync(path, randomBytes(50_000));
    expect(await (await opened()).isWhole()).toBe(false);
  });

  test('begins anew at the next attempt, and when another size is announced', async () => {
    await (await opened()).accept(first);
    for (const other of [
      { ...blob.named, attempt: 1 },
      { ...blob.named, sizeBytes: 40_000 },
    ]) {
      const incoming = await openIncomingBlob(other, path);
      expect(incoming.heldBytes).toBe(0);
      await (await opened()).accept(first);
    }
  });

  test('of no bytes is complete at once', async () => {
    const digest = createHash('sha256').digest('hex');
    const incoming = await openIncomingBlob({ digest, sizeBytes: 0, attempt: 0 }, path);
    expect(incoming.complete).toBe(true);
    expect(await incoming.isWhole()).toBe(true);
  });

  test('leaves nothing when it is thrown away', async () => {
    const incoming = await opened();
    await incoming.accept(first);
    await incoming.discard();
    expect([existsSync(path), existsSync(`${path}.parts`)]).toEqual([false, false]);
  });

  test('that can not be written says so, and is kept when it can', async () => {
    const incoming = await opened();
    chmodSync(dir.path, 0o755);
    for (const file of [path, `${path}.parts`]) chmodSync(file, 0o444);
    chmodSync(join(dir.path, 'incoming'), 0o555);
    await asOrdinaryUser(async () => {
      await expect(incoming.accept(first)).rejects.toMatchObject({ code: 'INCOMING_NOT_WRITABLE' });
    });
    expect(incoming.heldBytes).toBe(0);
    expect(await incoming.accept(first)).toBe('kept');
  });
});
