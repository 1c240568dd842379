import { expect, test } from 'vitest';
import { KilledCompanies } from './killed-companies.ts';

const seed = Number(process.env['CROSSGAP_SEED'] ?? Date.now() % 1_000_000);

test(`INV-1 INV-2 INV-5 T-35 T-36 daemons, writers and executors killed 20 times under load lose nothing (seed ${seed})`, async () => {
  await using companies = new KilledCompanies();
  await companies.prepare();
  expect(await companies.killAtRandom(20, seed)).toMatchObject({ executor: 2 });
  await companies.expectNothingLost();
}, 300_000);
