import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { findBundles, inspectBundles } from '../../src/bundles/index.ts';
import { linkReplica } from '../../src/daemon/index.ts';
import type { memoryFolder } from '../support/build-nupkg.ts';
import type { Pair } from '../support/instances.ts';
import { carryProcess } from './killing.ts';
import { exportTo, importFrom, offerFile, stick } from './support.ts';

type Root = ReturnType<typeof memoryFolder>;
let turn = 0;

/** An import that is killed at a point goes on where it was, and ends as if nothing had been. */
export async function importSurvives(pair: Pair, root: Root, fault: string): Promise<void> {
  const { vendor, customer, link } = pair;
  const out = stick(root.path, `killed-import-${(turn += 1)}`);
  const digest = await offerFile(pair, `7.${turn}.0`, root.file('large', randomBytes(2_500_000)));
  await exportTo(vendor, link, out);
  const killed = await carryProcess(customer, ['import', out], { CROSSGAP_FAULT: fault });
  expect(killed.ended, killed.said).toBe('SIGKILL');
  expect((await importFrom(customer, out))[0]!.failure).toBeUndefined();
  expect(customer.holds(digest)).toBe(true);
  expect(linkReplica(customer, link).incomingBlobs()).toEqual([]);
  expect((await customer.log.verify({ full: false })).ok).toBe(true);
  expect(customer.log.pointAt(vendor.log.feedTo(link))).toEqual(vendor.log.pointAt(vendor.log.feedTo(link)));
}

/** An export that is killed leaves nothing that passes for a bundle, or a bundle that is finished by `--bundle`. */
export async function exportSurvives(pair: Pair, root: Root, fault: string): Promise<void> {
  const { vendor, customer, link } = pair;
  const out = stick(root.path, `killed-export-${(turn += 1)}`);
  await offerFile(pair, `8.${turn}.0`, root.file('large', randomBytes(2_500_000)));
  const args = ['export', '--to', link, '--out', out, '--part-size', '1MiB'];
  const killed = await carryProcess(vendor, args, { CROSSGAP_FAULT: fault });
  expect(killed.ended, killed.said).toBe('SIGKILL');
  const made = await exportTo(vendor, link, out, { partBytes: 1024 * 1024 });
  const inspected = await inspectBundles(await findBundles([out]));
  const mine = inspected.find(({ bundle }) => bundle.facts.id === made.facts.id);
  expect(mine?.complete).toBe(true);
  for (const { file, size } of made.parts) expect(readFileSync(file)).toHaveLength(size);
  expect((await importFrom(customer, ...made.parts.map(({ file }) => file)))[0]!.failure).toBeUndefined();
}
