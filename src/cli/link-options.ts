import { mkdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { LinkTransport } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import { flag, misuse, text } from './command.ts';
import { systemReason } from './files.ts';

export const nats = text('URL', 'NATS server (not in this version)');
export const folderOption = text(
  'DIR',
  'the folder both sides reach, by the path it has here (else DATA/outbox)',
);

export const byHand = flag('there is no line: only bundles go to and fro, carried by people');

/** How this side will reach the other, as it was asked for. */
export function transportTo(
  instance: Instance,
  asked: { readonly folder: string | undefined; readonly byHand: boolean },
): LinkTransport {
  if (!asked.byHand) return { kind: 'folder', folder: sharedFolder(instance, asked.folder) };
  if (asked.folder === undefined) return { kind: 'hand' };
  throw misuse(
    'Cannot pair by hand and by folder: a link goes one way',
    'Give --folder or --by-hand, not both.',
  );
}

/** A folder that lacks only its last part is made; a missing parent is more likely a typing error or a lost mount. */
function sharedFolder(instance: Instance, folder: string | undefined): string {
  const path = resolve(folder ?? instance.folder.outbox);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || !statSync(path).isDirectory()) {
      throw misuse(
        `Cannot exchange through ${path}: ${systemReason(error)}`,
        'Name a folder that both sides can reach.',
      );
    }
  }
  return path;
}

/** Names of links stand in release names: `LINK:PROCESS/NUMBER`. */
export function refuseUnfitName(name: string): void {
  if (/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,99}$/u.test(name) && name.trim() === name) return;
  throw misuse(
    `Cannot call a link ${JSON.stringify(name)}: it has characters that a name can't have`,
    'Use letters, digits, dots, dashes and underscores; `link accept` takes another name with --name.',
  );
}
