import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  composeReport,
  recordedStep,
  refuseUntellable,
  reportLines,
  tellRun,
  type ReportWish,
  type TellableRun,
} from '../../src/commands/index.ts';
import { DeploymentReported, isReportPart } from '../../src/events/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { decided, digest, id } from './decided.ts';

const step = (name: string, state: string, at: number) => ({
  id: name,
  name,
  state,
  conventions: [
    { number: 1, name: 'Extract', state: 'done', files: [`${name}/a.json`, `${name}/b.json`] },
    { number: 2, name: 'Idle', state: 'nothing-to-do' },
    { number: 7.5, name: 'Structured', state: 'done', detail: `detail of ${name}` },
    ...(state === 'failed' ? [{ number: 'F' as const, name: 'DeployFailed', state: 'done' }] : []),
  ],
  outputs: { Port: '8080' },
  startedAt: at,
  endedAt: at + 1500,
  ...(state === 'failed' && { error: `error of ${name}`, exitCode: 3 }),
});
const rules = { when: 'asked', trace: true, files: true, errors: true, lines: true } as const;
const failed: TellableRun = {
  deployment: {
    deployment: 'deployment-1',
    link: id('a'),
    process: 'Orders',
    number: '1.0.0',
    digest: digest('1'),
    environment: 'uat',
    reason: 'deploy',
    ordinal: 2,
  },
  standing: {
    state: 'failed',
    startedAt: 1000,
    endedAt: 9000,
    failedAt: { step: 2, stepId: 'web', convention: 75 },
    error: 'error of the run',
    lastLines: ['first line', 'second line'],
  },
  steps: [recordedStep(step('stop', 'succeeded', 1000), 1), recordedStep(step('web', 'failed', 3000), 2)],
  rules,
  by: 'jdoe',
  log: { digest: digest('b'), sizeBytes: 2000, wholeBytes: 5_000_000 },
};
const wish = (some: Partial<ReportWish> = {}): ReportWish => ({
  rating: null,
  comment: null,
  withLog: false,
  struck: [],
  ...some,
});
const everything = wish({ rating: 4, comment: 'on the whole well', withLog: true });
const textOf = (name: string, some = everything): string | undefined =>
  reportLines(failed, some).find((line) => line.id === name)?.text;

test('every line of what would leave is told, with its name', () => {
  expect(reportLines(failed, everything).map(({ id: name, text }) => `${name}: ${text}`))
    .toMatchInlineSnapshot(`
    [
      "release: Orders 1.0.0 (111111111111) in uat: deployment deployment-1, run 2 of it there",
      "outcome: failed",
      "by: told by the account jdoe, with the time at which it is told",
      "times: began 1970-01-01 00:00:01 UTC, took 8.0 s",
      "failed-at: stopped at step 2 (web), convention 7.5",
      "exit-code: exit code 3",
      "error: error: error of the run",
      "step.1: step 1 stop (stop): succeeded",
      "step.1.times: began 1970-01-01 00:00:01 UTC, took 1.5 s",
      "step.1.trace: conventions: 3, of which 2 nothing-to-do",
      "step.1.convention.1: 1 Extract: done: stop/a.json, stop/b.json",
      "step.1.convention.7.5: 7.5 Structured: done: detail of stop",
      "step.2: step 2 web (web): failed",
      "step.2.times: began 1970-01-01 00:00:03 UTC, took 1.5 s",
      "step.2.exit-code: exit code 3",
      "step.2.error: error: error of web",
      "step.2.trace: conventions: 4, of which 2 nothing-to-do",
      "step.2.convention.1: 1 Extract: done: web/a.json, web/b.json",
      "step.2.convention.7.5: 7.5 Structured: done: detail of web",
      "step.2.convention.F: F DeployFailed: done",
      "last-lines: the last lines of the step that failed: 2",
      "last-lines.1: | first line",
      "last-lines.2: | second line",
      "rating: rating: 4 of 5",
      "comment: comment: on the whole well",
      "log: the log, secrets masked: the last 2.0 kB of 5.0 MB, SHA-256 bbbbbbbbbbbb",
    ]
  `);
});

test('each text of the report stands in one of its lines', () => {
  const { steps, lastLines, error, remark } = composeReport(failed, everything);
  const told = reportLines(failed, everything)
    .map(({ text }) => text)
    .join('\n');
  const texts = steps.flatMap((one) => [
    one.name,
    one.error,
    ...one.conventions.flatMap(({ detail, files, name, state }) => [detail, ...files, `${state}`, name]),
  ]);
  for (const text of [...texts, ...lastLines, error, remark!.comment]) {
    if (text !== null && text !== 'Idle') expect(told).toContain(text);
  }
});

describe('what is struck out', () => {
  const strikable = reportLines(failed, everything)
    .filter(({ mayBeStruck }) => mayBeStruck)
    .map((line) => line.id);

  test.each(strikable)('%s is not in the report any more, and its name is', (name) => {
    const whole = composeReport(failed, everything);
    const report = composeReport(failed, { ...everything, struck: [name] });
    expect(report.struck).toEqual([name]);
    expect(isReportPart(name)).toBe(true);
    expect(report).not.toEqual({ ...whole, struck: [name] });
    expect(textOf(name, { ...everything, struck: [name] })).toMatch(/^[a-z]+.*: struck out$/);
    expect(() => DeploymentReported.make(report)).not.toThrow();
  });

  test('takes with it what stands within', () => {
    const struck = wish({ struck: ['step.2', 'step.2.error', 'last-lines', 'last-lines.2'] });
    const report = composeReport(failed, struck);
    expect(report.struck).toEqual(['step.2', 'last-lines']);
    expect(JSON.stringify(report)).not.toMatch(/error of web|web\/a|second line/);
    expect(report.steps[1]).toMatchObject({
      position: 2,
      id: '',
      name: '',
      state: 'struck',
      conventions: [],
    });
    expect(reportLines(failed, struck).filter((line) => line.id.startsWith('step.2'))).toHaveLength(1);
  });

  test('leaves a gap at its place among the last lines', () => {
    expect(composeReport(failed, wish({ struck: ['last-lines.1'] })).lastLines).toEqual([
      '(struck out)',
      'second line',
    ]);
  });

  describe('at one place is struck out wherever else it stands', () => {
    const why = 'Deploy.sh ended with exit code 3: orders.db is of version 7';
    const written = [
      'opening orders.db',
      'orders.db is of version 7',
      'Error: orders.db is of version 7!',
      '}',
    ];
    const web = step('web', 'failed', 3000);
    const conventions = [{ number: 10, name: 'Deploy', state: 'failed', detail: why }];
    const run: TellableRun = {
      ...failed,
      standing: { ...failed.standing, error: why, lastLines: written },
      steps: [recordedStep({ ...web, error: why, conventions }, 2)],
    };
    const told = (struck: readonly string[]) => composeReport(run, wish({ struck, withLog: true }));

    test.each(['error', 'step.2.error', 'step.2.convention.10', 'step.2.trace', 'step.2'])('%s', (name) => {
      const report = told([name]);
      expect(report.struck).toEqual([name]);
      expect(JSON.stringify(report)).not.toContain('exit code 3: orders');
      expect(JSON.stringify(report)).not.toContain(why);
      expect(report.lastLines).toEqual([
        'opening orders.db',
        '(struck out)',
        'Error: orders.db is of version 7!',
        '}',
      ]);
    });

    test('a last line, also within an error', () => {
      const report = told(['last-lines.2', 'last-lines.4']);
      expect(report.error).toBe('Deploy.sh ended with exit code 3: (struck out)');
      expect(report.steps[0]).toMatchObject({ error: report.error, conventions: [{ detail: report.error }] });
      expect(report.lastLines).toEqual([
        'opening orders.db',
        '(struck out)',
        'Error: (struck out)!',
        '(struck out)',
      ]);
    });

    test('but in the log, of which that is said, and where nothing was written it says nothing', () => {
      const log = (struck: readonly string[]): string =>
        reportLines(run, wish({ struck, withLog: true })).find(({ id: name }) => name === 'log')!.text;
      expect(log(['error'])).toMatch(/; it may tell what is struck out$/);
      expect(log(['times', 'exit-code'])).not.toContain('struck out');
      expect(told(['times']).error).toBe(why);
    });
  });

  test('may be what this run does not have: then there is no gap', () => {
    expect(composeReport(failed, wish({ struck: ['log', 'comment', 'step.9.error'] })).struck).toEqual([]);
  });

  test.each(['eror', 'entry.3', 'step.0', 'step.2.files', '', 'step.1.convention.', 'steps'])(
    'is never what no line is called: %j',
    (name) => {
      expect(codeOf(refusal(() => composeReport(failed, wish({ struck: [name] }))))).toBe(
        'REPORT_WISH_UNFIT misused',
      );
    },
  );

  test.each(['release', 'outcome', 'by'])('is never %s, which is told whenever a run is', (name) => {
    expect(codeOf(refusal(() => reportLines(failed, wish({ struck: [name] }))))).toBe(
      'REPORT_WISH_UNFIT misused',
    );
  });

  test('any choice of lines leaves a report that can be signed, and never more than without it', () => {
    fc.assert(
      fc.property(fc.subarray(strikable), (struck) => {
        const report = DeploymentReported.make(composeReport(failed, { ...everything, struck })).data;
        expect(report).toMatchObject({ state: 'failed', release: '1.0.0', environment: 'uat' });
        expect(new Set(struck)).toEqual(new Set([...struck, ...report.struck]));
        const lines = reportLines(failed, { ...everything, struck });
        expect(lines.filter(({ text }) => text.endsWith(': struck out'))).toHaveLength(report.struck.length);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what is let out at all', () => {
  test.each([
    ['trace', /^step\./],
    ['errors', /error|last-lines/],
    ['lines', /last-lines/],
  ])('without %s there is no such line, nor a gap', (rule, gone) => {
    const run = { ...failed, rules: { ...rules, [rule]: false } };
    const names = reportLines(run, everything).map((line) => line.id);
    expect(names.filter((name) => gone.test(name))).toEqual([]);
    expect(composeReport(run, everything).struck).toEqual([]);
  });

  test('the log goes only where that is wished', () => {
    expect(composeReport(failed, wish()).log).toBeNull();
    expect(composeReport(failed, wish({ withLog: true })).log).toEqual(failed.log);
  });

  test.each([0, 6, 2.5])('a rating of %d is none', (rating) => {
    const unfit = { ...wish(), rating } as unknown as ReportWish;
    expect(codeOf(refusal(() => composeReport(failed, unfit)))).toBe('REPORT_WISH_UNFIT misused');
  });

  test('a comment has an end, and one of blanks is none', () => {
    expect(composeReport(failed, wish({ comment: '  \n ' })).remark).toBeNull();
    const long = refusal(() => composeReport(failed, wish({ comment: 'x'.repeat(4001) })));
    expect(codeOf(long)).toBe('REPORT_WISH_UNFIT misused');
  });
});

describe('telling', () => {
  test('the same again appends nothing', () => {
    expect(decided(tellRun(failed, everything, undefined))).toEqual([`${id('a')} deployment.reported`]);
    expect(tellRun(failed, everything, composeReport(failed, everything))).toEqual([]);
    expect(tellRun(failed, wish(), composeReport(failed, everything))).toHaveLength(1);
  });

  test.each([
    [{ link: '', state: 'succeeded' }, 'REPORT_OWN refused'],
    [{ link: id('a'), state: 'running' }, 'REPORT_TOO_EARLY refused'],
    [{ link: id('a'), state: 'waiting' }, 'REPORT_TOO_EARLY refused'],
  ])('is refused of %j', (row, code) => {
    expect(codeOf(refusal(() => refuseUntellable({ deployment: 'deployment-1', ...row })))).toBe(code);
  });
});
