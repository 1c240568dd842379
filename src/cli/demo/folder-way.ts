import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { filesBelow } from './files-below.ts';
import { StoryError } from './story-error.ts';
import { changedParcel } from './tamper.ts';
import type { Way } from './way.ts';

/** A folder that both companies reach. */
export function folderWay(shared: string): Way {
  mkdirSync(shared);
  /** The parcels that carry this part, as they would be with one byte changed. */
  const carrying = (part: string): { path: string; changed: Buffer }[] =>
    [...filesBelow(shared)].flatMap((path) => {
      if (!/blobs.*\.cgp$/.test(path)) return [];
      const changed = changedParcel(readFileSync(path), part);
      return changed === undefined ? [] : [{ path, changed }];
    });
  return {
    crosses: 'a folder',
    invite: `--folder ${shared}`,
    accept: ` --folder ${shared}`,
    open: () => Promise.resolve(),
    lies: (part) => Promise.resolve(carrying(part).length > 0),
    changeOneByte(part) {
      const [first] = carrying(part);
      if (first === undefined) throw new StoryError(`no package with ${part} lies in ${shared}`);
      writeFileSync(first.path, first.changed);
      return Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
