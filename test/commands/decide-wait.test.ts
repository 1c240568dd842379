import { describe, expect, test } from 'vitest';
import { decideWait, type AskedWait } from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided } from './decided.ts';

const run = (state = 'waiting') => ({ deployment: 'deployment-1', state });
const wait = (more: Partial<AskedWait> = {}): AskedWait => ({
  wait: 1,
  position: 2,
  stepId: 'dba',
  step: 'Check with the DBA',
  for: 'confirmation',
  offers: ['approve', 'refuse'],
  decision: null,
  ...more,
});
const failed = (more: Partial<AskedWait> = {}): AskedWait =>
  wait({
    wait: 2,
    position: 3,
    stepId: 'web',
    step: 'Web',
    for: 'failure',
    offers: ['retry', 'ignore', 'fail'],
    ...more,
  });
const say = (answer: 'approve' | 'refuse' | 'retry' | 'ignore' | 'fail', step?: string) => ({
  answer,
  step,
  note: null,
  by: null,
});
const word = (by: string, answer: 'approve' | 'refuse') => ({ by, answer });

describe("a person's word on a run that waits", () => {
  test('is recorded with its note, for the step that waits', () => {
    const decision = decideWait(run(), [wait()], {
      answer: 'refuse',
      step: undefined,
      note: 'no ticket',
      by: 'M. Example',
    });
    expect(decided(decision)).toEqual(['self deployment.decided']);
    expect(dataOf(decision, 'deployment.decided')).toEqual({
      deployment: 'deployment-1',
      wait: 1,
      answer: 'refuse',
      note: 'no ticket',
      by: 'M. Example',
    });
  });

  test.each(['dba', 'CHECK with the dba', '2'])('finds the step by id, name or number: %s', (step) => {
    const other = wait({ wait: 5, stepId: 'cab', step: 'CAB', position: 7 });
    const decision = decideWait(run('running'), [other, wait()], say('approve', step));
    expect(dataOf(decision, 'deployment.decided')).toMatchObject({ wait: 1 });
  });

  test('must name the step where several wait for it, and only then', () => {
    const both = [wait(), wait({ wait: 3, stepId: 'cab', step: 'CAB' })];
    const error = refusal(() => decideWait(run(), both, say('approve')));
    expect(codeOf(error)).toBe('DECISION_AMBIGUOUS misused');
    expect(error.details).toMatchObject({ steps: ['dba', 'cab'] });
    // What failed waits for something else.
    expect(dataOf(decideWait(run(), [wait(), failed()], say('retry')), 'deployment.decided')).toMatchObject({
      wait: 2,
    });
  });

  test('changes nothing when it is said again, and is refused when it is another', () => {
    const before = [wait({ decision: word('ann', 'approve') })];
    expect(decideWait(run('succeeded'), before, say('approve'))).toEqual([]);
    const error = refusal(() => decideWait(run('running'), before, say('refuse')));
    expect(codeOf(error)).toBe('DEPLOYMENT_STATE refused');
    expect(error.message).toContain('ann decided already: approve');
  });

  test.each([
    ['nothing waits', [], run('running')],
    ['another kind waits', [failed()], run()],
    ['it is over', [wait()], run('cancelled')],
  ])('is refused where %s', (_what, waits, where) => {
    expect(codeOf(refusal(() => decideWait(where, waits, say('approve'))))).toBe('DEPLOYMENT_STATE refused');
  });

  test('can not ignore the failure of a required step', () => {
    const required = failed({ offers: ['retry', 'fail'] });
    const error = refusal(() => decideWait(run(), [required], say('ignore')));
    expect(codeOf(error)).toBe('DECISION_NOT_OFFERED refused');
    expect(decided(decideWait(run(), [required], say('fail')))).toEqual(['self deployment.decided']);
  });
});
