import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { Company } from '../../support/companies.ts';
import { requiresSmallDisk } from '../../support/requires.ts';
import { makeInstance } from '../company.ts';
import { freshFolder, personAt, type, type Person } from '../typed.ts';
import { makeVendor } from './vendor.ts';

const root = freshFolder();

/** A script that fills the disk of `filler` the first time it runs, and says that it ran. */
const fillsOnce = (filler: string, marks: string): string =>
  `echo fill >> '${marks}'; [ "$(grep -c fill '${marks}')" -gt 1 ] || cat /dev/zero > '${filler}' 2> /dev/null || true`;

/** A disk of its own with what reserve a data folder asks for, and a little; gone when it is disposed of. */
function smallDisk(name: string): { readonly path: string } & Disposable {
  const path = join(root, name);
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=160m', 'tmpfs', path]);
  return { path, [Symbol.dispose]: () => void execFileSync('umount', ['--lazy', path]) };
}

const full = { exitCode: exitCodes.refused, error: { code: 'DISK_FULL' } };

test('a disk that gets full in the midst of a run is named, and with room the next start goes on', async () => {
  if (!requiresSmallDisk('a run on a full disk')) return;
  using disk = smallDisk('site');
  const [data, filler] = [join(disk.path, 'data'), join(disk.path, 'filler')];
  const vendor = await makeVendor(root);
  const { words } = await vendor.asks<{ words: string }>('identity show');
  await vendor.invite('plant');
  await vendor.release('1.0.0', { more: fillsOnce(filler, vendor.marks) });
  const file = await vendor.bundle('plant', '1.0.0');
  const answers = join(root, 'answers.yaml');
  writeFileSync(join(root, 'password'), 'a-secret');
  writeFileSync(answers, `maker: ${words}\nname: plant\nvalues:\n  Db.Password: { file: password }\n`);
  const starts = (...more: string[]) =>
    type(['--data', data, 'install', file, '--answers', answers, '--json', ...more]);

  const first = await starts();
  expect(first).toMatchObject(full);
  expect(first.error.hint).toMatch(/^Make room .* with --if-interrupted resume: .*goes on where it was\.$/);
  expect(first.json).toMatchObject({ did: 'interrupted', deployment: { release: '1.0.0' } });
  // Another folder would be another site: none is named, however often it is tried.
  const again = [
    await starts('--if-interrupted', 'resume'),
    await personAt(data).types(['run', '--once', '--json']),
  ];
  for (const answer of again) {
    expect(answer).toMatchObject(full);
    expect(answer.stderr).not.toContain('--data');
  }

  rmSync(filler);
  const done = await starts('--if-interrupted', 'resume');
  expect(done).toMatchObject({ exitCode: exitCodes.done, json: { did: 'installed' } });
  expect(readFileSync(vendor.marks, 'utf8')).toBe('stop\ndeploy\nfill\nstart\n');
  const verified = await personAt(data).asks('log verify');
  expect(verified).toMatchObject({ ok: true });
});

/** An instance on a small disk with a release whose first script fills it, and whose second leaves a mark. */
async function makeOwn(disk: string, name: string): Promise<Own> {
  const [filler, marks] = [join(disk, 'filler'), join(root, `${name}-marks`)];
  const own = await makeInstance(disk, name);
  const file = join(root, `${name}.yaml`);
  const [fill, after] = [fillsOnce(filler, marks), `echo after >> '${marks}'`].map((text) =>
    JSON.stringify(text),
  );
  writeFileSync(
    file,
    `process: Own\nsteps:\n  - { name: Fill, run: { bash: ${fill} } }\n  - { name: After, run: { bash: ${after} } }\n`,
  );
  writeFileSync(marks, '');
  await own.asks('environment add production');
  await own.asks(['process', 'publish', file]);
  await own.asks('release create Own 1.0.0');
  return { ...own, filler, marks };
}

type Own = Person & { readonly filler: string; readonly marks: string };
type Shown = { readonly id: string; readonly state: string };

test('what a daemon does on a full disk is told in the same way, and nothing is done twice when there is room', async () => {
  if (!requiresSmallDisk('a daemon on a full disk')) return;
  using disk = smallDisk('own');
  const own = await makeOwn(disk.path, 'own');
  const { id } = await own.asks<{ id: string }>('deploy 1.0.0 --env production');
  expect(await own.types('run --once --json')).toMatchObject(full);

  rmSync(own.filler);
  await own.asks('run --once');
  if ((await own.asks<Shown>(`deployment show ${id}`)).state === 'interrupted') {
    await own.asks(`deployment resume ${id}`);
    await own.asks('run --once');
  }
  expect(await own.asks<Shown>(`deployment show ${id}`)).toMatchObject({ state: 'succeeded' });
  expect(readFileSync(own.marks, 'utf8')).toBe('fill\nafter\n');
});

test.each([
  { name: 'waits', how: ['--wait'], hint: /^Make room .* `crossgap .*deployment show d-\w+ --wait/ },
  { name: 'answers', how: ['--guided', '--answers'], hint: /^Make room .* with --if-interrupted resume: / },
])(
  'who $name beside a daemon that a full disk holds up is told so, and the run is gone on with',
  async (one) => {
    if (!requiresSmallDisk('a run of a daemon that is followed, on a full disk')) return;
    using disk = smallDisk(one.name);
    const own = await makeOwn(disk.path, one.name);
    await using company = new Company(disk.path, one.name, join(root, `${one.name}-desk`));
    await using _daemon = await company.daemon();
    const answers = one.how.includes('--answers') ? [company.file('answers.yaml', '{}')] : [];
    const told = await own.types([
      'deploy',
      '1.0.0',
      '--env',
      'production',
      '--json',
      ...one.how,
      ...answers,
    ]);
    expect(told).toMatchObject(full);
    expect(told.error.hint).toMatch(one.hint);
    const id = told.error.details['deployment'] as string;

    rmSync(own.filler);
    // Whatever is written, the daemon tries again at once.
    await own.asks('environment add uat');
    const stands = (await own.types(`deployment show ${id} --wait --json`)).json as Shown;
    if (stands.state === 'interrupted') await own.asks(`deployment resume ${id} --wait`);
    expect(await own.asks<Shown>(`deployment show ${id}`)).toMatchObject({ state: 'succeeded' });
    expect(readFileSync(own.marks, 'utf8')).toBe('fill\nafter\n');
  },
);
