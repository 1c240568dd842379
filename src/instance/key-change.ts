/*
 * How the keys of an instance are changed so that a crash leaves the old ones or the new ones, never a mix:
 *
 *   1. the new keys and their introduction are written whole to `keys/next`; the present sealing key is kept in
 *      `keys/earlier`
 *   2. one transaction announces them in every own feed: this decides
 *   3. the files of `keys/next` take the places of the old ones, and `keys/next` goes
 *
 * Who opens the instance and finds `keys/next` looks whether the log already goes on with that key, and does step 3.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { openDatabase } from '../db/index.ts';
import { syncPath } from '../durable.ts';
import { eventCatalog, openLog } from '../events/index.ts';
import { faultPoint } from '../faults.ts';
import {
  createInstanceKeys,
  keepSealingKey,
  loadInstanceKeys,
  openIntroduction,
  readKeyFile,
  writeKeyFile,
  type InstanceKeys,
} from '../identity/index.ts';
import { replaceFile } from '../replace-file.ts';
import type { DataFolder } from './data-folder.ts';

const introductionFile = 'introduction';

/** Step 1. `introduce` makes the introduction that names the new keys. What an earlier attempt left goes. */
export function prepareKeys(
  { keys, nextKeys }: DataFolder,
  introduce: (made: InstanceKeys) => Uint8Array,
): { readonly next: InstanceKeys; readonly introduction: Uint8Array } {
  const unfinished = `${nextKeys}.unfinished`;
  for (const left of [unfinished, nextKeys]) rmSync(left, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  const next = createInstanceKeys(unfinished);
  const introduction = introduce(next);
  writeKeyFile(join(unfinished, introductionFile), introduction);
  keepSealingKey(keys);
  renameSync(unfinished, nextKeys);
  syncPath(keys);
  faultPoint('keys.prepared');
  return { next, introduction };
}

/** Nothing was recorded: the keys that were prepared are thrown away. */
export function dropPreparedKeys({ nextKeys }: DataFolder): void {
  rmSync(nextKeys, { recursive: true, force: true });
}

/** Step 3. May be done by several processes at once, and again after a crash. */
export function adoptKeys({ keys, nextKeys }: DataFolder): void {
  for (const name of readdirSync(nextKeys)) {
    replaceFile(join(keys, name), readFileSync(join(nextKeys, name)));
    faultPoint('keys.adopting');
  }
  rmSync(nextKeys, { recursive: true, force: true });
  syncPath(keys);
}

/** Finishes a change of keys that was recorded before its process ended. One that was not, changes nothing. */
export function finishKeyChange(folder: DataFolder, clock: Clock): void {
  if (!existsSync(folder.nextKeys)) return;
  try {
    const next = loadInstanceKeys(folder.nextKeys);
    const { instanceId } = openIntroduction(readKeyFile(join(folder.nextKeys, introductionFile)));
    const db = openDatabase({ path: folder.database, clock });
    try {
      const log = openLog({
        db,
        clock,
        catalog: eventCatalog,
        instanceId,
        sideFile: folder.head,
        pinFor: () => undefined,
      });
      const inForce = log.keyInForce(log.feedTo(instanceId));
      if (inForce !== undefined && Buffer.compare(inForce, next.signing.publicKey) === 0) adoptKeys(folder);
    } finally {
      db.close();
    }
  } catch (error) {
    // Another process finished it meanwhile.
    if (existsSync(folder.nextKeys)) throw error;
  }
}
