import { readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../instance/index.ts';
import type { NamedBlob, NoRoom } from '../sync/index.ts';
import { size } from '../words.ts';

/** Whether there is room for blobs that want to come. */
export type BlobRoom = {
  /** Why a blob of which `partialFile` is here already may not come now; undefined where it may. */
  lacks(blob: NamedBlob, partialFile: string): NoRoom | undefined;
};

/** The store is counted anew when the log grew, and else after this time. */
const countedForMs = 5000;
const rooms = new WeakMap<Instance, BlobRoom>();

/**
 * Room in the data folder, for all links together: `blob-quota` is what blobs may take in all, `disk-reserve` what must
 * stay free on the disk. Only blobs wait for room; entries are small, and go on.
 */
export function blobRoom(instance: Instance): BlobRoom {
  const before = rooms.get(instance);
  if (before) return before;
  const { blobs, clock, settings, log } = instance;
  const { 'blob-quota': quota, 'disk-reserve': reserve } = settings.sync;
  let counted: { readonly at: number; readonly position: number; readonly bytes: number } | undefined;

  function usedBytes(): number {
    const [at, position] = [clock.now(), log.lastPosition()];
    const age = counted === undefined ? Infinity : at - counted.at;
    if (counted === undefined || counted.position !== position || age < 0 || age > countedForMs)
      counted = { at, position, bytes: bytesBelow(join(blobs.folder, 'sha256')) };
    return counted.bytes;
  }

  function freeBytes(): number {
    const { bavail, bsize } = statfsSync(blobs.folder);
    return bavail * bsize;
  }

  const room: BlobRoom = {
    lacks({ digest, sizeBytes }, partialFile) {
      const here = Math.max(onDisk(partialFile), onDisk(`${partialFile}.pieces`));
      const lacking = (code: NoRoom['code'], message: string): NoRoom => ({
        digest,
        sizeBytes,
        code,
        message,
      });
      if (quota !== undefined && usedBytes() + sizeBytes > quota)
        return lacking(
          'BLOB_QUOTA',
          `Cannot take a blob of ${size(sizeBytes)}: ${size(usedBytes())} of the ${size(quota)} that blob-quota allows are used`,
        );
      const toCome = Math.max(0, sizeBytes - here);
      const free = freeBytes();
      if (free - toCome < reserve)
        return lacking(
          'DISK_RESERVE',
          `Cannot take a blob of ${size(sizeBytes)}: the disk has ${size(free)} free, and ${size(reserve)} stay in reserve`,
        );
      return undefined;
    },
  };
  rooms.set(instance, room);
  return room;
}

function onDisk(path: string): number {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? 0 : Math.min(stats.size, stats.blocks * 512);
}

function bytesBelow(folder: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile())
      bytes += statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0;
  return bytes;
}
