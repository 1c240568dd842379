/*
 * The daemon of an instance, in a process of its own, that tells what it takes in: `node nats-daemon.ts FOLDER FEED`, FEED
 * being the one whose entries are watched.
 */
import { runDaemon } from '../src/daemon/index.ts';
import { openInstance, type Instance } from '../src/instance/index.ts';
import { silentLog } from '../src/log.ts';
import { readPackages } from '../src/projections/index.ts';
import { peakMiB, profiled } from './measured.ts';
import { answer, now, tell } from './nats-told.ts';

const [folder, feed] = process.argv.slice(2);
const opened = await openInstance(folder!);
const { log, db } = opened;
const instance: Instance = {
  ...opened,
  log: {
    ...log,
    async receive(batch) {
      const verdicts = await log.receive(batch);
      tell({ kind: 'entries', seq: log.pointAt(feed!)?.seq ?? 0, at: now() });
      return verdicts;
    },
  },
  record(decide) {
    const entries = opened.record(decide);
    const came = readPackages(db).filter(({ link }) => link !== '');
    for (const { pin } of came) tell({ kind: 'package', digest: pin.sha256, at: now() });
    return entries;
  },
};

const over = new AbortController();
const daemon = runDaemon(instance, {
  once: false,
  listen: { host: '127.0.0.1', port: 0 },
  log: silentLog(),
  signal: over.signal,
  onReady: () => tell({ kind: 'ready' }),
});
const asked = answer({ peakMiB, profile: (until) => profiled(() => until) });
await Promise.race([asked, daemon]);
over.abort();
await daemon;
instance.close();
process.exit();
