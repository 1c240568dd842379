import { rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readStatus } from '../../src/daemon/index.ts';
import { readReadiness } from '../../src/daemon/readiness.ts';
import { openInstance, type Instance } from '../../src/instance/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let made: Instance;
beforeEach(async () => {
  root = memoryFolder();
  made = await makeInstance(root.path, 'acme', heldClock());
});
afterEach(() => {
  made.close();
  root[Symbol.dispose]();
});

const codesOf = (instance: Instance): string[] => readStatus(instance).warnings.map(({ code }) => code);

test('an instance is ready that can write its log', () => {
  const { ready, checks } = readReadiness(made);
  expect(ready).toBe(true);
  expect(checks.map(({ name, state }) => `${name} ${state}`)).toEqual(['log ok', 'feeds ok']);
  expect(codesOf(made)).toEqual([]);
});

test.each([
  ['missing', 'SIDE_FILE_MISSING', (head: string) => rmSync(head)],
  ['damaged', 'SIDE_FILE_DAMAGED', (head: string) => writeFileSync(head, 'noise')],
])('one whose side file is %s is not, and says why', async (what, code, spoil) => {
  made.close();
  spoil(made.folder.head);
  using instance = await openInstance(made.folder.root, { clock: made.clock });
  const { ready, checks } = readReadiness(instance);
  expect(ready).toBe(false);
  expect(checks[0]).toMatchObject({ name: 'log', state: 'failed' });
  expect(checks[0]!.detail).toContain(`the side file is ${what}`);
  expect(codesOf(instance)).toEqual([code]);
});
