import { describe, expect, test } from 'vitest';
import {
  cancelDeployment,
  recordedStep,
  resumeDeployment,
  type ReportRules,
} from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

describe('a run that is not over', () => {
  const steps = [
    recordedStep({ id: 'stop', name: 'Stop', state: 'interrupted', conventions: [], outputs: {} }, 1),
  ];
  const run = (state: string, link = '') => ({
    deployment: 'deployment-1',
    link,
    process: 'Orders',
    number: '1.0.0',
    digest: digest('1'),
    environment: 'uat',
    reason: 'deploy' as const,
    ordinal: 1,
    state,
    startedAt: 55,
    steps,
  });
  const rules: ReportRules = { when: 'always', trace: true, files: true, errors: true, lines: true };

  test('is resumed where it was interrupted', () => {
    expect(decided(resumeDeployment(run('interrupted')))).toEqual(['self deployment.resumed']);
  });

  test.each(['waiting', 'running', 'succeeded', 'failed', 'cancelled'])(
    'is not resumed where it is %s',
    (state) => {
      const error = refusal(() => resumeDeployment(run(state)));
      expect(codeOf(error)).toBe('DEPLOYMENT_STATE refused');
      expect(error.details).toEqual({ deployment: 'deployment-1', state });
    },
  );

  test.each(['waiting', 'interrupted'])('ends at once when it is cancelled while %s', (state) => {
    expect(dataOf(cancelDeployment(run(state), 77, rules), 'deployment.ended')).toMatchObject({
      state: 'cancelled',
      startedAt: null,
      endedAt: 77,
    });
  });

  test('is told to the author as cancelled, who heard before that it was interrupted', () => {
    const decision = cancelDeployment(run('interrupted', id('a')), 77, rules);
    expect(decided(decision)).toEqual(['self deployment.ended', `${id('a')} deployment.reported`]);
    const report = dataOf(decision, 'deployment.reported');
    expect(report).toMatchObject({ state: 'cancelled', startedAt: 55, endedAt: 77, steps });
    const untraced = cancelDeployment(run('interrupted', id('a')), 77, { ...rules, trace: false });
    expect(dataOf(untraced, 'deployment.reported')).toMatchObject({ state: 'cancelled', steps: [] });
  });

  test('is told to the author as cancelled where it waited for a person, since that it began was told', () => {
    const decision = cancelDeployment(run('waiting', id('a')), 77, rules);
    expect(decided(decision)).toEqual(['self deployment.ended', `${id('a')} deployment.reported`]);
  });

  test('J2.13 that is given up for something says so, here and to its author', () => {
    const decision = cancelDeployment(run('interrupted', id('a')), 77, rules, 'given up to go back to 1.0.0');
    const error = 'given up to go back to 1.0.0';
    expect(dataOf(decision, 'deployment.ended')).toMatchObject({ state: 'cancelled', error });
    expect(dataOf(decision, 'deployment.reported')).toMatchObject({ state: 'cancelled', error });
  });

  test('is told to nobody where it never began, or is of a release of this side', () => {
    const neverBegan = { ...run('waiting', id('a')), startedAt: null };
    expect(decided(cancelDeployment(neverBegan, 77, rules))).toEqual(['self deployment.ended']);
    expect(decided(cancelDeployment(run('interrupted'), 77, rules))).toEqual(['self deployment.ended']);
  });

  test('that runs is asked to stop, and ends when it has', () => {
    expect(decided(cancelDeployment(run('running'), 77, rules))).toEqual([
      'self deployment.cancel-requested',
    ]);
  });

  test('is cancelled once', () => {
    expect(cancelDeployment(run('cancelled'), 77, rules)).toEqual([]);
  });

  test.each(['succeeded', 'failed'])('is not cancelled when it has %s', (state) => {
    expect(codeOf(refusal(() => cancelDeployment(run(state), 77, rules)))).toBe('DEPLOYMENT_STATE refused');
  });
});
