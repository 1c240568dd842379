import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { folderTransport } from '../../src/sync/index.ts';
import { pair } from '../support/instances.ts';
import { never, once } from './company.ts';
import { expectHeldAllOf, expectThrottled, floodedCompanies, junk, say } from './flood-support.ts';

test('T-51 a peer that floods a folder is refused by name in its own link, and the other links do not feel it', async () => {
  using world = await floodedCompanies();
  const { root, vendor, flooder, neighbour } = world;
  for (const name of ['one', 'two']) mkdirSync(join(root, name));
  const flood = pair(vendor, flooder, join(root, 'one'));
  const quiet = pair(vendor, neighbour, join(root, 'two'));
  for (const one of [vendor, flooder, neighbour]) await once(one);
  say(neighbour, quiet, 30);
  await once(neighbour);
  await using attacker = folderTransport({
    folder: join(root, 'one'),
    link: flood,
    self: flooder.identity.instanceId,
    peer: vendor.identity.instanceId,
  });
  for (let seq = 1; seq <= 600; seq++) await attacker.send(junk(seq), never);
  await expectThrottled(world, quiet, 700);
  // INV-10: what is good is taken all the same.
  say(flooder, flood, 3);
  await once(flooder);
  await once(vendor);
  expectHeldAllOf(flooder, flood, world);
});
