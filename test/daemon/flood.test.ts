import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { giveValue } from '../../src/commands/index.ts';
import { readNatsKey, type Instance } from '../../src/instance/index.ts';
import { encodeParcelFile, folderTransport, waySubject, type EntriesParcel } from '../../src/sync/index.ts';
import { natsConnection } from '../../src/sync/over-nats.ts';
import { hubServer } from '../kill/ways.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { makeInstance, pair } from '../support/instances.ts';
import { requires } from '../support/requires.ts';
import { never, once } from './company.ts';

let root: ReturnType<typeof temporaryFolder>;
let vendor: Instance;
let flooder: Instance;
let neighbour: Instance;
beforeEach(async () => {
  root = temporaryFolder();
  vendor = await makeInstance(root.path, 'acme', systemClock);
  flooder = await makeInstance(root.path, 'contoso', systemClock);
  neighbour = await makeInstance(root.path, 'fabrikam', systemClock);
});
afterEach(() => {
  for (const one of [vendor, flooder, neighbour]) one.close();
  root[Symbol.dispose]();
});

/** A parcel as a real one looks, with an entry that nobody signed. */
const junk = (seq: number): EntriesParcel => ({
  kind: 'entries',
  epoch: 7,
  firstSeq: seq,
  entries: [{ bytes: Buffer.alloc(300, seq), signature: Buffer.alloc(64, seq) }],
});

function say(author: Instance, link: string, count: number): void {
  for (let at = 0; at < count; at++)
    author.record(() => giveValue([], { link, name: `Value${at}`, value: `${at}` }));
}

const holdsAllOf = (author: Instance, link: string): void => {
  const feed = author.log.feedTo(link);
  expect(vendor.log.pointAt(feed)).toEqual(author.log.pointAt(feed));
};

/** The vendor's exchange in the flood: it is refused by name and shown with its link, and the other link has its turn. */
async function expectThrottled(links: { flood: string; quiet: string }, most: number): Promise<void> {
  const { exchanged } = await once(vendor);
  const of = (name: string) => exchanged.find(({ link }) => link === name)!;
  expect(of('contoso').refused.length).toBeGreaterThan(100);
  // What one pass takes of it is bounded, however much lies there.
  expect(of('contoso').refused.length).toBeLessThanOrEqual(most);
  expect(of('fabrikam').refused).toEqual([]);
  holdsAllOf(neighbour, links.quiet);
  expect(vendor.log.feeds().filter(({ frozen }) => frozen)).toEqual([]);
  const parked = vendor.db.prepare<[], number>('SELECT count(*) FROM parked_entry').pluck().get();
  expect(parked).toBe(0);
}

test('T-51 a peer that floods a folder is refused by name in its own link, and the other links do not feel it', async () => {
  for (const name of ['one', 'two']) mkdirSync(join(root.path, name));
  const links = {
    flood: pair(vendor, flooder, join(root.path, 'one')),
    quiet: pair(vendor, neighbour, join(root.path, 'two')),
  };
  for (const one of [vendor, flooder, neighbour]) await once(one);
  say(neighbour, links.quiet, 30);
  await once(neighbour);
  await using attacker = folderTransport({
    folder: join(root.path, 'one'),
    link: links.flood,
    self: flooder.identity.instanceId,
    peer: vendor.identity.instanceId,
  });
  for (let seq = 1; seq <= 600; seq++) await attacker.send(junk(seq), never);
  await expectThrottled(links, 700);
  // INV-10: what is good is taken all the same.
  say(flooder, links.flood, 3);
  await once(flooder);
  await once(vendor);
  holdsAllOf(flooder, links.flood);
}, 120_000);

test.skipIf(!requires('nats-server', 'a flood over a server'))(
  'T-51 a customer that floods its server is refused by name in its own link, and the other links do not feel it',
  async () => {
    const server = hubServer(root.path);
    try {
      const [flood, quiet] = (await server.meet(vendor, [flooder, neighbour])) as [string, string];
      for (const one of [vendor, flooder, neighbour, vendor]) await once(one);
      say(neighbour, quiet, 30);
      await once(neighbour);
      await using connection = natsConnection({
        urls: [server.url],
        ca: readFileSync(join(root.path, 'hub', 'ca.pem'), 'utf8'),
        seed: (await readNatsKey(flooder.folder)).seed,
        inboxPrefix: `_INBOX_${flood}`,
        name: 'contoso',
      });
      const { nats } = await connection.client(never);
      for (let seq = 1; seq <= 20_000; seq++)
        nats.publish(`${waySubject(flood, 'up')}.e.7.${seq}.${seq}`, encodeParcelFile(junk(seq)));
      await nats.flush();
      await expectThrottled({ flood, quiet }, 8000);
      say(flooder, flood, 3);
      await once(flooder);
      // It has brought the way between the two to its limits itself: all it sent before has its turn first.
      for (let pass = 0; pass < 20; pass++) await once(vendor);
      holdsAllOf(flooder, flood);
    } finally {
      await server.stop();
    }
  },
  180_000,
);
