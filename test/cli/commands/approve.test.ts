import { mkdirSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { runDaemon } from '../../../src/daemon/index.ts';
import { openInstance } from '../../../src/instance/index.ts';
import { silentLog } from '../../../src/log.ts';
import { makeInstance, type Company } from '../company.ts';
import { memory } from '../../support/in-memory.ts';
import { freshFolder, type, type Person } from '../typed.ts';

type Wait = {
  step: number;
  for: string;
  text: string;
  decision: { answer: string; by: string; note: string | null } | null;
};
type Deployment = {
  id: string;
  state: string;
  onFailure: string;
  steps: { id: string; state: string }[];
  waits: Wait[];
};

const root = freshFolder(memory);
let company: Company;
let acme: Person;
let marks: string;
let count = 0;

/** `confirmed` has a step to be confirmed between two scripts, `failing` a script that fails until it is mended. */
const files: Readonly<Record<string, string>> = {
  Confirmed: `process: Confirmed
variables: { Ticket: "4711" }
steps:
  - { name: Stop, run: { bash: "echo stop" } }
  - { name: DBA, manual: { instructions: "Ask for ticket #{Ticket}\\nand note it" } }
  - { name: Start, run: { bash: 'get_octopusvariable "Octopus.Action[DBA].Output.Manual.Notes"' } }
`,
  Failing: `process: Failing
inputs: { Marks: {} }
steps:
  - { name: Web, run: { bash: 'echo try >> "#{Marks}/tries"; test -e "#{Marks}/mended"' } }
  - { name: Must, required: true, run: { bash: 'test -e "#{Marks}/mended"' } }
`,
};

beforeAll(async () => {
  company = await makeInstance(root, 'acme');
  await company.asks('environment add uat');
  for (const [name, text] of Object.entries(files)) {
    const file = join(root, `${name}.yaml`);
    writeFileSync(file, text);
    await company.asks(['process', 'publish', file]);
    await company.asks(['release', 'create', name, '1.0.0']);
  }
});

beforeEach(async () => {
  count += 1;
  marks = join(root, `marks-${count}`);
  mkdirSync(marks);
  acme = company.copy(`acme-${count}`);
  await acme.asks('input set Marks', { input: marks });
});
afterEach(() => vi.unstubAllEnvs());

const program = resolve(import.meta.dirname, '../../../bin/crossgap.js');
const daemonDiesAt = (point: string): NodeJS.Signals | null => {
  const env = { ...process.env, CROSSGAP_FAULT: point };
  return spawnSync(process.execPath, [program, '--data', acme.data, 'run', '--once'], { env }).signal;
};

const newest = async (): Promise<Deployment> => (await acme.asks<Deployment[]>('deployment show'))[0]!;
const statesOf = ({ steps }: Deployment): string[] => steps.map(({ id, state }) => `${id} ${state}`);

describe('a deployment with a step to be confirmed', () => {
  test('waits with exit 3, says what for and what to type, and holds its place', async () => {
    const answer = await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    expect(answer.exitCode).toBe(3);
    expect(answer.stderr).toContain('step DBA is to be confirmed [DEPLOYMENT_WAITS]');
    const { id, state, waits, steps } = await newest();
    expect(state).toBe('waiting');
    expect(steps.map((step) => step.state)).toEqual(['succeeded', 'running', 'not-run']);
    expect(waits).toMatchObject([
      { step: 2, for: 'confirmation', text: 'Ask for ticket 4711\nand note it', decision: null },
    ]);
    expect(answer.stderr).toContain(`\`crossgap approve ${id} --data ${acme.data}\``);
    // Where the environment says it, it is said to what is typed next as well.
    const unnamed = await type(['deployment', 'show', id, '--wait'], { env: { CROSSGAP_DATA: acme.data } });
    expect(unnamed.stderr).toContain(`\`crossgap approve ${id}\``);
    const shown = await acme.types(`deployment show ${id}`);
    expect(shown.stdout).toContain('Ask for ticket 4711');
    expect(shown.stdout).toContain(`crossgap approve ${id} --refuse`);
    // Waiting for it again starts nothing.
    expect((await acme.types(`deployment show ${id} --wait`)).exitCode).toBe(3);
    const other = await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    expect(other.exitCode).toBe(8);
    for (const what of ['deployment show', 'approve', 'deployment cancel'])
      expect(other.stderr).toContain(`crossgap ${what} ${id}`);
    expect((await acme.types('run --once')).exitCode).toBe(0);
    expect((await newest()).state).toBe('waiting');
  });

  test('goes on when somebody approves, without a daemon, with who it was and what was noted', async () => {
    await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    const { id } = await newest();
    const note = 'ticket #{Ticket}, seen';
    const answer = await acme.types(['approve', id, '--note', note, '--wait']);
    expect(answer.exitCode).toBe(0);
    expect(answer.stderr).toContain(`| ${note}`);
    const done = await newest();
    expect(statesOf(done)).toEqual(['stop succeeded', 'dba succeeded', 'start succeeded']);
    expect(done.waits).toMatchObject([{ decision: { answer: 'approve', note } }]);
    const shown = await acme.types(`deployment show ${id}`);
    expect(shown.stdout).toMatch(/Decided\n {2}step 2 DBA: confirmed by \S+, .*: ticket #\{Ticket\}, seen/);
    // The same word once more changes nothing, another is refused.
    expect((await acme.types(`approve ${id}`)).exitCode).toBe(0);
    expect((await acme.types(`approve ${id} --refuse`)).exitCode).toBe(3);
    expect(await acme.asks(`log rebuild`)).toBeTruthy();
    expect(await newest()).toEqual(done);
  });

  test('is decided by whom is named, who is kept beside the account that typed it', async () => {
    await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    const { id } = await newest();
    expect((await acme.types(['approve', id, '--by', ' '])).exitCode).toBe(2);
    const { exitCode, stdout: told } = await acme.types(['approve', id, '--by', 'M. Example']);
    expect([exitCode, told]).toEqual([0, expect.stringContaining('step 2 DBA: confirmed by M. Example')]);
    expect((await newest()).waits).toMatchObject([{ decision: { by: 'M. Example', note: null } }]);
    const { stdout } = await acme.types('log show --json');
    const entries = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { type: string; actor: string; data: object });
    const decided = entries.filter(({ type }) => type === 'deployment.decided');
    expect(decided).toMatchObject([{ data: { by: 'M. Example' } }]);
    expect(decided[0]?.actor).not.toContain('Example');
  });

  test('goes on with the daemon that runs', async () => {
    using instance = await openInstance(acme.data);
    const stop = new AbortController();
    const ready = Promise.withResolvers<string>();
    const listen = { host: '127.0.0.1', port: 0 };
    const running = runDaemon(instance, {
      once: false,
      listen,
      log: silentLog(),
      signal: stop.signal,
      onReady: ready.resolve,
    });
    try {
      await Promise.race([ready.promise, running]);
      expect((await acme.types('deploy Confirmed/1.0.0 --env uat --wait')).exitCode).toBe(3);
      const { id } = await newest();
      expect((await acme.types(`approve ${id} --wait`)).exitCode).toBe(0);
    } finally {
      stop.abort();
      await running;
    }
    expect((await newest()).state).toBe('succeeded');
  });

  test('J1.14 fails with the reason when it is refused: exit 3', async () => {
    await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    const { id } = await newest();
    const answer = await acme.types(['approve', id, '--refuse', '--note', 'no window', '--wait']);
    expect(answer.exitCode).toBe(3);
    expect(answer.stderr).toMatch(/\S+ refused step DBA: no window \[DEPLOYMENT_REFUSED\]/);
    const { state, steps } = await newest();
    expect([state, ...steps.map((step) => step.state)]).toEqual(['failed', 'succeeded', 'failed', 'not-run']);
  });

  test('can be cancelled while it waits, and nothing is decided then', async () => {
    await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
    const { id } = await newest();
    expect((await acme.types(`deployment cancel ${id}`)).exitCode).toBe(0);
    const answer = await acme.types(`approve ${id} --json`);
    expect([answer.exitCode, answer.error.code]).toEqual([3, 'DEPLOYMENT_STATE']);
    expect((await newest()).state).toBe('cancelled');
  });

  test.each(['daemon.run-over', 'daemon.start-recorded'])(
    'T-35 is not lost, nor is the word on it, where who looks after it dies at %s',
    async (point) => {
      await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
      const { id } = await newest();
      await acme.types(`approve ${id} --note yes`);
      expect(daemonDiesAt(point)).toBe('SIGKILL');
      await acme.types('run --once');
      const done = await newest();
      expect(done.state).toBe('succeeded');
      expect(done.waits).toHaveLength(1);
    },
  );
});

describe('T-35 a run whose process dies around a wait', () => {
  test.each(['executor.wait.before-journal', 'executor.wait.after-journal'])(
    'asks once, when it is resumed or right away: %s',
    async (point) => {
      vi.stubEnv('CROSSGAP_FAULT', point);
      const cut = await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
      vi.unstubAllEnvs();
      const { id } = await newest();
      if (cut.exitCode === 6) expect((await acme.types(`deployment resume ${id} --wait`)).exitCode).toBe(3);
      else expect(cut.exitCode).toBe(3);
      expect((await acme.types(`approve ${id} --wait`)).exitCode).toBe(0);
      expect((await newest()).waits).toHaveLength(1);
    },
  );

  test.each(['executor.decision.before-journal', 'executor.decision.after-journal'])(
    'knows the word when it is resumed, or takes it up again: %s',
    async (point) => {
      await acme.types('deploy Confirmed/1.0.0 --env uat --wait');
      const { id } = await newest();
      vi.stubEnv('CROSSGAP_FAULT', point);
      expect((await acme.types(`approve ${id} --wait`)).exitCode).toBe(6);
      vi.unstubAllEnvs();
      expect((await acme.types(`deployment resume ${id} --wait`)).exitCode).toBe(0);
      expect((await newest()).waits).toMatchObject([{ decision: { answer: 'approve' } }]);
    },
  );
});

describe('a deployment that asks when a step fails', () => {
  test('waits with the reason, tries the step again, and succeeds when it is mended', async () => {
    const answer = await acme.types('deploy Failing/1.0.0 --env uat --on-failure ask --wait');
    expect(answer.exitCode).toBe(3);
    const { id, onFailure, waits } = await newest();
    expect(onFailure).toBe('ask');
    expect(waits).toMatchObject([{ step: 1, for: 'failure' }]);
    for (const way of ['retry-step', 'ignore', 'fail'])
      expect(answer.stderr).toContain(`crossgap deployment ${way} ${id}`);
    expect((await acme.types(`approve ${id}`)).exitCode).toBe(3);
    expect((await acme.types(`deployment retry-step ${id} --wait`)).exitCode).toBe(3);
    writeFileSync(join(marks, 'mended'), '');
    expect((await acme.types(`deployment retry-step ${id} --wait`)).exitCode).toBe(0);
    expect((await newest()).waits.map(({ decision }) => decision?.answer)).toEqual(['retry', 'retry']);
  });

  test('goes on where the failure is ignored, but never that of a required step; and fails when that is said', async () => {
    await acme.types('deploy Failing/1.0.0 --env uat --on-failure ask --wait');
    const { id } = await newest();
    expect((await acme.types(`deployment ignore ${id} --wait`)).exitCode).toBe(3);
    const refused = await acme.types(`deployment ignore ${id} --json`);
    expect([refused.exitCode, refused.error.code]).toEqual([3, 'DECISION_NOT_OFFERED']);
    expect((await acme.types(`deployment fail ${id} --wait`)).exitCode).toBe(6);
    const over = await newest();
    expect([over.state, ...statesOf(over)]).toEqual(['failed', 'web failed', 'must failed']);
    // A retry asks like the one it is of.
    expect((await acme.types(`deployment retry ${id} --wait`)).exitCode).toBe(3);
    expect(await newest()).toMatchObject({ state: 'waiting', onFailure: 'ask' });
  });

  test('is told apart from other words', async () => {
    const answer = await acme.types('deploy Failing/1.0.0 --env uat --on-failure maybe --json');
    expect([answer.exitCode, answer.error.code]).toEqual([2, 'USAGE_INVALID']);
  });
});
