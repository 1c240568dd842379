import { describe, expect, test } from 'vitest';
import { problemsOf, read, refusalOf, small } from './orders.ts';

describe('an input', () => {
  test('stands under a heading, may be looked at while it is typed, and brings the script that tries it out', () => {
    const { revision } = read(
      small(`inputs:
  Db.Password: { secret: true, show-while-typing: true, group: Database, test: { bash: { file: try-db.sh } } }
  Db.Host: { group: Database }`),
    );
    expect(
      revision.inputs.map(({ name, group, mayBeShown, test: tries }) => [name, group, mayBeShown, tries]),
    ).toEqual([
      ['Db.Password', 'Database', true, { kind: 'bash', text: 'echo try-db.sh\n' }],
      ['Db.Host', 'Database', undefined, undefined],
    ]);
  });

  test.each([
    ['{ group: "" }', '3:15 this must not be empty'],
    ['{ group: yes }', '3:15 the heading of an input is text, and yes is none in YAML'],
    ['{ show-while-typing: true }', '3:8 A is not secret, so it is shown anyway'],
    ['{ secret: true, show-while-typing: perhaps }', '3:41 true or false is expected here'],
    ['{ test: ping }', '3:14 a script is written as { bash: … }, { powershell: … } or { python: … }'],
    ['{ test: {} }', '3:14 there is no script here'],
    ['{ test: { bash: a, python: b } }', '3:14 test: has exactly one script'],
    ['{ test: { bash: " " } }', '3:22 this script is empty'],
    ['{ test: { bash: { file: ../x } } }', '3:30 ../x: it leads out of the folder of the process file'],
  ])('%s is refused where it stands', (entry, problem) => {
    expect(problemsOf(small(`inputs:\n  A: ${entry}`))).toEqual([problem]);
  });

  test('a misspelt key is told with the one that was meant', () => {
    const [problem] = refusalOf(small('inputs: { A: { show-while-typed: true } }')).problems;
    expect(problem).toMatchObject({ hint: 'Did you mean show-while-typing?' });
  });
});
