import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeDiff, diffRevisions, isSame } from '../../src/process/index.ts';
import { orders, read, small } from './orders.ts';

const revision = (text: string) => read(text).revision;
const before = revision(orders);

describe('J1.5: the difference of two revisions', () => {
  test('of one and the same is nothing', () => {
    const diff = diffRevisions(before, revision(orders));
    expect(isSame(diff)).toBe(true);
    expect(describeDiff(diff)).toEqual(['The process is the same']);
  });

  test('tells steps added, removed, moved and renamed, values and inputs, and what is now required', () => {
    const after = revision(
      orders
        .replace('Smtp.Host: { required: false }', 'Smtp.Host: { help: Ask IT }\n  New.Key: { secret: true }')
        .replace('  Plain:\n', '')
        .replace('value: Debug', 'value: Info')
        .replace('  Version: 1.10\n', '  Fresh: one\n')
        .replace(
          '  - name: Stop service\n    id: stop-service\n    run: { bash: "systemctl stop orders || true" }\n',
          '',
        )
        .replace('echo pre', '"echo one\\necho two"')
        .replace('retries: 2', 'retries: 3')
        .concat(
          '  - name: Stop the service\n    id: stop-service\n    run: { bash: "systemctl stop orders" }\n',
        )
        .concat('  - { name: Warm up, run: { bash: curl } }\n'),
    );
    const diff = diffRevisions(before, after);
    expect(diff.steps.added).toEqual([{ id: 'warm-up', name: 'Warm up', position: 3 }]);
    expect(diff.steps.moved).toHaveLength(1);
    expect(diff.inputs.nowRequired).toEqual(['Smtp.Host', 'New.Key']);
    expect(describeDiff(diff)).toEqual([
      'Step added: Warm up (as step 3)',
      'Step moved: Stop the service (from 1 to 2)',
      'Step changed: Web',
      '  retries: 2 -> 3',
      '  pre-deploy: bash script',
      '    - echo pre',
      '    + echo one',
      '    + echo two',
      'Step changed: Stop the service',
      '  name: Stop service -> Stop the service',
      '  run: bash script',
      '    - systemctl stop orders || true',
      '    + systemctl stop orders',
      'Variable added: Fresh = one',
      'Variable removed: Version',
      expect.stringMatching(/^Variable changed: Log.Level: Debug \(integration, uat\) \| .* -> Info/),
      'Input added: New.Key (required, secret)',
      'Input removed: Plain',
      'Input changed: Smtp.Host',
      '  help: (none) -> Ask IT',
      '  required: false -> true',
      'Now required: Smtp.Host',
      'Now required: New.Key',
    ]);
  });

  test('tells checks, tests of inputs and steps to uninstall by, with the lines of their scripts', () => {
    const was = revision(
      small(`inputs: { A: { group: One, test: { bash: ping a } }, B: {} }
checks: [{ name: Disk, run: { bash: df } }, { name: Gone, run: { bash: x } }]
uninstall: [{ name: Stop, run: { bash: stop } }]`),
    );
    const is = revision(
      small(`inputs: { A: { group: Two, test: { bash: ping b } }, B: { secret: true, show-while-typing: true } }
checks: [{ name: Disk, run: { bash: df -h }, hint: Buy more, environments: [uat] }, { name: New, run: { bash: y } }]
uninstall: [{ name: Stop, run: { bash: stop now } }, { name: Remove, run: { bash: rm } }]`),
    );
    const diff = diffRevisions(was, is);
    expect(isSame(diff)).toBe(false);
    expect(describeDiff(diff)).toEqual([
      'Check added: New',
      'Check removed: Gone',
      'Check changed: Disk',
      '  hint: (none) -> Buy more',
      '  environments: (none) -> uat',
      '  run: bash script',
      '    - df',
      '    + df -h',
      'Uninstall step added: Remove (as step 2)',
      'Uninstall step changed: Stop',
      '  run: bash script',
      '    - stop',
      '    + stop now',
      'Input changed: A',
      '  group: One -> Two',
      '  test: bash script',
      '    - ping a',
      '    + ping b',
      'Input changed: B',
      '  secret: false -> true',
      '  show-while-typing: (none) -> true',
    ]);
  });

  test('J1.18: a step that was deleted is told as removed, by the id that others hang on to', () => {
    const after = revision(orders.slice(0, orders.indexOf('  - name: Web')));
    expect(diffRevisions(before, after).steps.removed).toEqual([{ id: 'web', name: 'Web', position: 2 }]);
  });

  test('shows control characters of the other side spelled out', () => {
    const after = revision(orders.replace('Version: 1.10', 'Version: "\\e[31m\\u202e"'));
    expect(describeDiff(diffRevisions(before, after)).join('\n')).toContain('\\u{1b}[31m\\u{202e}');
  });

  test('turned round tells the opposite, whatever changed', () => {
    const ids = fc.shuffledSubarray(['a', 'b', 'c', 'd', 'e'], { minLength: 1 });
    const of = (names: readonly string[]) =>
      revision(
        `process: P\nsteps:\n${names.map((name) => `  - { name: ${name}, run: { bash: ${name} } }`).join('\n')}\n`,
      );
    fc.assert(
      fc.property(ids, ids, (a, b) => {
        const [there, back] = [diffRevisions(of(a), of(b)), diffRevisions(of(b), of(a))];
        expect(there.steps.added.map((one) => one.id)).toEqual(back.steps.removed.map((one) => one.id));
        expect(there.steps.removed.map((one) => one.id)).toEqual(back.steps.added.map((one) => one.id));
        expect(there.steps.moved).toHaveLength(back.steps.moved.length);
        expect(isSame(there)).toBe(a.join() === b.join());
      }),
      { numRuns: 100 },
    );
  });
});
