import { join } from 'node:path';
import type { Measured, Measurement } from './measurement.ts';
import { idleShare, prepareHub, publishBare, startHub } from './scale-hub.ts';
import { crossgap, startDaemon, until } from './scale-process.ts';
import { toEach } from './scale-vendor.ts';

/** What lies in the stream of each link in the end: one parcel of entries, the head, the revision, the package. */
const messagesEach = 4;
const messageBytes = 1500;
const idleMs = 60_000;
/** A server makes some 80 streams and durables a second, fewer the more it has. */
const makingMs = 3_600_000;

export const measurement: Measurement = {
  what: 'a release is published to all customers, whose links meet at one NATS server; then nothing happens',
  baseline: 'as many messages into the same streams by a bare client, acknowledged',
  how: 'daemon and nats-server are processes of their own by `hub config`; customers are credentials that do not come',
  unit: 'links',
  sizes: [100, 1000],
  prepare: prepareHub,
  measure: measurePublish,
};

async function measurePublish(folder: string, links: number): Promise<Measured> {
  const data = join(folder, 'vendor');
  await using hub = await startHub(folder);
  const beganAt = performance.now();
  await using daemon = await startDaemon(data);
  // Two streams with two durables each, and before anything else is told, nothing in them.
  await until(
    async () => {
      const { streams, consumers } = await hub.lying();
      return streams === 2 * links && consumers === 4 * links;
    },
    { atMostMs: makingMs },
  );
  const preparedMs = performance.now() - beganAt;
  await hub.quiet();
  const idleBefore = daemon.residentMiB();
  const [ownShare, serverShare] = await Promise.all([idleShare(daemon, idleMs), idleShare(hub, idleMs)]);

  const cpuBefore = [daemon.cpuSeconds(), hub.cpuSeconds()] as const;
  const began = performance.now();
  const published = await crossgap(data, 'release', 'publish', '1.0.0', ...toEach(links));
  await until(async () => (await hub.lying()).messages >= messagesEach * links, {
    everyMs: 50,
  });
  const publishMs = performance.now() - began;
  const [daemonCpu, serverCpu] = [daemon.cpuSeconds() - cpuBefore[0], hub.cpuSeconds() - cpuBefore[1]];
  const peaks = { daemon: daemon.peakMiB(), 'nats-server': hub.peakMiB(), command: published.peakMiB };
  await hub.quiet();
  const bareMs = await publishBare(folder, hub.url, { each: messagesEach, bytes: messageBytes });
  const reloadMs = await hub.reload();
  return {
    figures: [
      {
        name: 'all told',
        unit: 's',
        ours: publishMs / 1000,
        baseline: bareMs / 1000,
        goal: '< 10 s at 10,000',
      },
      { name: 'the command alone', unit: 's', ours: published.ms / 1000 },
      { name: 'the command, processor time', unit: 's', ours: published.cpuSeconds },
      { name: 'the daemon, processor time', unit: 's', ours: daemonCpu },
      { name: 'the same for each link', unit: 'ms', ours: (1000 * daemonCpu) / links },
      { name: 'the server, processor time', unit: 's', ours: serverCpu },
      { name: 'streams made', unit: 's', ours: preparedMs / 1000 },
      { name: 'hub config', unit: 's', ours: hub.configured.ms / 1000 },
      { name: 'hub config, file', unit: 'MB', ours: hub.configured.bytes / 1e6 },
      { name: 'server reload', unit: 's', ours: reloadMs / 1000 },
      { name: 'idle daemon, of a core', unit: '%', ours: ownShare, goal: '< 1 %' },
      { name: 'idle daemon, memory', unit: 'MiB', ours: idleBefore, goal: '< 250 MB at 10,000' },
      { name: 'idle server, of a core', unit: '%', ours: serverShare },
    ],
    peakMiB: peaks,
    timeIn: [],
  };
}
