import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { dispatcher } from '../../src/daemon/dispatch.ts';
import { watchDatabase } from '../../src/daemon/watch.ts';
import type { Instance } from '../../src/instance/index.ts';
import { spokenLog } from '../../src/log.ts';
import { findDeployment } from '../../src/projections/index.ts';
import type { Pair } from '../support/instances.ts';
import { pairForEach } from '../support/pair-for-each.ts';
import { patienceMs } from '../support/patience.ts';
import { converge, deploy, furnish, offered, publish } from './company.ts';

let pair: Pair;
let marks: string;
pairForEach((made) => ({ pair, marks } = made));

/** The same instance, on whose disk there is no room the first times that something is recorded. */
function onFullDisk(instance: Instance, times: number): Instance {
  let left = times;
  const record: Instance['record'] = (decide) => {
    left -= 1;
    if (left >= 0) throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' });
    return instance.record(decide);
  };
  return { ...instance, record };
}

test('what a full disk hindered is tried again until there is room, and told once', async () => {
  await publish(pair, '1.0.0', { marks });
  await converge(pair);
  furnish(pair);
  const { customer } = pair;
  const id = deploy(customer, offered(pair, '1.0.0'), 'uat');
  const lines: unknown[] = [];
  const log = spokenLog({ level: 'error' }, ({ err }) => lines.push((err as { code: string }).code));
  using watch = watchDatabase(customer);
  const stop = new AbortController();
  const dispatch = dispatcher(onFullDisk(customer, 6), { watch, log, signal: stop.signal, diskAgainMs: 1 });
  dispatch.look();
  await vi.waitUntil(() => findDeployment(customer.db, id)!.state === 'succeeded', { timeout: patienceMs });
  await dispatch.idle();
  stop.abort();
  expect(lines).toEqual(['DISK_FULL']);
  expect(readFileSync(marks, 'utf8')).toBe('stop\ndeploy\nstart\n');
});
