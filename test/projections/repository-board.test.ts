import { afterAll, beforeAll, expect, test } from 'vitest';
import { recordComparison, recordPush } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { readPushes, readSourceAlarms, rebuildReadModels } from '../../src/projections/index.ts';
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
const web = { id: 'Orders.Web', version: '1.0.0' };

test('of pushes and alarms the newest word counts, whatever the case of names, and a rebuild tells the same', () => {
  const push = { repository: 'nexus', package: web, contentDigest: one, message: null };
  const why = { code: 'SOURCE_SLOW', message: 'no answer' };
  instance.record(() => recordPush(undefined, { ...push, outcome: 'failed', ...why }));
  instance.record(() =>
    recordPush(undefined, { ...push, repository: 'share', outcome: 'there', code: null }),
  );
  const again = { ...push, repository: 'NEXUS', package: { ...web, id: 'ORDERS.web' } };
  instance.record(() => recordPush(undefined, { ...again, outcome: 'taken', code: null }));
  instance.record(() =>
    recordPush(undefined, { ...push, contentDigest: two, outcome: 'differs', code: 'X' }),
  );
  expect(
    readPushes(instance.db).map((row) => [
      row.repository,
      row.id,
      row.contentDigest,
      row.outcome,
      row.code,
      row.at,
    ]),
  ).toEqual([
    ['nexus', 'Orders.Web', one, 'taken', null, noon],
    ['nexus', 'Orders.Web', two, 'differs', 'X', noon],
    ['share', 'Orders.Web', one, 'there', null, noon],
  ]);

  const compared = (version: string, found: string, repository = 'nexus') =>
    instance.record(() =>
      recordComparison({ found: '' }, { repository, package: { ...web, version }, expected: one, found }),
    );
  compared('1.0.0', two);
  compared('2.0.0', two);
  compared('2.0.0', one, 'Nexus');
  expect(readSourceAlarms(instance.db)).toEqual([
    { repository: 'nexus', ...web, expected: one, found: two, at: noon },
  ]);
  const { db, log, identity } = instance;
  expect(rebuildReadModels(db, identity.instanceId, log.pages({ after: 0 })).changed).toEqual([]);
});
