import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

const shared = '/dev/shm';
const bytesMin = 2 * 1024 ** 3;

/**
 * Where the folders lie of tests that are about order and content, not about the disk: in memory, where the system has
 * room there and lets programs run, since each commit waits for a disk longer than for all else. What is installed into a
 * folder by its path, or purged, is not tested there: the program refuses to, below /dev.
 */
export const memory = hasRoom() ? shared : tmpdir();

function hasRoom(): boolean {
  if (!existsSync(shared)) return false;
  const { bavail, bsize } = statfsSync(shared);
  const mounted = readFileSync('/proc/mounts', 'utf8').split('\n');
  const options = mounted.find((line) => line.split(' ')[1] === shared)?.split(' ')[3] ?? '';
  return bavail * bsize >= bytesMin && !options.split(',').includes('noexec');
}
