import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { folderTransport, type Transport } from '../../src/sync/index.ts';
import type { Carriage, CarriageParts, Mischief, Side } from './carriage.ts';
import type { Chance } from './chance.ts';
import { flipped, forge } from './forge.ts';

/** The real folder transport over a folder in which things happen. */
export function sharedFolder({ folder, link, ids, elapsed }: CarriageParts): Carriage {
  const shared = join(folder, 'shared');
  const away = join(folder, 'away');
  const remembered = join(folder, 'remembered');
  mkdirSync(shared, { recursive: true });

  const open = (side: Side): Transport =>
    folderTransport({
      folder: shared,
      link,
      self: ids[side],
      peer: ids[side === 0 ? 1 : 0],
      now: elapsed,
      believedMs: 0,
      damagedAfterMs: 0,
      mergeBytes: 2048,
    });

  function happen(what: Mischief, from: Side, chance: Chance): string {
    switch (what) {
      case 'withhold':
      case 'refuse':
        // The disk is unplugged, or plugged in again.
        if (existsSync(shared)) renameSync(shared, away);
        else renameSync(away, shared);
        return `unplug ${existsSync(away)}`;
      case 'swallow':
      case 'lose acks':
        rmSync(remembered, { recursive: true, force: true });
        if (existsSync(shared)) cpSync(shared, remembered, { recursive: true });
        return 'remember';
      case 'replay':
        if (existsSync(remembered) && existsSync(shared)) cpSync(remembered, shared, { recursive: true });
        return what;
      case 'forget all':
        for (const path of filesOf(shared)) rmSync(path);
        return what;
      default:
    }
    const files = filesOf(shared, ids[from]);
    const path = files[chance.below(Math.max(1, files.length))];
    if (path === undefined) return `${what} nothing`;
    const bytes = readFileSync(path);
    switch (what) {
      case 'drop':
      case 'forget some':
        rmSync(path);
        break;
      case 'double':
      case 'shuffle':
        writeFileSync(chance.one(files), bytes);
        break;
      case 'cut':
        truncateSync(path, chance.below(bytes.length + 1));
        break;
      case 'flip':
        if (bytes.length > 0) writeFileSync(path, flipped(bytes, chance));
        break;
      case 'forge':
        writeFileSync(path, forge(bytes, chance));
        break;
    }
    return what;
  }

  return {
    kind: 'folder',
    open,
    happen,
    carry: () => undefined,
    heal() {
      if (!existsSync(shared)) renameSync(away, shared);
    },
  };
}

/** The files below a folder, in an order that is the same each time; of one author where that is said. */
function filesOf(path: string, author = ''): string[] {
  if (!existsSync(path)) return [];
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => file.includes(author))
    .toSorted();
}
