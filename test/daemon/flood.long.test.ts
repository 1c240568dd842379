import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { readNatsKey } from '../../src/instance/index.ts';
import { encodeParcelFile, waySubject } from '../../src/sync/index.ts';
import { natsConnection } from '../../src/sync/over-nats.ts';
import { hubServer } from '../kill/ways.ts';
import { requires } from '../support/requires.ts';
import { never, once } from './company.ts';
import { expectHeldAllOf, expectThrottled, floodedCompanies, junk, say } from './flood-support.ts';

test.skipIf(!requires('nats-server', 'a flood over a server'))(
  'T-51 a customer that floods its server is refused by name in its own link, and the other links do not feel it',
  async () => {
    using world = await floodedCompanies();
    const { root, vendor, flooder, neighbour } = world;
    const server = hubServer(root);
    try {
      const [flood, quiet] = (await server.meet(vendor, [flooder, neighbour])) as [string, string];
      for (const one of [vendor, flooder, neighbour, vendor]) await once(one);
      say(neighbour, quiet, 30);
      await once(neighbour);
      await using connection = natsConnection({
        urls: [server.url],
        ca: readFileSync(join(root, 'hub', 'ca.pem'), 'utf8'),
        seed: (await readNatsKey(flooder.folder)).seed,
        inboxPrefix: `_INBOX_${flood}`,
        name: 'contoso',
      });
      const { nats } = await connection.client(never);
      for (let seq = 1; seq <= 20_000; seq++)
        nats.publish(`${waySubject(flood, 'up')}.e.7.${seq}.${seq}`, encodeParcelFile(junk(seq)));
      await nats.flush();
      await expectThrottled(world, quiet, 8000);
      say(flooder, flood, 3);
      await once(flooder);
      // It has brought the way between the two to its limits itself: all it sent before has its turn first.
      for (let pass = 0; pass < 20; pass++) await once(vendor);
      expectHeldAllOf(flooder, flood, world);
    } finally {
      await server.stop();
    }
  },
);
