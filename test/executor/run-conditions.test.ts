import { expect, test } from 'vitest';
import { temporaryFolder } from '../support/build-nupkg.ts';
import { planOf, run, runStep, saidOf } from '../support/scripts-run.ts';

test('an expression decides by what earlier steps left, and takes the place of the test for success', async () => {
  using folder = temporaryFolder();
  const plan = planOf(
    folder.path,
    [
      runStep('Look', 'set_octopusvariable Migrate yes; set_octopusvariable Not no'),
      runStep('Output', 'echo output', { when: '#{Octopus.Action[Look].Output.Migrate}' }),
      runStep('Machine', 'echo machine', { when: '#{Octopus.Action[Look].Output[web-1].Migrate}' }),
      runStep('No', 'echo never', { when: '#{Octopus.Action[Look].Output.Not}' }),
      runStep('Zero', 'echo never', { when: '#{Zero}' }),
      runStep('Unset', 'echo never', { when: '#{Nowhere}' }),
      runStep('Unless', 'echo fine', {
        when: '#{unless Octopus.Deployment.Error}True#{/unless}',
      }),
      runStep('Fails', 'exit 4'),
      runStep('Late', 'echo never', { when: '#{unless Octopus.Deployment.Error}True#{/unless}' }),
      runStep('Clean', 'echo after a failure', { when: '#{if Octopus.Deployment.Error}True#{/if}' }),
      runStep('Status', 'echo by status', {
        when: '#{if Octopus.Step[Fails].Status.Code == "Failed"}1#{/if}',
      }),
    ],
    { variables: [{ name: 'Zero', value: '0' }] },
  );
  const outcome = await run(folder.path, plan);
  expect(saidOf(folder.path)).toEqual(['output', 'machine', 'fine', 'after a failure', 'by status']);
  expect(outcome.state).toBe('failed');
  expect(outcome.steps.map(({ name, state, skippedBecause }) => [name, state, skippedBecause ?? ''])).toEqual(
    [
      ['Look', 'succeeded', ''],
      ['Output', 'succeeded', ''],
      ['Machine', 'succeeded', ''],
      ['No', 'skipped', 'its condition #{Octopus.Action[Look].Output.Not} is not true'],
      ['Zero', 'skipped', 'its condition #{Zero} is not true'],
      ['Unset', 'skipped', 'its condition #{Nowhere} is not true'],
      ['Unless', 'succeeded', ''],
      ['Fails', 'failed', ''],
      ['Late', 'skipped', 'its condition #{unless Octopus.Deployment.Error}True#{/unless} is not true'],
      ['Clean', 'succeeded', ''],
      ['Status', 'succeeded', ''],
    ],
  );
});

test('a condition that can not be evaluated fails its step, which runs nothing', async () => {
  using folder = temporaryFolder();
  const plan = planOf(
    folder.path,
    [runStep('Odd', 'echo never', { when: '#{Loop}' }), runStep('Next', 'echo no')],
    {
      variables: [{ name: 'Loop', value: '#{Loop} again' }],
    },
  );
  const outcome = await run(folder.path, plan);
  expect(outcome).toMatchObject({ state: 'failed', failedAt: { step: 1 } });
  expect(outcome.steps.map(({ state }) => state)).toEqual(['failed', 'not-run']);
  expect(outcome.steps[0]!.error).toMatch(/Loop/);
  expect(saidOf(folder.path)).toEqual([]);
});
