import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

const root = freshFolder(memory);
let company: Company;
let acme: Person;
let count = 0;

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  for (const name of ['integration', 'qa', 'uat']) await company.asks(`environment add ${name}`);
});

beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
});

/** Does to the database what somebody with another tool would. */
function tamper(sql: string): void {
  const db = new DatabaseSync(join(acme.data, 'crossgap.db'));
  const triggers = db.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as {
    name: string;
    sql: string;
  }[];
  for (const { name } of triggers) db.exec(`DROP TRIGGER "${name}"`);
  db.exec(sql);
  for (const trigger of triggers) db.exec(trigger.sql);
  db.close();
}

test('a good history is told with its heads, as text and as the document', async () => {
  const answer = await acme.types('log verify --json');
  expect(answer).toMatchObject({
    exitCode: 0,
    json: { ok: true, entries: 4, feeds: [{ authorName: 'acme', audience: 'self', epoch: 1, seq: 4 }] },
  });
  const { stdout } = await acme.types('log verify --full');
  expect(stdout).toContain('The whole history is good: 4 entries in 1 feed, 4 verified now');
  expect(stdout).toMatch(/acme → self +epoch 1 +4 entries +[0-9a-f]{64}/);
});

test.each([
  [
    'entry',
    `UPDATE entry SET bytes = CAST(substr(bytes, 1, length(bytes) - 1) || x'00' AS BLOB) WHERE seq = 3`,
  ],
  ['signature', `UPDATE entry SET signature = CAST(x'00' || substr(signature, 2) AS BLOB) WHERE seq = 3`],
])('J1.22 a flipped byte in an %s is found and located, exit 4', async (_what, sql) => {
  tamper(sql);
  const answer = await acme.types('log verify --full --json');
  expect(answer).toMatchObject({
    exitCode: 4,
    json: { ok: false, firstBad: { seq: 3 } },
    error: { code: 'LOG_BROKEN', details: { seq: 3 } },
  });
  expect(answer.error.message).toContain('entry 3 of feed');
});

test('views follow from the log: made again they are the same', async () => {
  expect(await acme.types('log rebuild --json')).toMatchObject({
    exitCode: 0,
    json: { ok: true, entries: 4, changed: [] },
  });
});

test('a view that somebody changed is named and made good', async () => {
  tamper(`UPDATE environment SET name = 'prod' WHERE name = 'uat'`);
  const answer = await acme.types('log rebuild --json');
  expect(answer).toMatchObject({
    exitCode: 4,
    json: { ok: false, changed: ['environment'] },
    error: { code: 'READ_MODELS_DIFFERED' },
  });
  expect(await acme.types('log rebuild')).toMatchObject({ exitCode: 0 });
  expect((await acme.types('environment list')).stdout).toContain('uat');
});

test('the log is shown as lines for people, and as a document a line', async () => {
  const { stdout } = await acme.types('log show');
  expect(stdout.trimEnd().split('\n')).toHaveLength(4);
  expect(stdout).toMatch(/2 {2}\d{4}-.* UTC {2}self#2 {2}\S+ {2}environment\.added {2}name=integration/);
  const lines = (await acme.types('log show --feed self --json')).stdout.trimEnd().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { seq: 1, type: 'feed.opened', data: { introduction: { bytes: expect.any(Number) } } },
    { seq: 2, type: 'environment.added', data: { name: 'integration', after: [], tags: [] } },
    { seq: 3 },
    { seq: 4 },
  ]);
});

test('following shows what comes, until somebody ends it', async () => {
  let end = (): void => undefined;
  const { exitCode, stdout } = await acme.types('log show --follow', {
    onEnd: (given) => {
      end = given;
      void acme.types('environment add production');
    },
    onResult: (text) => {
      if (text.includes('name=production')) end();
    },
  });
  expect(exitCode).toBe(0);
  expect(stdout.trimEnd().split('\n')).toHaveLength(5);
});

test('a feed that is not there is refused with those there are', async () => {
  const answer = await acme.types('log show --feed nobody --json');
  expect(answer).toMatchObject({ exitCode: 2, stdout: '', error: { code: 'USAGE_INVALID' } });
  expect(answer.error.hint).toContain('self');
  expect(await acme.types('feed show nobody --json')).toMatchObject({
    exitCode: 2,
    error: { code: 'LINK_UNKNOWN' },
  });
});

test('a status page is not opened where there is no place to listen on', async () => {
  for (const listen of ['7420', 'localhost', '127.0.0.1:99999', 'a b:1']) {
    const answer = await acme.types(['run', '--listen', listen, '--json']);
    expect(answer).toMatchObject({ exitCode: 2, stdout: '', error: { code: 'USAGE_INVALID' } });
  }
});

test('with nothing to do a single round says so', async () => {
  expect(await acme.types('run --once')).toMatchObject({ exitCode: 0, stdout: 'There was nothing to do\n' });
  expect(await acme.asks('run --once')).toEqual({ exchanged: [], deployments: [] });
});

test('a database of another program is left as it is', async () => {
  writeFileSync(join(acme.data, 'crossgap.db'), 'my diary');
  expect(await acme.types('status --json')).toMatchObject({
    stdout: '',
    error: { code: 'DATABASE_FOREIGN' },
  });
});
