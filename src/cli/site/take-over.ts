import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { syncPath, writeSynced } from '../../durable.ts';
import { faultPoint } from '../../faults.ts';
import { InstanceError, openInstance, type DataFolder, type Instance } from '../../instance/index.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { holdSite } from './site-folder.ts';

/** From where to where a data folder is moved. */
export type Move = { readonly from: DataFolder; readonly to: DataFolder };

/** Lies in a folder from before it is moved until the link that leads to it is there; holds where it was. */
const markName = 'adopted-from';

/** How far a move has come; throws where it can't be done, and looks only. */
function howFar(move: Move): 'done' | 'to do' | 'half done' {
  const { from, to } = move;
  if (existsSync(to.database)) {
    if (leadsTo(from.root, to.root)) return 'done';
    if (markedFrom(to) === from.root && !existsSync(from.root)) return 'half done';
    throw new InstanceError(
      'DATA_FOLDER_TAKEN',
      `Cannot move ${from.root} to ${to.root}: an instance lives there`,
      {
        hint: 'Name another folder with --data, or leave --from away to adopt the one that is there.',
        details: { from: from.root, to: to.root },
      },
    );
  }
  if (!existsSync(from.database))
    throw new InstanceError('DATA_FOLDER_MISSING', `Cannot adopt ${from.root}: no instance lives there`, {
      hint: 'Name the data folder of the installer; it said where that is on its first page.',
      details: { from: from.root },
    });
  const content = existsSync(to.root) ? readdirSync(to.root) : [];
  if (content.length > 0)
    throw new InstanceError(
      'DATA_FOLDER_TAKEN',
      `Cannot move ${from.root} to ${to.root}: other things lie there`,
      {
        hint: 'Name an empty folder with --data, or one that is not there yet.',
        details: { from: from.root, to: to.root },
      },
    );
  if (deviceOf(from.root) !== deviceOf(to.root)) throw notMoved(move, 'they lie on different file systems');
  return 'to do';
}

/**
 * Moves a data folder, whole, and leaves a link where it was: applications go on running from the paths they know. Ended
 * in between, it is finished by the next call. True where something was moved.
 *
 * @throws InstanceError DATA_FOLDER_MISSING, DATA_FOLDER_TAKEN; CliError FOLDER_NOT_MOVED, SITE_HELD; what `refuse` throws
 */
export async function takeOver(move: Move, refuse: (instance: Instance) => void): Promise<boolean> {
  const { from, to } = move;
  const state = howFar(move);
  try {
    if (state === 'done') {
      rmSync(join(to.root, markName), { force: true });
      return false;
    }
    if (state === 'to do') {
      await refuseBusy(from, refuse);
      writeSynced(join(from.root, markName), from.root, 'w');
      faultPoint('adopt.marked');
      mkdirSync(dirname(to.root), { recursive: true, mode: 0o700 });
      if (existsSync(to.root)) rmdirSync(to.root);
      renameSync(from.root, to.root);
      faultPoint('adopt.moved');
    }
    symlinkSync(to.root, from.root, process.platform === 'win32' ? 'junction' : 'dir');
    for (const folder of new Set([dirname(from.root), dirname(to.root)])) syncPath(folder);
    faultPoint('adopt.linked');
    rmSync(join(to.root, markName), { force: true });
    return true;
  } catch (cause) {
    if (!(cause instanceof Error) || !('syscall' in cause)) throw cause;
    throw notMoved(move, systemReason(cause), cause);
  }
}

async function refuseBusy(from: DataFolder, refuse: (instance: Instance) => void): Promise<void> {
  using instance = await openInstance(from.root);
  // Let go of before the folder is moved: where a file is open, some systems move nothing.
  using _held = holdSite(from, instance.actor);
  refuse(instance);
}

function leadsTo(path: string, folder: string): boolean {
  const isLink = lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
  return existsSync(path) && (isLink || path === folder) && realpathSync(path) === realpathSync(folder);
}

function markedFrom({ root }: DataFolder): string | undefined {
  const mark = join(root, markName);
  return existsSync(mark) ? readFileSync(mark, 'utf8') : undefined;
}

/** The device of a folder, or of the one that it would be made in. */
function deviceOf(path: string): number {
  const there = statSync(path, { throwIfNoEntry: false });
  return there === undefined ? deviceOf(dirname(path)) : there.dev;
}

function notMoved({ from, to }: Move, why: string, cause?: unknown): CliError {
  return new CliError('FOLDER_NOT_MOVED', `Cannot move ${from.root} to ${to.root}: ${why}`, {
    hint: `Leave it where it is and adopt it there (--data ${from.root}); or choose a folder with --data on the same disk that this account may write to.`,
    details: { from: from.root, to: to.root },
    cause,
  });
}
