import { expect, test } from 'vitest';
import { nextEnvironment } from '../../src/projections/index.ts';

const wanted = { link: 'acme', process: 'Orders', release: '1.1.0' };
const place = (name: string, after: string[], ...runs: Partial<typeof wanted>[]) => ({
  name,
  after,
  runs: runs.map((run) => ({ ...wanted, since: '', withdrawn: null, ...run })),
});

test.each([
  ['the first, where it runs nowhere', [place('uat', []), place('live', ['uat'])], 'uat'],
  ['the next, where the one before has it', [place('uat', [], {}), place('live', ['uat'])], 'live'],
  ['no other author’s', [place('uat', [], { link: 'fabrikam' }), place('live', ['uat'])], 'uat'],
  ['none, where it runs everywhere', [place('uat', [], {})], undefined],
  ['none, where there is none', [], undefined],
])('the next environment of a release is %s', (_case, environments, expected) => {
  expect(nextEnvironment(environments, wanted)).toBe(expected);
});
