import { describe, expect, test } from 'vitest';
import { problemsOf, read, refusalOf, small } from './orders.ts';

describe('the checks of a process', () => {
  test('are read in order, with what to do and where they are made', () => {
    const { revision } = read(
      small(`checks:
  - { name: Old service is gone, run: { bash: { file: old.sh } }, hint: Remove it, tags: [production] }
  - { name: Disk, run: { python: "exit(0)" }, environments: [uat] }`),
    );
    expect(revision.checks).toEqual([
      {
        name: 'Old service is gone',
        hint: 'Remove it',
        environments: [],
        tags: ['production'],
        script: { kind: 'bash', text: 'echo old.sh\n' },
      },
      {
        name: 'Disk',
        hint: null,
        environments: ['uat'],
        tags: [],
        script: { kind: 'python', text: 'exit(0)' },
      },
    ]);
  });

  test.each([
    ['[]', '2:9 there is no check here'],
    ['[{ run: { bash: x } }]', '2:10 name is missing'],
    ['[{ name: A }]', '2:10 run is missing'],
    ['[{ name: A, run: { bash: x, python: y } }]', '2:26 run: has exactly one script'],
    ['[{ name: A, run: { bash: x } }, { name: a, run: { bash: y } }]', '2:49 check 1 is called a too'],
    ['[{ name: on, run: { bash: x } }]', '2:18 the name of a check is text, and on is none in YAML'],
  ])('%s is refused where it stands', (entry, problem) => {
    expect(problemsOf(small(`checks: ${entry}`))).toEqual([problem]);
  });

  test('an unknown key of one is told with those that are known', () => {
    const [problem] = refusalOf(small('checks: [{ name: A, run: { bash: x }, retries: 2 }]')).problems;
    expect(problem).toMatchObject({
      message: 'unknown key retries',
      hint: 'Known here: name, run, hint, environments, tags.',
    });
  });
});

describe('the steps to uninstall by', () => {
  test('are steps like others, with ids of their own', () => {
    const { revision } = read(
      small(
        'uninstall:\n  - { name: One, run: { bash: stop }, when: always }\n  - { name: Ask, manual: { instructions: Gone? } }',
      ),
    );
    expect(revision.uninstall?.map(({ id, when, action }) => [id, when, action.kind])).toEqual([
      ['one', 'always', 'run'],
      ['ask', 'success', 'manual'],
    ]);
  });

  test.each([
    ['[]', '2:12 there is no step here'],
    ['[{ name: A, package: P }]', '2:24 a step to uninstall by deploys no package'],
    [
      '[{ name: A, start: with-previous, run: { bash: x } }]',
      '2:24 there is no step before this one to start with',
    ],
    ['[{ name: A }]', '2:13 this step has nothing to do'],
    ['[{ name: A, run: { bash: x } }, { name: A, run: { bash: y } }]', '2:52 step 1 is called A too'],
  ])('%s is refused where it stands', (entry, problem) => {
    expect(problemsOf(small(`uninstall: ${entry}`))).toEqual([problem]);
  });
});
