import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Something in a folder that is no folder itself: its path from there, divided by `/`, and what it is. */
export type FolderFile = { readonly path: string; readonly kind: 'file' | 'link' | 'other' };

/** Everything below a folder, in the order of its names. Links are listed and never followed. */
export function folderFiles(folder: string, below = ''): FolderFile[] {
  return readdirSync(join(folder, below), { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry): FolderFile[] => {
      const path = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) return folderFiles(folder, path);
      return [{ path, kind: entry.isFile() ? 'file' : entry.isSymbolicLink() ? 'link' : 'other' }];
    });
}
