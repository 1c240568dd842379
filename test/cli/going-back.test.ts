import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { openInstance } from '../../src/instance/index.ts';
import { memory } from '../support/in-memory.ts';
import { endsExecutor, makeVendor, secret, type Vendor } from './site/vendor.ts';
import { freshFolder, personAt, type Answer, type Person } from './typed.ts';

// From the first word typed to what runs there: at a site by the files that were carried there, and by name.

type Run = { readonly id: string; readonly release: string; readonly state: string };

const program = resolve(import.meta.dirname, '../../bin/crossgap.js');
const root = freshFolder(memory);
const cut = join(root, 'cut');
const alone = join(root, 'alone');
const answers = join(root, 'answers.yaml');
let vendor: Vendor;
let first: string;
let second: string;
let third: string;
let site: Person;
let turn = 0;

/** Installs by a file, in answers that say all but what becomes of a run from before. */
const installs = (file: string, ...more: readonly string[]): Promise<Answer> =>
  site.types(['install', file, '--answers', answers, ...more, '--json']);
const guided = (number: string, ...more: readonly string[]): Promise<Answer> =>
  site.types(['deploy', number, '--env', 'production', '--guided', ...more, '--json']);
/** As the power goes while a step does its work. */
const cutOff = async (file: string, ...more: readonly string[]): Promise<Answer> => {
  writeFileSync(cut, site.data);
  const answer = await installs(file, ...more);
  expect(answer).toMatchObject({
    exitCode: exitCodes.deploymentFailed,
    error: { code: 'INSTALL_INTERRUPTED' },
  });
  return answer;
};
const goesWell = async (answer: Promise<Answer>): Promise<Answer> => {
  const { exitCode, stderr, ...rest } = await answer;
  expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
  return { exitCode, stderr, ...rest };
};
const runsThere = async (): Promise<string[]> => {
  const list = await site.asks<Run[]>('deployment list');
  return list.map(({ release, state }) => `${release} ${state}`);
};

/** A script that ends whoever follows the run first, so that nobody is left to record how it ended. */
function endsFollower(file: string): string {
  return `if [ -e '${file}' ]; then data=$(cat '${file}'); rm '${file}'; kill -9 $(grep -o '"pid":[0-9]*' "$data/daemon.lock.holder" | cut -d: -f2); fi`;
}

function copyOf(name: string, copy: string): Person {
  const data = join(root, copy);
  cpSync(join(root, name), data, { recursive: true });
  for (const folder of [data, join(data, 'keys')]) chmodSync(folder, 0o700);
  return personAt(data);
}

beforeAll(async () => {
  vendor = await makeVendor(root);
  const instance = await openInstance(vendor.data);
  const { words } = instance.identity;
  instance.close();
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: endsExecutor(cut) });
  first = await vendor.bundle('plant', '1.0.0');
  await vendor.release('1.1.0', { more: `${endsFollower(alone)}; ${endsExecutor(cut)}` });
  second = await vendor.bundle('plant', '1.1.0');
  const last = '  - name: Ask the DBA\n    manual: { instructions: "Note the ticket" }\n';
  await vendor.release('1.2.0', { last });
  third = await vendor.bundle('plant', '1.2.0');
  writeFileSync(join(root, 'password'), `${secret}\n`);
  const said = [`maker: "${words}"`, 'name: plant', 'environment: production'];
  writeFileSync(answers, [...said, 'values: { Db.Password: { file: password } }', ''].join('\n'));
  site = personAt(join(root, 'plant'));
  await goesWell(installs(first));
  site = copyOf('plant', 'cut-off');
  await cutOff(second);
});

/** Each test has a site of its own, on which the first release is installed. */
beforeEach(() => {
  turn += 1;
  site = copyOf('plant', `site-${turn}`);
});

describe('J2.13 after 1.0, and 1.1 that was cut off,', () => {
  beforeEach(() => void (site = copyOf('cut-off', `cut-off-${turn}`)));

  test('the way back is named, and a plain rollback says what it gives up', async () => {
    const again = await installs(second);
    expect(again.error.details).toMatchObject({ ways: ['resume', 'start-over', 'roll-back', 'leave'] });
    expect(again.error.hint).toContain('resume, start-over, roll-back, leave');
    const { stderr } = await site.types('rollback Orders --env production --wait');
    expect(stderr).toMatch(/deployment \S+ of 1\.1\.0 is given up for that/);
  });

  test.each([
    ['the same file, by an answer', () => installs(second, '--if-interrupted', 'roll-back')],
    ['the same file', () => installs(second, '--roll-back')],
    ['the file of the release before', () => installs(first, '--roll-back')],
    ['the file of the release before, by an answer', () => installs(first, '--if-interrupted', 'roll-back')],
    ['its name', () => guided('1.1.0', '--if-interrupted', 'roll-back')],
    ['a plain rollback', () => site.types('rollback Orders --env production --wait --json')],
  ])('1.0 comes back by %s, and the run was given up for that', async (_how, goesBack) => {
    await goesWell(goesBack());
    expect(await runsThere()).toEqual(['1.0.0 succeeded', '1.1.0 cancelled', '1.0.0 succeeded']);
    const [, { id }] = await site.asks<[Run, Run]>('deployment list');
    const given = await site.asks('deployment show ' + id);
    expect(given).toMatchObject({ state: 'cancelled', error: 'given up to go back to 1.0.0' });
  });

  test('to start over with the file of another release is refused with words, and nothing is given up', async () => {
    const refused = await installs(first, '--if-interrupted', 'start-over');
    expect(refused).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'WAY_IMPOSSIBLE' } });
    expect(refused.error.message).toContain('the last run is of 1.1.0, and 1.0.0 is what was named');
    expect(await runsThere()).toEqual(['1.1.0 interrupted', '1.0.0 succeeded']);
  });
});

describe('J2.12 after 1.0, and 1.1 that was cut off, all of it is taken away', () => {
  beforeEach(() => void (site = copyOf('cut-off', `cut-off-${turn}`)));

  test.each([
    ['the same file', () => installs(second, '--uninstall')],
    ['the command', () => site.types('uninstall Orders --env production --wait --json')],
  ])('by %s, and the run was given up for that', async (_how, takesAway) => {
    await goesWell(takesAway());
    expect(await runsThere()).toEqual(['1.0.0 succeeded', '1.1.0 cancelled', '1.0.0 succeeded']);
    const [, { id }] = await site.asks<[Run, Run]>('deployment list');
    expect(await site.asks('deployment show ' + id)).toMatchObject({ error: 'given up to uninstall' });
    expect((await installs(second, '--uninstall')).error.code).toBe('WAY_IMPOSSIBLE');
  });
});

test('J2.12 a first installation that was cut off is taken off', async () => {
  site = personAt(join(root, `first-${turn}`));
  await cutOff(second);
  await goesWell(installs(second, '--uninstall'));
  expect(await runsThere()).toEqual(['1.1.0 succeeded', '1.1.0 cancelled']);
});

test.each(['--roll-back', '--uninstall'])(
  'J2.13 %s is done, though a run waits whose step is answered',
  async (wanted) => {
    await goesWell(installs(second));
    expect(await installs(third)).toMatchObject({
      exitCode: exitCodes.refused,
      error: { code: 'INSTALL_WAITS' },
    });
    const answered = join(root, `answered-${turn}.yaml`);
    const steps = 'steps: { ask-the-dba: { answer: approve, by: M. Example } }\n';
    writeFileSync(answered, `${readFileSync(answers, 'utf8')}${steps}`);
    const { exitCode } = await site.types(['install', third, '--answers', answered, wanted, '--json']);
    expect(exitCode).toBe(0);
    const [now, given] = await site.asks<Run[]>('deployment list');
    expect([now?.release, now?.state, given?.release, given?.state]).toEqual([
      '1.1.0',
      'succeeded',
      '1.2.0',
      'cancelled',
    ]);
  },
);

describe('J2.13 after a run of which every process was killed, and that nobody could record,', () => {
  beforeAll(async () => {
    site = copyOf('plant', 'killed');
    for (const file of [cut, alone]) writeFileSync(file, site.data);
    const words = ['--data', site.data, 'install', second, '--answers', answers];
    const killed = spawn(process.execPath, [program, ...words], { stdio: 'ignore' });
    const [, signal] = (await once(killed, 'exit')) as [number | null, string | null];
    expect(signal).toBe('SIGKILL');
    // Who only looks records nothing.
    expect(await runsThere()).toEqual(['1.1.0 running', '1.0.0 succeeded']);
  });
  beforeEach(() => void (site = copyOf('killed', `killed-${turn}`)));

  test.each([
    ['rollback Orders --env production --wait', ['1.0.0 succeeded', '1.1.0 cancelled']],
    ['deployment resume ID --wait', ['1.1.0 succeeded']],
    ['deployment retry ID --wait', ['1.1.0 succeeded', '1.1.0 cancelled']],
    ['deployment cancel ID', ['1.1.0 cancelled']],
  ])('%s does that at once', async (line, runs) => {
    const [{ id }] = await site.asks<[Run]>('deployment list');
    await goesWell(site.types(`${line.replace('ID', id)} --json`));
    expect(await runsThere()).toEqual([...runs, '1.0.0 succeeded']);
  });

  test('another deployment is refused by what has to be decided about', async () => {
    const refused = await site.types('deploy 1.0.0 --env production --again --json');
    expect(refused.error.code).toBe('DEPLOYMENT_HELD');
    expect(refused.error.details).toMatchObject({ state: 'interrupted' });
    expect(await runsThere()).toEqual(['1.1.0 interrupted', '1.0.0 succeeded']);
  });
});

test.each([
  ['the file of the release before', () => installs(first, '--roll-back')],
  ['the same file, by an answer', () => installs(third, '--if-interrupted', 'roll-back')],
])('J2.13 after 1.0, and 1.2 that waits for a person, 1.0 comes back by %s', async (_how, goesBack) => {
  expect((await installs(third)).error.code).toBe('INSTALL_WAITS');
  await goesWell(goesBack());
  expect(await runsThere()).toEqual(['1.0.0 succeeded', '1.2.0 cancelled', '1.0.0 succeeded']);
});

test('J2.13 after 1.0, 1.1, back to 1.0, and 1.1 that was cut off, what is told and what is done is 1.0', async () => {
  await goesWell(installs(second));
  await goesWell(installs(second, '--roll-back'));
  await cutOff(second);
  const back = await goesWell(guided('1.1.0', '--if-interrupted', 'roll-back'));
  expect(back.json).toMatchObject({ did: 'rolled-back', deployment: { release: '1.0.0' } });
  expect(back.stderr).toContain('Going back to 1.0.0');
  expect(back.stderr).not.toContain('back to 1.1.0');
  expect((await runsThere()).slice(0, 2)).toEqual(['1.0.0 succeeded', '1.1.0 cancelled']);
});

test('J2.12 after a first installation that was cut off nothing is said of going back, and it stays as it stands', async () => {
  site = personAt(join(root, `empty-${turn}`));
  const broken = await cutOff(first);
  expect(broken.error.hint).not.toContain('go back');
  expect((await installs(first)).error.details).toMatchObject({ ways: ['resume', 'start-over', 'leave'] });
  for (const answer of [
    await installs(first, '--roll-back'),
    await installs(first, '--if-interrupted', 'roll-back'),
    await site.types('rollback Orders --env production --json'),
  ]) {
    expect(answer.exitCode).toBe(exitCodes.refused);
    expect(answer.error.message).toMatch(/^Cannot (?:go|roll) back /);
  }
  expect(await runsThere()).toEqual(['1.0.0 interrupted']);
});

test('J2.12 values that are answered otherwise than a run began with are named, secrets by name alone', async () => {
  const others = join(root, 'others.yaml');
  writeFileSync(join(root, 'another'), 'Zwieback-"4711"\n');
  const text = readFileSync(answers, 'utf8');
  const same = '  Db.Password: { file: password }\n  Site.Port: 8080\n';
  const other = '  Db.Password: { file: another }\n  Site.Port: 18184\n  Smtp.Host: mail\n';
  const answering = (values: string): void =>
    writeFileSync(others, text.replace(/values: .*\n/, `values:\n${values}`));
  const on = ['install', second, '--answers', others, '--if-interrupted', 'resume', '--json'];
  await cutOff(second);
  answering(same);
  writeFileSync(cut, site.data);
  expect((await site.types(on)).stderr).not.toContain('The run keeps');
  answering(other);
  const { json, stdout, stderr } = await goesWell(site.types(on));
  expect(json).toMatchObject({
    did: 'installed',
    unused: [
      { name: 'Db.Password', given: null, used: null },
      { name: 'Site.Port', given: '18184', used: '8080' },
      { name: 'Smtp.Host', given: 'mail', used: '' },
    ],
  });
  expect(stderr).toContain(
    'Db.Password is another one than is answered now; Site.Port is 8080, and not 18184; Smtp.Host is not given, and not mail',
  );
  expect(stdout + stderr).not.toMatch(/4711|tr0ub4dor/);
  const already = await goesWell(site.types(['install', second, '--answers', others]));
  expect(already.stdout).toContain(
    'It keeps the values that it was installed with: Db.Password is another one',
  );
  expect(already.stdout).toContain('Site.Port is 8080, and not 18184');
  expect(already.stdout).not.toMatch(/4711|tr0ub4dor/);
});

describe('J2.13 a rollback that was cut off', () => {
  beforeEach(async () => {
    await goesWell(installs(second));
    const broken = await cutOff(second, '--roll-back');
    expect(broken.error.message).toContain('Cannot go on with going back to Orders 1.0.0 in production');
  });

  test.each([
    ['resume', ['1.0.0 succeeded', '1.1.0 succeeded', '1.0.0 succeeded']],
    ['roll-back', ['1.0.0 succeeded', '1.0.0 cancelled', '1.1.0 succeeded', '1.0.0 succeeded']],
  ])('is ended by %s, and is no release to come back to', async (way, runs) => {
    const again = await installs(second);
    expect(again.error.message).toContain('Cannot go on with going back to Orders 1.0.0 in production');
    const { json } = await goesWell(installs(second, '--if-interrupted', way));
    expect(json).toMatchObject({ did: 'rolled-back', deployment: { release: '1.0.0' } });
    expect(await runsThere()).toEqual(runs);
    const further = await site.types('rollback Orders --env production --json');
    expect(further.error.code).toBe('NOTHING_TO_ROLL_BACK');
  });

  test('is given up by start-over, which installs the release of the file', async () => {
    const { json } = await goesWell(installs(second, '--if-interrupted', 'start-over'));
    expect(json).toMatchObject({ did: 'installed', release: { number: '1.1.0' } });
    const runs = ['1.1.0 succeeded', '1.0.0 cancelled', '1.1.0 succeeded', '1.0.0 succeeded'];
    expect(await runsThere()).toEqual(runs);
  });
});
