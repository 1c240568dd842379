import { describe, expect, test } from 'vitest';
import {
  recordRun,
  startRun,
  type RecordedDeployment,
  type ReportRules,
  type RunTold,
} from '../../src/commands/index.ts';
import { encodeBody, entryBytesMax, type RecordedStep } from '../../src/events/index.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const offered: RecordedDeployment = {
  deployment: 'deployment-1',
  link: id('a'),
  process: 'Orders',
  number: '1.0.0',
  digest: digest('1'),
  environment: 'uat',
  reason: 'deploy',
  ordinal: 1,
};
const own = { ...offered, link: '' };
const everything: ReportRules = { when: 'always', trace: true, files: true, errors: true, lines: true };

const line = (number: number | 'F', state = 'done') => ({
  number,
  name: `C${number}`,
  state,
  files: ['a.json'],
  detail: 'one',
});
const step = (name: string, state: string): RunTold['steps'][number] => ({
  id: name,
  name,
  state,
  conventions: [line(1), line(7.5)],
  outputs: { Port: '8080', Token: null },
  ...(state === 'failed' && { error: 'exit code 3' }),
});
const run = (wish: Partial<RunTold> = {}): RunTold => ({
  state: 'running',
  startedAt: 1000,
  steps: [step('stop', 'succeeded'), step('web', 'running'), step('check', 'not-run')],
  ...wish,
});
const stepsOf = (decision: ReturnType<typeof recordRun>): RecordedStep[] =>
  decision.flatMap(({ event }) => (event.name === 'deployment.step-ended' ? [event.data.step] : []));
const fitsAnEntry = (decision: ReturnType<typeof recordRun>): void => {
  for (const { event } of decision) expect(encodeBody(event.data).length).toBeLessThan(entryBytesMax - 1024);
};

describe('a run that begins', () => {
  test('is recorded with the digest of its plan and reported to the author', () => {
    const decision = startRun(offered, digest('c'), everything);
    expect(decided(decision)).toEqual(['self deployment.started', `${id('a')} deployment.reported`]);
    const report = dataOf(decision, 'deployment.reported');
    expect(report).toMatchObject({ state: 'running', startedAt: null, steps: [] });
  });

  test('of a release of this side is told to nobody', () => {
    expect(decided(startRun(own, digest('c'), everything))).toEqual(['self deployment.started']);
  });
});

describe('a run that goes on', () => {
  test('is recorded step by step, each as it ends, and not reported yet', () => {
    const decision = recordRun(offered, [], run(), everything);
    expect(decided(decision)).toEqual(['self deployment.step-ended']);
    expect(stepsOf(decision)[0]).toMatchObject({ position: 1, id: 'stop', state: 'succeeded' });
  });

  test('is not recorded twice', () => {
    const recorded = stepsOf(recordRun(offered, [], run(), everything));
    expect(recordRun(offered, recorded, run(), everything)).toEqual([]);
  });

  test('records a step again where it came to another end', () => {
    const recorded = stepsOf(
      recordRun(offered, [], run({ steps: [step('stop', 'interrupted')] }), everything),
    );
    const again = recordRun(offered, recorded, run({ steps: [step('stop', 'succeeded')] }), everything);
    expect(stepsOf(again)).toMatchObject([{ state: 'succeeded' }]);
  });
});

describe('a run that is over', () => {
  const steps = [step('stop', 'succeeded'), step('web', 'failed'), step('check', 'not-run')];
  const failed = run({
    state: 'failed',
    endedAt: 2000,
    failedAt: { step: 2, stepId: 'web', convention: 7.5 },
    error: 'the script ended with exit code 3',
    logSha256: digest('d'),
    steps,
  });
  const reported = (rules = everything): Record<string, unknown> =>
    dataOf(recordRun(offered, [], failed, rules), 'deployment.reported');

  test('is recorded with all its steps, where it failed, and its log', () => {
    const decision = recordRun(own, [], failed, everything);
    expect(decided(decision)).toEqual([
      'self deployment.step-ended',
      'self deployment.step-ended',
      'self deployment.step-ended',
      'self deployment.ended',
    ]);
    expect(dataOf(decision, 'deployment.ended')).toEqual({
      deployment: 'deployment-1',
      state: 'failed',
      startedAt: 1000,
      endedAt: 2000,
      failedAt: { step: 2, stepId: 'web', convention: 75 },
      error: 'the script ended with exit code 3',
      logSha256: digest('d'),
    });
  });

  test('is reported without any value that a step gave out', () => {
    const report = reported();
    expect(report).toMatchObject({ state: 'failed', release: '1.0.0', environment: 'uat', endedAt: 2000 });
    expect((report['steps'] as RecordedStep[]).map(({ outputs }) => outputs)).toEqual([[], [], []]);
    expect(JSON.stringify(report)).not.toContain('8080');
  });

  test('keeps the values at home', () => {
    expect(stepsOf(recordRun(offered, [], failed, everything))[0]!.outputs).toEqual([
      { name: 'Port', value: '8080' },
      { name: 'Token', value: null },
    ]);
  });

  test.each([
    ['trace', { steps: [] }],
    ['errors', { error: null }],
  ])('is reported without its %s where this side keeps that to itself', (rule, expected) => {
    expect(reported({ ...everything, [rule]: false })).toMatchObject(expected);
  });

  test('is reported without the text of any error of a step where errors stay here', () => {
    expect(JSON.stringify(reported({ ...everything, errors: false }))).not.toContain('exit code');
  });

  test('is reported without names of files and what was done to them where files stay here', () => {
    const report = reported({ ...everything, files: false });
    const lines = (report['steps'] as RecordedStep[]).flatMap(({ conventions }) => conventions);
    expect(lines).toHaveLength(6);
    for (const one of lines) expect(one).toMatchObject({ files: [], detail: null, filesTotal: 1 });
  });

  test.each(['succeeded', 'cancelled'] as const)('is told as it ended: %s', (state) => {
    const decision = recordRun(offered, [], run({ state, endedAt: 5, steps: [] }), everything);
    expect(decided(decision)).toEqual(['self deployment.ended', `${id('a')} deployment.reported`]);
    expect(dataOf(decision, 'deployment.ended')).toMatchObject({ state, failedAt: null, error: null });
  });

  test('without an end of its own ended when it began', () => {
    const decision = recordRun(own, [], run({ state: 'succeeded', steps: [] }), everything);
    expect(dataOf(decision, 'deployment.ended')).toMatchObject({ endedAt: 1000 });
  });
});

test('a run that was interrupted is not over: where it stopped is recorded and reported', () => {
  const halted = run({ state: 'interrupted', failedAt: { step: 2, stepId: 'web', convention: 'F' } });
  const decision = recordRun(offered, [], halted, everything);
  expect(decided(decision).slice(-2)).toEqual([
    'self deployment.interrupted',
    `${id('a')} deployment.reported`,
  ]);
  expect(dataOf(decision, 'deployment.interrupted')).toEqual({
    deployment: 'deployment-1',
    at: { step: 2, stepId: 'web', convention: 'F' },
  });
});

describe('whatever a run brings forth, it is recorded and reported', () => {
  const ended = (steps: RunTold['steps']): RunTold => run({ state: 'succeeded', endedAt: 2, steps });

  test('a convention that touched very many files names the first of them and their number', () => {
    const files = Array.from({ length: 20_000 }, (_, at) => `lib/file-${at}.dll`);
    const many = { ...step('web', 'succeeded'), conventions: [{ ...line(1), files }] };
    const [recorded] = stepsOf(recordRun(own, [], ended([many]), everything));
    expect(recorded!.conventions[0]).toMatchObject({ filesTotal: 20_000, files: files.slice(0, 50) });
  });

  test('a step with more and longer outputs than an entry holds', () => {
    const names = Array.from({ length: 900 }, (_, at) => `Name${at}`);
    const outputs = Object.fromEntries(names.map((name) => [name, 'ü'.repeat(5000)]));
    const decision = recordRun(offered, [], ended([{ ...step('web', 'succeeded'), outputs }]), everything);
    fitsAnEntry(decision);
    expect(stepsOf(decision)).toMatchObject([
      { state: 'succeeded', conventions: [{ number: 1 }, { number: 75 }] },
    ]);
  });

  test('a step whose conventions have long paths', () => {
    const files = Array.from({ length: 60 }, (_, at) => `${'deep/'.repeat(350)}${at}`);
    const conventions = Array.from({ length: 18 }, (_, at) => ({ ...line(at), files }));
    const decision = recordRun(
      offered,
      [],
      ended([{ ...step('web', 'succeeded'), conventions }]),
      everything,
    );
    fitsAnEntry(decision);
    expect(stepsOf(decision)[0]!.conventions).toHaveLength(18);
  });

  test.each([150, 500])('a process of %i steps, although its trace is too long to report whole', (count) => {
    const files = ['a/b/c.json', 'd/e/f.json'];
    const conventions = Array.from({ length: 18 }, (_, at) => ({ ...line(at), files }));
    const steps = Array.from({ length: count }, (_, at) => ({
      ...step(`step-${at}`, 'succeeded'),
      conventions,
    }));
    const decision = recordRun(offered, [], ended(steps), everything);
    fitsAnEntry(decision);
    expect(stepsOf(decision)).toHaveLength(count);
    expect(dataOf(decision, 'deployment.reported')).toMatchObject({ state: 'succeeded' });
  });

  test('an error text is cut between two characters, never within one', () => {
    const error = `${'x'.repeat(1998)}😀${'y'.repeat(100)}`;
    const decision = recordRun(
      offered,
      [],
      run({ state: 'failed', endedAt: 2, error, steps: [] }),
      everything,
    );
    fitsAnEntry(decision);
    expect(dataOf(decision, 'deployment.ended')['error']).toBe(`${'x'.repeat(1998)}…`);
  });

  test('half a character in what a script wrote does no harm', () => {
    const outputs = { Odd: 'a\ud83d', 'Name\ude00': 'b' };
    fitsAnEntry(recordRun(offered, [], ended([{ ...step('web', 'succeeded'), outputs }]), everything));
  });
});
