import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asDiskError, type DiskError } from '../disk-error.ts';
import type { Instance } from '../instance/index.ts';

/** More than it takes to record how a run went: a few bytes may fit where that does not. */
const probeBytes = 256 * 1024;

/**
 * What the disk of the data folder says to a little that is written there and taken away again; undefined where it takes
 * it. `doing` is what somebody else has to write there.
 */
export function diskRefusal({ folder }: Pick<Instance, 'folder'>, doing: string): DiskError | undefined {
  const probe = join(folder.root, `disk-probe.${process.pid}.tmp`);
  try {
    writeFileSync(probe, Buffer.alloc(probeBytes), { mode: 0o600 });
  } catch (error) {
    const refusal = asDiskError(Object.assign(error as Error, { path: folder.root }), doing);
    if (refusal === undefined) throw error;
    return refusal;
  } finally {
    rmSync(probe, { force: true });
  }
  return undefined;
}
