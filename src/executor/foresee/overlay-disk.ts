import { dirname, join, relative, sep } from 'node:path';
import type { Disk } from '../disk.ts';

type Content = (() => Buffer) | 'gone';

/** A disk on which files are put, changed and taken away without anything happening: what is beneath is only read. */
export type OverlayDisk = Disk & {
  /** Puts a file there; its content is asked for when somebody reads it. */
  put(path: string, content: () => Buffer): void;
  remove(path: string): void;
};

/** A disk with nothing on it. */
export const emptyDisk: Disk = {
  filesBelow: () => [],
  filesIn: () => [],
  isFolder: () => false,
  has: () => false,
  read(path) {
    throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
  },
  async replace() {
    throw new TypeError('nothing is written to a disk that is not there');
  },
};

export function overlayDisk(beneath: Disk): OverlayDisk {
  const own = new Map<string, Content>();
  /** Folders with a file of ours in or below them, and the names in each. */
  const folders = new Map<string, Set<string>>();
  const keep = (path: string, content: Content): void => {
    own.set(path, content);
    for (let at = path; dirname(at) !== at; at = dirname(at)) {
      const names = folders.get(dirname(at)) ?? new Set();
      const isKnown = names.has(at);
      folders.set(dirname(at), names.add(at));
      if (isKnown) return;
    }
  };
  const beneathBelow = (folder: string): string[] =>
    beneath.isFolder(folder) ? beneath.filesBelow(folder) : [];
  const ownBelow = function* (folder: string): Generator<string> {
    for (const path of folders.get(folder) ?? []) {
      if (own.has(path)) yield path;
      yield* ownBelow(path);
    }
  };
  return {
    filesBelow(folder) {
      const found = new Set(beneathBelow(folder));
      for (const path of ownBelow(folder)) {
        const name = relative(folder, path).split(sep).join('/');
        if (own.get(path) === 'gone') found.delete(name);
        else found.add(name);
      }
      return [...found].sort(byPart);
    },
    filesIn(folder) {
      const found = new Set(beneath.filesIn(folder));
      for (const path of folders.get(folder) ?? []) {
        const content = own.get(path);
        const name = relative(folder, path);
        if (content === 'gone') found.delete(name);
        else if (content !== undefined) found.add(name);
      }
      return [...found].sort();
    },
    isFolder: (path) => [...ownBelow(path)].some((one) => own.get(one) !== 'gone') || beneath.isFolder(path),
    has(path) {
      const content = own.get(path);
      if (content !== undefined) return content !== 'gone';
      return folders.has(path) || beneath.has(path);
    },
    read(path) {
      const content = own.get(path);
      if (content === undefined) return beneath.read(path);
      if (content === 'gone') throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
      return content();
    },
    async replace(path, bytes) {
      keep(path, () => Buffer.from(bytes));
    },
    put: keep,
    remove: (path) => keep(path, 'gone'),
  };

  /** Folder by folder, as files are found on a disk. */
  function byPart(one: string, other: string): number {
    const [a, b] = [one.split('/'), other.split('/')];
    const at = a.findIndex((part, n) => part !== b[n]);
    const [left = '', right = ''] = [a[at], b[at]];
    return left < right ? -1 : left > right ? 1 : a.length - b.length;
  }
}

/** A path below a folder, from a name with `/`. */
export function below(folder: string, name: string): string {
  return join(folder, ...name.split('/'));
}
