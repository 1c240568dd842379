import { join, resolve } from 'node:path';

/** Where everything of an instance lies. */
export type DataFolder = ReturnType<typeof dataFolder>;

/** The places below one data folder, all absolute. */
export function dataFolder(path: string) {
  const root = resolve(path);
  const at = (...names: string[]): string => join(root, ...names);
  return {
    root,
    settings: at('crossgap.toml'),
    database: at('crossgap.db'),
    restoring: at('crossgap.db.restoring'),
    keys: at('keys'),
    introduction: at('keys', 'introduction'),
    nextKeys: at('keys', 'next'),
    vaultKey: at('keys', 'vault-key'),
    vault: at('vault'),
    head: at('head'),
    daemonLock: at('daemon.lock'),
    blobs: at('blobs'),
    apps: at('apps'),
    runs: at('runs'),
    inbox: at('inbox'),
    outbox: at('outbox'),
    environmentApps: (environment: string): string => at('apps', environment),
    run: (deployment: string): string => at('runs', deployment),
  };
}
