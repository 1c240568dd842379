import { chmodSync, chownSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import type { HubAuthority } from './authority.ts';
import { authorityFile, linksFile, serverConfiguration, usersConfiguration } from './configuration.ts';
import { HubError } from './errors.ts';
import type { HubPlan } from './hub-plan.ts';
import { endOfCertificate, isStillGood, newServerCertificate } from './server-certificate.ts';

/** What a run of `hub config` did to one file. */
export type HubFile = { readonly path: string; readonly changed: boolean };

export type WrittenHub = {
  readonly files: readonly HubFile[];
  /** What running servers need to take it over. */
  readonly needs: 'nothing' | 'reload' | 'restart';
  /** When the first of the servers' certificates ends, milliseconds since 1970; undefined without TLS. */
  readonly certificatesEnd: number | undefined;
};

/**
 * Writes the files of a hub to a folder, each whole or not at all; what would not change is not touched, and a
 * certificate that will do stays.
 *
 * @throws HubError HUB_NOT_WRITTEN
 */
export function writeHub(
  plan: HubPlan,
  folder: string,
  { authority, now }: { authority: HubAuthority | undefined; now: number },
): WrittenHub {
  const files: HubFile[] = [];
  const put = (name: string, content: string): void => {
    const path = join(folder, name);
    files.push({ path, changed: replaceWhereOther(path, content) });
  };
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const ends = authority && plan.servers.map(({ name }) => putCertificate(name));
    if (authority !== undefined) put(authorityFile, authority.pem);
    put(linksFile, usersConfiguration(plan));
    for (const server of plan.servers) put(`${server.name}.conf`, serverConfiguration(plan, server));
    return { files, needs: needsOf(plan, files), certificatesEnd: ends && Math.min(...ends) };
  } catch (cause) {
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause;
    throw new HubError(
      'HUB_NOT_WRITTEN',
      `Cannot write the hub's configuration to ${folder}: ${cause.message}`,
      {
        hint: 'Name a folder that this account may make and write to with --out.',
        details: { folder },
        cause,
      },
    );
  }

  function putCertificate(name: string): number {
    const wish = { authority: authority!, hosts: plan.hosts, now };
    const there = readIfThere(join(folder, `${name}.pem`));
    const pem = there !== undefined && isStillGood(there, wish) ? there : newServerCertificate(wish);
    put(`${name}.pem`, pem);
    return endOfCertificate(pem);
  }
}

function needsOf({ servers }: HubPlan, files: readonly HubFile[]): WrittenHub['needs'] {
  const changed = files.filter((file) => file.changed);
  const isConfiguration = ({ path }: HubFile): boolean =>
    servers.some(({ name }) => path.endsWith(`${name}.conf`));
  if (changed.some(isConfiguration)) return 'restart';
  return changed.length > 0 ? 'reload' : 'nothing';
}

/** Puts content in the place of a file, unless it is there already; whether it did. */
function replaceWhereOther(path: string, content: string): boolean {
  if (readIfThere(path) === content) return false;
  replaceFile(path, content, (temporary) => keepRights(path, temporary));
  return true;
}

/** The server may run as somebody else, whom the operator gave the files to: group and mode stay as they are. */
function keepRights(path: string, temporary: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  if (before === undefined || process.platform === 'win32') return;
  if (statSync(temporary).gid !== before.gid) chownSync(temporary, -1, before.gid);
  chmodSync(temporary, before.mode & 0o660);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
