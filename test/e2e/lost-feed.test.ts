import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runDaemon } from '../../src/daemon/index.ts';
import { backupInstance, openInstance, restoreInstance, type Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { makePair, makeRelease, offer } from '../support/instances.ts';

const refusal = (code: string): unknown => expect.objectContaining({ code });
const once = { once: true, log: silentLog(), signal: new AbortController().signal };
/** What hinders a link stands in its status; it is not what these tests are about. */
const run = (instance: Instance): Promise<unknown> =>
  runDaemon(instance, once).catch((error: unknown) => error);

test.each([
  ['asks for it before anybody decides anything', false],
  ['does not open it again when it was given up, and asks for it', true],
])('T-30 INV-3 who was put back to before the first entry of a feed %s', async (_how, givesUp) => {
  using root = temporaryFolder();
  const pair = await makePair(root.path);
  const { link } = pair;
  using customer = pair.customer;
  const backup = join(root.path, 'vendor.backup');
  await backupInstance(pair.vendor, backup);
  offer(pair.vendor, makeRelease(pair.vendor, '1.0.0'), [link]);
  const feed = pair.vendor.log.feedTo(link);
  for (const side of [pair.vendor, customer, pair.vendor]) await run(side);
  const { folder, clock } = pair.vendor;
  const signed = pair.vendor.log.pointAt(feed);
  pair.vendor.close();
  await restoreInstance(folder.root, backup, clock);

  using vendor = await openInstance(folder.root, { clock });
  expect(vendor.log.pointAt(feed)).toBeUndefined();
  const startEpoch = () => vendor.log.startEpoch({ reason: 'restored', actor: 'tester' });
  if (givesUp) {
    expect(startEpoch().lost).toEqual([feed]);
    const release = makeRelease(vendor, '2.0.0');
    expect(() => offer(vendor, release, [link])).toThrow(refusal('UNSURE'));
  }
  // It says that it holds nothing, is given all of it, and takes it in.
  for (const side of [vendor, customer, vendor]) await run(side);
  expect(vendor.log.pointAt(feed)).toEqual(signed);
  if (!givesUp) startEpoch();
  offer(vendor, makeRelease(vendor, '3.0.0'), [link]);
  for (const side of [vendor, customer]) await run(side);
  expect(customer.log.pointAt(feed)).toEqual(vendor.log.pointAt(feed));
  for (const side of [vendor, customer])
    expect(await side.log.verify({ full: true })).toMatchObject({ ok: true });
});
