import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

const root = freshFolder(memory);
let company: Company;
let acme: Person;
let count = 0;

const trx = (outcome: string): string =>
  `<TestRun><Results><UnitTestResult testName="a" outcome="${outcome}"/></Results></TestRun>`;
const nunit = '<test-run><test-suite><test-case name="b" result="Passed"/></test-suite></test-run>';

function file(name: string, text: string): string {
  const folder = join(root, `files-${count}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  const process = join(root, 'p.yaml');
  writeFileSync(
    process,
    'process: P\nlocal: { publish-when: { tests: { integration: passed } } }\nsteps:\n  - { name: A, run: { bash: echo } }\n',
  );
  await company.asks(['process', 'publish', process]);
  await company.asks('release create P 1.0.0');
});
beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
});

const closed = async (): Promise<string[]> =>
  (await acme.asks<{ closedBecause: string[] }>('release show 1.0.0')).closedBecause;

test('results of a type open the gate that asks for that type, those of another or of none do not', async () => {
  expect(await closed()).toEqual(['no integration test results were imported']);
  await acme.asks(['tests', 'import', '1.0.0', file('a.trx', trx('Passed'))]);
  await acme.asks(['tests', 'import', '1.0.0', '--type', 'smoke', file('n.xml', nunit)]);
  expect(await closed()).toEqual(['no integration test results were imported']);
  // What is here already gets its type when it is said.
  await acme.asks(['tests', 'import', '1.0.0', '--type', 'integration', file('a.trx', trx('Passed'))]);
  expect(await closed()).toEqual([]);
  // Said without one, it keeps it.
  await acme.asks(['tests', 'import', '1.0.0', file('a.trx', trx('Passed'))]);
  expect(await closed()).toEqual([]);
  const shown = await acme.types('release show 1.0.0');
  expect(shown.stdout).toMatch(/a\.trx +integration +trx +1 passed, 0 failed, 0 skipped/);
  expect(shown.stdout).toMatch(/n\.xml +smoke +nunit3/);
});

test('a failed one closes it', async () => {
  await acme.asks(['tests', 'import', '1.0.0', '--type', 'integration', file('b.trx', trx('Failed'))]);
  expect(await closed()).toEqual(['1 integration tests failed']);
});

test.each(['', ' x', 'a/b', 'x'.repeat(80)])('a type called %j is refused', async (type) => {
  const answer = await acme.types([
    'tests',
    'import',
    '1.0.0',
    '--type',
    type,
    file('a.trx', trx('Passed')),
    '--json',
  ]);
  expect([answer.exitCode, answer.error.code]).toEqual([2, 'USAGE_INVALID']);
});
