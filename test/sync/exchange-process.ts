/* One side of a link does one exchange in a process of its own, so that a test can kill it. */
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { folderTransport, replicateOnce } from '../../src/sync/index.ts';
import { fakeReplica } from './fake-replica.ts';

// Who is killed leaves to the next one what it has compiled before.
flushCompileCache();

const [dir, side, self, peer, link] = process.argv.slice(2) as [string, string, string, string, string];
using replica = fakeReplica(self, peer, join(dir, side));
await using transport = folderTransport({
  folder: join(dir, 'share'),
  link,
  self,
  peer,
  mergeBytes: 2048,
  believedMs: 0,
});
const { failures } = await replicateOnce(replica, transport, {
  signal: new AbortController().signal,
  limits: { chunkBytes: 8192, batchBytes: 4096 },
});
if (failures.length > 0) throw failures[0]!;
