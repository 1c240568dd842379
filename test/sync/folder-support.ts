import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { folderTransport, type FolderTransportOptions, type Transport } from '../../src/sync/index.ts';
import type { TransportPair } from './transport-contract.ts';
import { memory } from '../support/in-memory.ts';

export const link = 'a1'.repeat(16);
export const acme = '11'.repeat(16);
export const contoso = '22'.repeat(16);

/** A directory for one test, gone afterwards. */
export function scratch(): { readonly path: string } & Disposable {
  const path = mkdtempSync(join(memory, 'crossgap-sync-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Never believes what it saw before, looks often where the system is silent, and merges few files. */
export const wary = { believedMs: 0, pollMs: 20, mergeBytes: 2048 } as const;

export type FolderPair = TransportPair & {
  readonly root: string;
  /** The subfolder that `here` writes. */
  readonly own: string;
  open(self: string, peer: string, options?: Partial<FolderTransportOptions>): Transport;
};

/** Two instances that reach one folder, each by a path of its own. */
export function folderPair(): FolderPair {
  const dir = scratch();
  const root = join(dir.path, 'share');
  mkdirSync(root);
  const mounted = join(dir.path, 'mounted elsewhere');
  symlinkSync(root, mounted);
  const open = (self: string, peer: string, options: Partial<FolderTransportOptions> = {}): Transport =>
    folderTransport({ folder: self === acme ? root : mounted, link, self, peer, ...wary, ...options });
  const own = join(root, `crossgap-${link}`, acme);
  return {
    root,
    own,
    open,
    here: open(acme, contoso),
    there: open(contoso, acme),
    thereAgain: () => open(contoso, acme),
    litter() {
      const entries = join(own, 'entries');
      mkdirSync(join(entries, 'a directory'));
      mkdirSync(join(entries, '0001-000000000090-000000000099.cgp'));
      writeFileSync(join(entries, 'Thumbs.db'), 'not ours');
      writeFileSync(join(entries, '0001-000000000001-000000000002 (conflict copy).cgp'), 'not ours');
      writeFileSync(join(entries, '0001-000000000050-000000000060.cgp'), 'hello');
      writeFileSync(join(entries, '~lock.0001.cgp'), '');
      writeFileSync(join(entries, '.syncthing.x.tmp'), '');
      symlinkSync('/etc/passwd', join(entries, '0001-000000000070-000000000080.cgp'));
      return Promise.resolve([
        'a directory',
        'entries/0001-000000000090-000000000099.cgp',
        'Thumbs.db',
        'conflict copy',
        'entries/0001-000000000050-000000000060.cgp',
        'entries/0001-000000000070-000000000080.cgp',
      ]);
    },
    loseAll() {
      for (const name of readdirSync(own)) rmSync(join(own, name), { recursive: true });
      return Promise.resolve();
    },
    [Symbol.asyncDispose]() {
      dir[Symbol.dispose]();
      return Promise.resolve();
    },
  };
}

/** Runs as a user whom the modes of files bind; root, as whom tests often run, is bound by none. */
export async function asOrdinaryUser(act: () => Promise<void>): Promise<void> {
  if (process.geteuid?.() !== 0) return act();
  process.seteuid?.(65534);
  try {
    await act();
  } finally {
    process.seteuid?.(0);
  }
}
