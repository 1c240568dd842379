import { test } from 'vitest';
import { killedRunResumes, type Fault } from '../support/scripts-killed.ts';

/** Every fault point of the executor; those that are quick to say something are in the unit tests too. */
const faults: readonly Fault[] = [
  ['executor.step.started', 'step 1 (Stop), convention 10', []],
  ['executor.step.started:2', 'step 2 (Web), convention 0', []],
  ['executor.extract.during', 'step 2 (Web), convention 0', []],
  ['executor.extract.before-rename', 'step 2 (Web), convention 0', []],
  ['executor.extract.after-rename', 'step 2 (Web), convention 0', []],
  ['executor.script.before', 'step 1 (Stop), convention 10', []],
  ['executor.script.before:2', 'step 2 (Web), convention 2', []],
  ['executor.script.after:2', 'step 2 (Web), convention 2', ['inline pre']],
  ['executor.script.after:3', 'step 2 (Web), convention 2', ['packaged pre']],
  ['executor.output.after-journal:3', 'step 2 (Web), convention 2', ['packaged pre']],
  ['executor.rewrite.before', 'step 2 (Web), convention 5', []],
  ['executor.rewrite.after', 'step 2 (Web), convention 5', []],
  ['executor.copy.purging', 'step 2 (Web), convention 8', []],
  ['executor.copy.during:2', 'step 2 (Web), convention 8', []],
  // The packaged script was deleted after it ran, so that it is not there to run again.
  ['executor.convention.before-journal:5', 'step 2 (Web), convention 2', []],
  ['executor.convention.after-journal:5', 'step 2 (Web), convention 3', []],
  ['executor.step.before-journal:2', 'step 2 (Web), convention 15', []],
  ['executor.end.before-journal', '', []],
];

test.each(faults)('J1.F8 killed at %s a run is interrupted at %s and resumes there', async (...fault) => {
  await killedRunResumes(fault);
});
