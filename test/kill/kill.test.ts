import { expect, test } from 'vitest';
import { requires } from '../support/requires.ts';
import { KilledCompanies } from './killed-companies.ts';
import { folderWay, natsWay } from './ways.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`INV-1 INV-2 INV-5 T-35 T-36 daemons, writers and executors killed 8 times under load lose nothing over a folder (seed ${seed})`, async () => {
  await using companies = new KilledCompanies(folderWay);
  await companies.prepare();
  expect(await companies.killAtRandom(8, seed)).toMatchObject({ executor: 1 });
  await companies.expectNothingLost();
});

test.skipIf(!requires('nats-server', 'the server is killed as well'))(
  `INV-1 INV-2 INV-5 T-35 T-36 T-40 T-41 the same and the server, killed 12 times, once and again without its disk, lose nothing (seed ${seed})`,
  async () => {
    await using companies = new KilledCompanies(natsWay);
    await companies.prepare();
    expect(await companies.killAtRandom(12, seed)).toMatchObject({
      executor: 2,
      server: 2,
      'server and its disk': 1,
    });
    await companies.expectNothingLost();
  },
);
