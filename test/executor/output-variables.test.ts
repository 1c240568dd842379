import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeRunKey, readJournal } from '../../src/executor/index.ts';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { follow, start } from '../support/scripts-killed.ts';
import { logOf, planOf, pythonScript, run, runStep, saidOf } from '../support/scripts-run.ts';

const values = Array.from({ length: 200 }, (_, n) => `value number ${n} "of" 200 & ü`);
const digest = createHash('sha256').update(values.join('\n')).digest('hex');
const makeAll = [
  'for n in range(200):',
  '    value = "value number %d \\"of\\" 200 & \\u00fc" % n',
  '    set_octopusvariable("Names[web-%d]" % n if n < 50 else "V%d" % n, value, sensitive=n % 2 == 0)',
].join('\n');
const readAll = [
  'import hashlib',
  'def value(n):',
  '    name = "Names[web-%d]" % n if n < 50 else "V%d" % n',
  '    short = get_octopusvariable("Octopus.Action[Make].Output." + name)',
  '    assert short == get_octopusvariable("Octopus.Action[Make].Output[web-1]." + name)',
  '    return short',
  'print(hashlib.sha256("\\n".join(value(n) for n in range(200)).encode()).hexdigest())',
  'print(value(4), value(199))',
].join('\n');

test('200 output variables, every other one secret, are the same to a run that was killed and resumed', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [
    runStep('Make', '', { action: pythonScript(makeAll) }),
    runStep('Read', '', { action: pythonScript(readAll) }),
  ]);
  await start(root, plan, 'executor.script.before:2');
  await follow(root);
  expect(readJournal(join(root, 'run'))).toMatchObject({ state: 'interrupted', failedAt: { step: 2 } });
  await start(root, undefined);
  await follow(root);
  const outcome = readJournal(join(root, 'run'));
  expect(outcome.state).toBe('succeeded');
  expect(saidOf(root)).toEqual([digest, `******** ${values[199]}`]);
  const { outputs } = outcome.steps[0]!;
  expect(Object.keys(outputs)).toHaveLength(200);
  expect(outputs).toMatchObject({
    'Names[web-0]': null,
    'Names[web-1]': values[1],
    V198: null,
    V199: values[199],
  });
  expect(logOf(root)).not.toContain(values[4]);
});

test('outputs whose names hold secrets look alike, and none takes the place of another', async () => {
  using folder = temporaryFolder();
  const root = folder.path;
  const plan = planOf(root, [
    runStep(
      'Make',
      'for u in alice-1 bobby-2; do set_octopusvariable "Of.$u" "$u" -sensitive; set_octopusvariable "Of.$u" "$u!" -sensitive; done',
    ),
    runStep(
      'Read',
      'v() { get_octopusvariable "Octopus.Action[Make].Output.Of.$1" | wc -c; }; v alice-1; v bobby-2',
    ),
  ]);
  const outcome = await run(root, plan, { runKey: makeRunKey() });
  expect(outcome.steps[0]!.outputs).toEqual({ 'Of.********': null, 'Of.******** (2)': null });
  expect(saidOf(root)).toEqual(['8', '8']);
});
