import { expect, test } from 'vitest';
import { KilledCompanies } from './killed-companies.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`INV-1 INV-2 INV-5 T-35 T-36 daemons, writers and executors killed 200 times under load lose nothing (seed ${seed})`, async () => {
  await using companies = new KilledCompanies();
  await companies.prepare();
  expect(await companies.killAtRandom(200, seed)).toMatchObject({ executor: 20 });
  await companies.expectNothingLost();
}, 1_800_000);
