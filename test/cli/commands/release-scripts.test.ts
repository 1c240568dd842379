import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type Person } from '../typed.ts';

type Scripts = {
  set: string;
  asked: boolean;
  scripts: {
    place: string;
    where: string;
    from: string;
    text: string;
    sha256: string;
    approved: { by: string; release: string; note: string | null } | null;
    before: { what: string; lines: string[] | null } | null;
  }[];
};

const root = freshFolder(memory);
const marks = join(root, 'marks');
let company: Company;
let acme: Person;
let count = 0;

const processText = (last: string): string => `process: Orders
inputs:
  Db: { default: main, test: { bash: "echo tried >> '${marks}'" } }
checks:
  - { name: Disk, run: { bash: "echo checked >> '${marks}'" } }
steps:
  - { name: Web, package: Orders.Web }
  - { name: Last, run: { bash: ${JSON.stringify(last)} } }
uninstall:
  - { name: Away, run: { bash: "echo gone >> '${marks}'" } }
`;

async function release(number: string, { last = 'echo last', brought = 'echo brought' } = {}): Promise<void> {
  const folder = join(root, `app-${number}`);
  mkdirSync(folder);
  writeFileSync(join(folder, 'PreDeploy.sh'), `${brought} >> '${marks}'\n`);
  writeFileSync(join(folder, 'data.txt'), `data of ${number}`);
  const [file, process] = [join(root, `Orders.Web.${number}.nupkg`), join(root, `orders-${number}.yaml`)];
  await company.asks(['package', 'pack', folder, '--id', 'Orders.Web', '--version', number, '--out', file]);
  await company.asks(['package', 'sign', file, '--certificate', company.pfx]);
  await company.asks(['package', 'add', file]);
  writeFileSync(process, processText(last));
  await company.asks(['process', 'publish', process]);
  await company.asks(['release', 'create', 'Orders', number, '--package', `Orders.Web@${number}`]);
}

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  await company.asks('environment add uat');
  await release('1.0.0');
  await release('1.1.0');
  await release('1.2.0', { last: 'echo last\necho and more' });
  await release('1.3.0', { last: 'echo last\necho and more', brought: 'echo another' });
});

beforeEach(() => {
  count += 1;
  acme = company.copy(`acme-${count}`);
  writeFileSync(marks, '');
});

const asksForConsent = (): void =>
  appendFileSync(join(acme.data, 'crossgap.toml'), '\n[consent]\nscripts = "ask"\n');
const scriptsOf = (number: string) => acme.asks<Scripts>(`release scripts ${number} --env uat`);
const open = ({ scripts }: Scripts): string[] =>
  scripts.filter(({ approved }) => approved === null).map(({ where }) => where);
const approve = async (number: string, ...more: string[]) => {
  const { set } = await scriptsOf(number);
  return acme.types(['release', 'approve-scripts', number, '--env', 'uat', '--set', set, ...more]);
};
const deploy = (number: string) => acme.types(`deploy ${number} --env uat --wait`);

const all = [
  'test of input Db',
  'check Disk',
  'step Web, PreDeploy.sh',
  'step Last',
  'uninstall step Away',
] as const;

test('J2.15: every script is listed with its text and where it is from; by default signatures are enough', async () => {
  const listed = await scriptsOf('1.0.0');
  expect(listed.asked).toBe(false);
  expect(open(listed)).toEqual(all);
  expect(listed.scripts[2]).toMatchObject({
    from: 'package Orders.Web 1.0.0',
    text: `echo brought >> '${marks}'\n`,
    before: null,
  });
  const told = await acme.types('release scripts 1.0.0 --env uat');
  expect(told.stdout).toContain(`| echo brought >> '${marks}'`);
  expect(told.stdout).toContain(`release approve-scripts Orders/1.0.0 --env uat --set ${listed.set}`);
  expect((await deploy('1.0.0')).exitCode).toBe(0);
});

test('J2.15: where a person is asked, nothing runs before it was approved, and exactly what was read is', async () => {
  asksForConsent();
  const before = await acme.asks<{ log: { entries: number } }>('status');
  const refused = await acme.types('deploy 1.0.0 --env uat --wait --json');
  expect(refused).toMatchObject({ exitCode: 3, error: { code: 'SCRIPTS_NOT_APPROVED' } });
  for (const where of all) expect(JSON.stringify(refused.error)).toContain(where);
  const plan = await acme.asks<{ inTheWay: string }>('deploy 1.0.0 --env uat --plan');
  expect(plan.inTheWay).toContain('not approved here');
  const check = await acme.types('release check 1.0.0 --env uat --checks --json');
  expect(check).toMatchObject({ exitCode: 3, error: { code: 'SCRIPTS_NOT_APPROVED' } });
  expect(check.stdout).toContain('its scripts are not approved here yet');
  expect(await acme.asks<{ log: { entries: number } }>('status')).toMatchObject({ log: before.log });
  expect(readFileSync(marks, 'utf8')).toBe('');

  const other = (await acme.asks<Scripts>('release scripts 1.2.0 --env uat')).set;
  const wrong = await acme.types(['release', 'approve-scripts', '1.0.0', '--set', other, '--json']);
  expect(wrong).toMatchObject({ exitCode: 3, error: { code: 'SCRIPTS_NOT_APPROVED' } });
  expect(open(await scriptsOf('1.0.0'))).toEqual(all);

  const approved = await approve('1.0.0', '--by', 'S. Officer', '--note', 'CHG-1');
  expect(approved.stdout).toContain('5 scripts approved');
  const listed = await scriptsOf('1.0.0');
  expect(open(listed)).toEqual([]);
  expect(listed.scripts[0]!.approved).toMatchObject({ by: 'S. Officer', release: '1.0.0', note: 'CHG-1' });
  expect((await approve('1.0.0')).stdout).toContain('nothing to approve');
  expect((await deploy('1.0.0')).exitCode).toBe(0);
  expect(readFileSync(marks, 'utf8')).toContain('brought');
});

test('J2.15 T-98: a changed script needs a new approval, in the process and inside a package; an unchanged one does not', async () => {
  asksForConsent();
  await approve('1.0.0');
  expect(open(await scriptsOf('1.1.0'))).toEqual([]);
  expect((await deploy('1.1.0')).exitCode).toBe(0);

  const changed = await scriptsOf('1.2.0');
  expect(open(changed)).toEqual(['step Last']);
  expect(changed.scripts.find(({ where }) => where === 'step Last')!.before).toEqual({
    what: 'what was approved for 1.0.0',
    lines: ['@@ -1,1 +1,2 @@', ' echo last', '+echo and more'],
  });
  const told = await acme.types('release scripts 1.2.0 --env uat --diff');
  expect(told.stdout).toContain('not approved; not what was approved for 1.0.0');
  expect(told.stdout).toContain('| +echo and more');
  expect(await acme.types('deploy 1.2.0 --env uat --json')).toMatchObject({ exitCode: 3 });
  expect((await approve('1.2.0')).stdout).toContain('1 script approved');
  expect((await deploy('1.2.0')).exitCode).toBe(0);

  expect(open(await scriptsOf('1.3.0'))).toEqual(['step Web, PreDeploy.sh']);
  expect(await acme.types('deploy 1.3.0 --env uat --json')).toMatchObject({ exitCode: 3 });
  expect(readFileSync(marks, 'utf8')).not.toContain('another');
  // What was approved once stays so: one can go back, and take it away.
  expect((await acme.types('rollback Orders --env uat --wait')).exitCode).toBe(0);
  expect((await acme.types('uninstall Orders --env uat --wait')).exitCode).toBe(0);
});

test('what a daemon finds not approved when it comes to it is not begun', async () => {
  await acme.asks('deploy 1.0.0 --env uat');
  asksForConsent();
  await acme.types('run --once');
  const { deployments } = await acme.asks<{ deployments: { state: string; error: string }[] }>('status');
  expect(deployments[0]).toMatchObject({ state: 'failed' });
  expect(JSON.stringify(deployments[0])).toContain('not approved here');
  expect(readFileSync(marks, 'utf8')).toBe('');
});

test('without approvals a script is compared with what runs there', async () => {
  expect((await deploy('1.0.0')).exitCode).toBe(0);
  const { scripts } = await scriptsOf('1.2.0');
  expect(scripts.find(({ where }) => where === 'step Last')!.before).toMatchObject({
    what: 'what 1.0.0 runs here',
  });
  expect(scripts.find(({ where }) => where === 'check Disk')!.before).toMatchObject({ lines: [] });
  expect(existsSync(marks)).toBe(true);
});

test('without an environment it is compared with the one in which another release runs, and said where there are several', async () => {
  const changes = ['release', 'scripts', '1.2.0', '--diff'];
  expect((await acme.types(changes)).stdout).toContain('nothing stood here before');
  await deploy('1.0.0');
  const one = await acme.types(changes);
  expect(one.stdout).toContain('not approved; not what 1.0.0 runs here');
  expect(one.stdout).toContain('| +echo and more');
  expect(one.stdout).toContain('not approved; the same as what 1.0.0 runs here');
  expect(one.stdout).not.toContain('nothing stood here before');

  await acme.asks('environment add production');
  await acme.asks('deploy 1.1.0 --env production --wait');
  const several = await acme.types([...changes, '--json']);
  expect(several).toMatchObject({ exitCode: 2, error: { code: 'USAGE_INVALID' } });
  expect(several.error.message).toMatch(/uat, production$|production, uat$/);
  const typed = /`crossgap ([^`]+)`/.exec(several.error.hint)![1]!;
  expect((await acme.types(typed)).stdout).toContain('| +echo and more');
  expect((await acme.types('release scripts 1.2.0')).stdout).not.toContain('nothing stood here before');
});
