import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import type { Check } from '../../../src/guide/index.ts';
import { Company, effectsIn, type Daemon } from '../../support/companies.ts';
import { makeVendor, secret, type Vendor } from '../site/vendor.ts';
import { freshFolder, type Answer, type How } from '../typed.ts';

// With a daemon at work: it does what the guide asks, and the guide follows it.
const root = freshFolder();
const gate = join(root, 'gate');
const answers = join(root, 'answers.yaml');
let vendor: Vendor;
let company: Company;
let daemon: Daemon;

const words = ['deploy', '1.0.0', '--env', 'production', '--guided', '--json'];
const guided = (more: readonly string[], how?: How): Promise<Answer> =>
  vendor.types([...words, ...more], how);
const states = async (): Promise<string[]> =>
  (await vendor.asks<{ state: string }[]>('deployment list')).map(({ state }) => state);

beforeAll(async () => {
  vendor = await makeVendor(root);
  company = new Company(root, 'acme');
  await vendor.asks('environment add production');
  const waits = `if [ -p '${gate}' ]; then echo at the gate; read -r _ < '${gate}'; fi`;
  const last = '  - name: Ask the DBA\n    manual: { instructions: "Note the ticket" }\n';
  await vendor.release('1.0.0', { to: [], more: waits, last });
  writeFileSync(join(root, 'password'), `${secret}\n`);
  writeFileSync(answers, 'values: { Db.Password: { file: password }, Site.Port: 9090 }\n');
  daemon = await company.daemon();
});

afterAll(() => company.endAll());

test('J2.9 a daemon does what the guide asks for: followed, ended and gone on with, decided in the guide, and told as done', async () => {
  const looked = await guided(['--answers', answers, '--check']);
  expect(looked.exitCode).toBe(exitCodes.done);
  const { checks } = looked.json as { checks: Check[] };
  expect(checks.find(({ id }) => id === 'daemon')).toMatchObject({
    state: 'good',
    found: expect.stringMatching(
      new RegExp(`^process ${daemon.pid}, since .*, does the work, and is followed$`),
    ) as string,
  });

  // A person who ends breaks the run off, which can be gone on with.
  execFileSync('mkfifo', [gate]);
  let end = (): void => undefined;
  const broken = await guided(['--answers', answers], {
    onEnd: (ends) => (end = ends),
    onTalk: (text) => text.includes('at the gate') && end(),
  });
  expect(broken).toMatchObject({
    exitCode: exitCodes.deploymentFailed,
    error: { code: 'INSTALL_INTERRUPTED' },
  });
  expect(broken.error.message).toContain('step 2 of 4, Web');
  expect(await states()).toEqual(['interrupted']);

  // Who is ended as by a power cut leaves the run to the daemon; who comes later looks on.
  const { child } = company.start([...words, '--if-interrupted', 'resume']);
  const passed = Promise.withResolvers<void>();
  child.stderr!.on('data', (text: string) => text.includes('at the gate') && passed.resolve());
  await passed.promise;
  child.kill('SIGKILL');
  expect(await states()).toEqual(['running']);
  let isLet = false;
  const onLook = await guided(['--if-interrupted', 'resume'], {
    onTalk(text) {
      if (isLet || !text.includes('"running"')) return;
      isLet = true;
      void writeFile(gate, '\n');
    },
  });
  expect(onLook).toMatchObject({ exitCode: exitCodes.refused, error: { code: 'INSTALL_WAITS' } });

  writeFileSync(answers, 'steps: { ask-the-dba: { answer: approve, by: M. Example, note: ticket 4711 } }\n');
  const done = await guided(['--answers', answers]);
  expect(done).toMatchObject({
    exitCode: exitCodes.done,
    json: { did: 'installed', deployment: { state: 'succeeded', release: '1.0.0' } },
  });
  expect(await states()).toEqual(['succeeded']);
  expect(effectsIn(vendor.marks)).toMatchObject({ stop: 1, start: 1 });
  // What it did it wrote down; nobody else held the place of a daemon.
  const { stderr } = await daemon.stop();
  expect(stderr).toContain((done.json as { deployment: { id: string } }).deployment.id);
  expect(JSON.stringify([looked, broken, done])).not.toContain('tr0ub4dor');
});
