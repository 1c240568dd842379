import { existsSync } from 'node:fs';
import type { DataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';

/** A restore that was begun and not finished leaves a folder that nobody opens. @throws InstanceError RESTORE_UNFINISHED */
export function refuseHalfRestored({ restoring, root }: DataFolder): void {
  if (!existsSync(restoring)) return;
  throw new InstanceError(
    'RESTORE_UNFINISHED',
    `Cannot open ${root}: a restore was begun there and not finished`,
    {
      hint: 'Type the same `crossgap restore FILE` again: it begins anew, and nothing is lost.',
      details: { restoring },
    },
  );
}
