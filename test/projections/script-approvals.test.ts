import { afterAll, beforeAll, expect, test } from 'vitest';
import { approveScripts } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readApprovedScripts, rebuildReadModels } from '../../src/projections/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { heldClock, makeInstance, noon } from '../support/instances.ts';

let root: ReturnType<typeof memoryFolder>;
let instance: Instance;
beforeAll(async () => {
  root = memoryFolder();
  instance = await makeInstance(root.path, 'contoso', heldClock());
});
afterAll(() => {
  instance.close();
  root[Symbol.dispose]();
});

const [one, two] = ['1'.repeat(64), '2'.repeat(64)] as const;

test('J2.15: a script is approved at its place in a process, for good; the newest word on it says by whom', () => {
  const approve = (process: string, number: string, digest: string, by: string | null): void => {
    const script = { place: 'step/web/run/bash', where: 'step Web', digest };
    const release = {
      called: number,
      link: '',
      process,
      number,
      digest: number.padEnd(64, '0').replaceAll('.', '0'),
    };
    const scripts = { ...release, environment: null, scripts: [script], isApproved: () => false };
    instance.record(() => approveScripts(scripts, { set: null, by, note: null }));
  };
  approve('Orders', '1.0.0', one, 'S. Officer');
  approve('Orders', '1.1.0', two, null);
  approve('Orders', '1.2.0', one, 'A. Other');
  approve('Stock', '1.0.0', two, 'S. Officer');
  expect(
    readApprovedScripts(instance.db, '', 'Orders').map(({ digest, release, by, at }) => [
      digest,
      release,
      by,
      at,
    ]),
  ).toEqual([
    [one, '1.2.0', 'A. Other', noon],
    [two, '1.1.0', instance.actor, noon],
  ]);
  expect(readApprovedScripts(instance.db, '', 'Stock')).toHaveLength(1);
  expect(readApprovedScripts(instance.db, 'a'.repeat(32), 'Orders')).toEqual([]);
  const { db, log, identity } = instance;
  expect(rebuildReadModels(db, identity.instanceId, log.pages({ after: 0 })).changed).toEqual([]);
  expect(readApprovedScripts(db, '', 'Orders')).toHaveLength(2);
});
