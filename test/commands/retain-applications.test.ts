import { describe, expect, test } from 'vitest';
import { superfluousApplications, type KeptApplication, type Retention } from '../../src/commands/index.ts';

const dayMs = 86_400_000;
const now = 1000 * dayMs;

/** Installations of one step, newest first, each a day older than the one before: `+` succeeded, `-` failed. */
function history(text: string, stepId = 'web'): KeptApplication[] {
  return text.split('').map((outcome, at) => ({
    deployment: `deployment-${at + 1}`,
    step: 1,
    stepId,
    extractedTo: `/apps/${stepId}/${at + 1}`,
    succeeded: outcome === '+',
    installedAt: now - (at + 1) * dayMs,
  }));
}

/** Which are kept no longer, by their place from 1. */
function removed(text: string, retention: Retention, open: readonly string[] = []): number[] {
  const rows = history(text);
  return superfluousApplications(rows, { retention, now, open: new Set(open) }).map(
    (row) => rows.indexOf(row) + 1,
  );
}

describe('J3.8 retention of what was installed before', () => {
  test.each<[string, string, Retention, number[]]>([
    ['keeps everything where nothing is said', '+++++', {}, []],
    ['keeps as many successes before the newest as it says', '+++++', { releases: 2 }, [4, 5]],
    ['counts successes only, and removes failures among them', '+-+-++', { releases: 1 }, [2, 4, 5, 6]],
    ['keeps what failed since the newest success', '--+++', { releases: 1 }, [5]],
    ['keeps what is younger than it says', '+++++', { days: 4 }, [4, 5]],
    ['never takes what runs, nor what one would go back to, however old', '+++', { days: 1 }, [3]],
    ['keeps what either rule keeps', '+++++', { releases: 1, days: 4 }, [4, 5]],
    ['keeps all where nothing ever succeeded', '---', { releases: 1, days: 1 }, []],
  ])('%s', (_, text, retention, expected) => {
    expect(removed(text, retention)).toEqual(expected);
  });

  test('keeps what a run that is not over put there', () => {
    expect(removed('++++', { releases: 1 }, ['deployment-4'])).toEqual([3]);
  });

  test('keeps a folder that another installation, of another step too, still needs', () => {
    const web = history('+++');
    const rows = [...web, ...history('+', 'api').map((row) => ({ ...row, extractedTo: '/apps/web/3' }))];
    const given = { retention: { releases: 1 }, now, open: new Set<string>() };
    expect(superfluousApplications(rows, given)).toEqual([]);
  });
});
