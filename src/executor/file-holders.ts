import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { systemCode } from './errors.ts';

const toldMax = 3;

/**
 * Who uses a file or what lies below a folder: open, run from there, or standing in it; as `nginx (process 12)`. Empty
 * where the system does not tell: other systems than Linux, and processes of other accounts.
 */
export function holdersOf(path: string): string[] {
  if (process.platform !== 'linux') return [];
  const isBelow = (target: string): boolean => target === path || target.startsWith(`${path}/`);
  const holders = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => linksOf(`/proc/${pid}`).some(isBelow))
    .map((pid) => `${nameOf(pid)} (process ${pid})`);
  const more = holders.length - toldMax;
  return more > 0 ? [...holders.slice(0, toldMax), `${more} more`] : holders;
}

/** What a process holds on to, as far as this account may see it. */
function linksOf(folder: string): string[] {
  const links = ['exe', 'cwd'].map((name) => join(folder, name));
  const opened = quietly(() => readdirSync(join(folder, 'fd')).map((name) => join(folder, 'fd', name)));
  return [...links, ...(opened ?? [])].flatMap((link) => quietly(() => readlinkSync(link)) ?? []);
}

function nameOf(pid: string): string {
  return quietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'a process';
}

/** Processes end while they are looked at, and those of others don't show what they hold. */
function quietly<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
