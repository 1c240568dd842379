import { join } from 'node:path';
import { readStatus } from '../src/daemon/index.ts';
import { openInstance, type Instance } from '../src/instance/index.ts';
import { fleetRows, linksLiveOf } from '../src/projections/index.ts';
import { milliseconds, profiled } from './measured.ts';
import type { Measured, Measurement } from './measurement.ts';
import { idleShare } from './scale-hub.ts';
import { crossgap, startDaemon } from './scale-process.ts';
import { prepareFleet } from './scale-vendor.ts';

const idleMs = 30_000;
const times = 5;

export const measurement: Measurement = {
  what: 'who runs what: the fleet of a vendor, each customer with two environments',
  baseline: 'the same rows of the database, read and no more',
  how: 'in one process for the view and the status; a daemon of its own for the page; links by hand',
  unit: 'customers',
  sizes: [10_000],
  prepare: async (folder, customers) => void (await prepareFleet(folder, customers)),
  measure: measureFleet,
};

async function measureFleet(folder: string): Promise<Measured> {
  const data = join(folder, 'vendor');
  const view = await measureView(data);
  const command = await crossgap(data, 'fleet');
  await using daemon = await startDaemon(data);
  const first = await timeToRead(`${daemon.address}/`);
  // What was read for one is shown to others for a second.
  const again = await timeToRead(`${daemon.address}/`);
  const json = await timeToRead(`${daemon.address}/api/fleet.json`);
  const metrics = await timeToRead(`${daemon.address}/metrics`);
  const share = await idleShare(daemon, idleMs);
  return {
    figures: [
      { name: 'view', unit: 'ms', ours: view.fleetMs, baseline: view.bareMs, goal: '< 100 ms' },
      { name: 'all of the status', unit: 'ms', ours: view.statusMs },
      { name: 'page, first', unit: 'ms', ours: first },
      { name: 'page, again', unit: 'ms', ours: again },
      { name: 'fleet.json', unit: 'ms', ours: json },
      { name: 'metrics', unit: 'ms', ours: metrics },
      { name: 'the command', unit: 'ms', ours: command.ms },
      { name: 'daemon ready', unit: 'ms', ours: daemon.readyMs },
      { name: 'idle daemon, of a core', unit: '%', ours: share, goal: '< 1 %' },
      { name: 'idle daemon, memory', unit: 'MiB', ours: daemon.residentMiB(), goal: '< 250 MB' },
    ],
    peakMiB: { daemon: daemon.peakMiB(), command: command.peakMiB },
    timeIn: view.timeIn,
  };
}

async function measureView(data: string) {
  using instance = await openInstance(data);
  const fleet = (): unknown => fleetRows(instance.db, instance.clock.now());
  const bare = (): unknown => readBare(instance);
  const facts = { startedAt: Date.now(), live: linksLiveOf(new Map()) };
  const status = (): unknown => readStatus(instance, facts);
  // Once before, since a daemon has looked before as well.
  for (const warm of [fleet, bare, status]) warm();
  const [fleetMs, bareMs, statusMs] = [await best(fleet), await best(bare), await best(status)];
  return { fleetMs, bareMs, statusMs, timeIn: await profiled(status) };
}

function readBare({ db }: Instance): void {
  for (const table of ['link', 'publication', 'fleet']) db.prepare(`SELECT * FROM ${table}`).all();
}

/** The shortest of some: what else the machine does only ever adds. */
async function best(work: () => unknown): Promise<number> {
  let least = Infinity;
  for (let done = 0; done < times; done++) least = Math.min(least, await milliseconds(work));
  return least;
}

async function timeToRead(url: string): Promise<number> {
  return await milliseconds(async () => {
    const answer = await fetch(url);
    await answer.arrayBuffer();
    if (!answer.ok) throw new Error(`${url} answered ${answer.status}`);
  });
}
