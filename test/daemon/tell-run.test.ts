import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runTeller, tellTurn } from '../../src/daemon/tell-run.ts';
import type { LogLine, RunOutcome, StepOutcome } from '../../src/executor/index.ts';
import type { Fact } from '../../src/executor/journal.ts';
import { memory } from '../support/in-memory.ts';

const step = (name: string, state: StepOutcome['state'], more: Partial<StepOutcome> = {}): StepOutcome => ({
  id: name.toLowerCase(),
  name,
  state,
  attempts: 1,
  conventions: [],
  outputs: {},
  artifacts: [],
  ...more,
});
const run = (...steps: StepOutcome[]): RunOutcome => ({
  deployment: 'd-1',
  state: 'running',
  startedAt: 0,
  steps,
  waits: [],
});
const line = (place: string, text: string, level: LogLine['level'] = 'info'): LogLine => ({
  at: 0,
  place,
  level,
  text,
});

function telling(before?: RunOutcome) {
  const lines: string[] = [];
  const tell = runTeller((text, tone) => lines.push(tone === 'plain' ? text : `${tone}: ${text}`), before);
  return { lines, tell };
}

test('what was over when it was told last is not told again, and the step that goes on is named', () => {
  const done = { number: 5, name: 'SubstituteInFiles', state: 'done' } as const;
  const cut = { number: 10, name: 'Deploy', state: 'interrupted' } as const;
  const before = run(
    step('One', 'succeeded', { conventions: [done] }),
    step('Two', 'interrupted', { conventions: [done, cut] as StepOutcome['conventions'] }),
    step('Three', 'not-run'),
  );
  const { lines, tell } = telling(before);
  tell(before);
  const one = step('One', 'succeeded', { conventions: [done] });
  tell(run(one, step('Two', 'failed', { attempts: 2 }), step('Three', 'succeeded')));
  expect(lines).toEqual([
    'step 2 Two',
    'bad:    10 Deploy interrupted',
    'bad: step 2 Two: interrupted',
    'bad: step 2 Two: failed',
    'step 3 Three',
    'good: step 3 Three: succeeded',
  ]);
});

test('a step that a person lets try again is told a second time', () => {
  const { lines, tell } = telling(run(step('One', 'failed')));
  tell(run(step('One', 'failed')));
  tell(run(step('One', 'running', { attempts: 2 })));
  tell(run(step('One', 'failed', { attempts: 2 })));
  expect(lines).toEqual(['step 1 One', 'bad: step 1 One: failed']);
});

test('what a script writes stands under its step, before how the step ended, each line once', () => {
  const { lines, tell } = telling();
  tell(run(step('One', 'running'), step('Two', 'not-run')), [line('1/2 One · 10 RunScript', 'hello')]);
  tell(run(step('One', 'running'), step('Two', 'not-run')), [
    line('1/2 One · 10 RunScript', 'oh', 'error'),
    line('1/2 One · 10 RunScript', 'done: Bash', 'verbose'),
    line('1/2 One', 'Succeeded'),
    line('2/2 Two · 10 RunScript', 'early'),
  ]);
  tell(run(step('One', 'succeeded'), step('Two', 'running')));
  tell(run(step('One', 'succeeded'), step('Two', 'failed')));
  expect(lines).toEqual([
    'step 1 One',
    '    | hello',
    'bad:     | oh',
    'good: step 1 One: succeeded',
    'step 2 Two',
    '    | early',
    'bad: step 2 Two: failed',
  ]);
});

test('of a package step each convention that did something is told after what it wrote', () => {
  const { lines, tell } = telling();
  const conventions = [
    { number: 1, name: 'Features BeforePreDeploy', state: 'nothing-to-do' },
    { number: 5, name: 'SubstituteInFiles', state: 'done', detail: 'no value for #{A}' },
    { number: 10, name: 'Deploy', state: 'failed' },
  ] as const;
  tell(run(step('Web', 'failed', { conventions })), [
    line('1/1 Web · 5 SubstituteInFiles', 'No file matches x', 'warning'),
    line('1/1 Web · 10 Deploy', 'copying'),
  ]);
  expect(lines).toEqual([
    'step 1 Web',
    'warn:     | No file matches x',
    '    5 SubstituteInFiles done: no value for #{A}',
    '    | copying',
    'bad:    10 Deploy failed',
    'bad: step 1 Web: failed',
  ]);
});

test('what a step wrote just before it ended is told before its end, also where it ends between two looks', () => {
  const folder = mkdtempSync(join(memory, 'crossgap-told-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const action = { kind: 'run', scripts: [] };
  const plan = { format: 1, deployment: 'd-1', steps: [{ id: 'one', name: 'One', action }] };
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan));
  const happens = (...facts: Fact[]): void =>
    facts.forEach((fact) => appendFileSync(join(folder, 'journal.jsonl'), `${JSON.stringify(fact)}\n`));
  happens(
    { kind: 'run-started', at: 1, deployment: 'd-1', planSha256: '' },
    { kind: 'step-started', at: 2, step: 1, attempt: 1 },
  );
  const { lines, tell } = telling();
  let written: LogLine[] = [];
  tellTurn(tell, folder, () => {
    // As it goes in the executor: the line, then the fact, both after its log was read.
    written = [line('1/1 One · 10 RunScript', 'looked at it')];
    happens({ kind: 'step-ended', at: 3, step: 1, state: 'succeeded' });
    return [];
  });
  expect(lines).toEqual(['step 1 One']);
  tellTurn(tell, folder, () => written);
  expect(lines).toEqual(['step 1 One', '    | looked at it', 'good: step 1 One: succeeded']);
});
