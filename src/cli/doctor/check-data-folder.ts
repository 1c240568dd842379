import { accessSync, constants, existsSync, readdirSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { blobRoom } from '../../daemon/index.ts';
import { dataFolder, type DataFolder, type Instance } from '../../instance/index.ts';
import { isHere, readWantedBlobs } from '../../projections/index.ts';
import { size } from '../../words.ts';
import { advice, good, wrong, type Finding } from './finding.ts';

/** Whose the data folder is, who may read it, and whether it can be written; without opening the instance. */
export function checkDataFolder(path: string): Finding[] {
  const folder = dataFolder(path);
  if (!existsSync(folder.root)) return [];
  // Windows has no such modes; access is governed by the folder's list there.
  const exposed = process.platform === 'win32' ? [] : exposedKeys(folder);
  const places = [folder.root, folder.blobs, folder.runs, folder.apps].filter((one) => existsSync(one));
  const locked = places.filter((one) => !isWritable(one));
  return [
    ...exposed.map((file) => ({
      ...wrong(
        'keys',
        `other accounts may read ${file}, or another account owns it`,
        `Run chmod ${statSync(file).isDirectory() ? '700' : '600'} '${file}' as its owner, and think about who may have read it; \`crossgap identity rotate --certificate PFX\` makes new keys.`,
      ),
      code: 'KEY_FILE_EXPOSED',
    })),
    ...(exposed.length === 0 && existsSync(folder.keys)
      ? [good('keys', 'nobody but this account may read the keys')]
      : []),
    ...locked.map((one) =>
      wrong(
        'folder',
        `this account may not write to ${one}`,
        `Run crossgap as the account that owns ${folder.root}, or give it the right to write there.`,
      ),
    ),
    ...(locked.length === 0 ? [good('folder', `this account may write to ${folder.root}`)] : []),
  ];
}

/** Files and folders of secrets that others may read, or that belong to somebody else. */
function exposedKeys({ keys, vault }: DataFolder): string[] {
  const me = process.getuid?.();
  return [keys, vault]
    .filter((one) => existsSync(one))
    .flatMap((one) => [one, ...below(one)])
    .filter((one) => {
      const { mode, uid } = statSync(one);
      return (mode & 0o077) !== 0 || (me !== undefined && uid !== me);
    });
}

function below(folder: string): string[] {
  if (!statSync(folder).isDirectory()) return [];
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  } catch {
    // That it can't be read is found by whoever opens the instance.
    return [];
  }
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether there is room on the disk, and for what is on its way. */
export function checkDisk(instance: Instance): Finding[] {
  const { 'disk-reserve': reserve } = instance.settings.sync;
  const { bavail, bsize } = statfsSync(instance.folder.root);
  const free = bavail * bsize;
  const said = `${size(free)} are free on the disk, of which ${size(reserve)} stay in reserve`;
  const hint =
    'Make room there (`crossgap package gc --plan` shows which packages can go), or put the data folder on a larger disk.';
  const room = blobRoom(instance);
  const lacking = readWantedBlobs(instance.db).filter(
    (blob) => !blob.final && !blob.reported && !isHere(blob, (digest) => instance.holds(digest)),
  );
  const refused = lacking.flatMap(
    ({ digest, sizeBytes, refusals }) =>
      room.lacks({ digest, sizeBytes, attempt: refusals }, instance.blobs.incomingPath(digest)) ?? [],
  );
  return [
    free < reserve
      ? wrong('disk', said, hint)
      : free < reserve + tightBytes
        ? advice('disk', said, hint)
        : good('disk', said),
    ...refused.slice(0, shownMax).map(({ code, message }) => ({ ...wrong('disk', message, hint), code })),
  ];
}

const tightBytes = 500_000_000;
const shownMax = 5;
