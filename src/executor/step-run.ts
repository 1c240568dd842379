import { dirname, isAbsolute, join } from 'node:path';
import { flag, type VariableSet } from '../variables/index.ts';
import { faultPoint } from '../faults.ts';
import type { Convention, ScriptToRun, Work } from './convention.ts';
import { currentFolder } from './convention.ts';
import { realDisk } from './disk.ts';
import { ExecutorError } from './errors.ts';
import type { FolderUse } from './journal.ts';
import type { PlannedStep } from './plan.ts';
import { processMark } from './process-tree.ts';
import type { StepRecord } from './record.ts';
import type { LogLevel } from './run-log.ts';
import { runScript } from './run-script.ts';
import type { RunState } from './run-state.ts';
import { scriptLanguages } from './script-kinds.ts';
import { longestLineBytes } from './script-lines.ts';
import { placeModules } from './script-modules.ts';
import { scriptOutput } from './script-output.ts';
import { sealOutput, shownNameOf } from './step-outputs.ts';
import { canBeOutput, setOutputVariable, setScriptValue } from './step-variables.ts';

export type StepRun = {
  readonly run: RunState;
  readonly step: PlannedStep;
  readonly position: number;
  readonly variables: VariableSet;
  readonly scratch: string;
  /** What the journal holds of this attempt; grows with it. */
  readonly record: StepRecord;
};

/** Makes what one convention sees of a step. Everything it makes known goes to the journal before it counts. */
export function workFor(stepRun: StepRun, convention: Convention, signal: AbortSignal): Work {
  const { run, step, position, variables, record } = stepRun;
  const place = `${position}/${run.plan.steps.length} ${step.name} · ${convention.number} ${convention.name}`;
  const intentions = record.intentions.get(convention.key) ?? new Map<string, string>();
  record.intentions.set(convention.key, intentions);
  const work: Work = {
    plan: run.plan,
    step,
    variables,
    masker: run.masker,
    signal,
    scratch: stepRun.scratch,
    kept: keptFor(run, position),
    log: (level, text) => run.log.write(place, level, text),
    disk: realDisk,
    remark: () => undefined,
    folder: (use) => record.folders.get(use),
    setFolder(use, path) {
      run.journal.append({ kind: 'folder', step: position, use, path });
      record.folders.set(use, path);
      tellFolder(variables, use, path);
    },
    setOutput: (name, value, sensitive) => setOutput(stepRun, work.log, name, value, sensitive),
    intend(path, mark) {
      run.journal.append({ kind: 'intended', step: position, key: convention.key, path, mark });
      intentions.set(path, mark);
    },
    intended: (path) => intentions.get(path),
    intentions: () => intentions,
    digest: (bytes) => run.seal.digest(bytes),
    runScript: (script) => runStepScript(stepRun, work, script),
  };
  return work;
}

/** Where a step keeps what puts the machine back as it was, for one attempt; below the run's own folder. */
export function keptFor(run: Pick<RunState, 'runFolder'>, position: number): string {
  return join(run.runFolder, 'kept', String(position));
}

/** Sets the variables that tell scripts where the application lies. */
export function tellFolder(variables: VariableSet, use: FolderUse, path: string): void {
  if (use === 'extracted') variables.setLiteral('OctopusOriginalPackageDirectoryPath', path);
  else variables.setLiteral('Octopus.Action.Package.CustomInstallationDirectory', path);
  variables.setLiteral('Octopus.Action.Package.InstallationDirectoryPath', path);
}

function setOutput(
  stepRun: StepRun,
  log: (level: LogLevel, text: string) => void,
  name: string,
  value: string,
  sensitive: boolean,
): void {
  const { run, step, position, variables, record } = stepRun;
  if (sensitive) run.keepSecret(`${name} (output of ${step.name})`, value);
  if (!canBeOutput(step.name, run.plan.machine, name)) {
    log(
      'warning',
      `Output variable ${name} is not set: a variable can't have a token as an index in its name`,
    );
    return;
  }
  const isSecret = sensitive || run.masker.holds(value) || run.masker.holds(name);
  const shownName = shownNameOf(run, position, record, name);
  const output = isSecret ? { sealed: sealOutput(run, position, { name, value, sensitive }) } : { value };
  run.journal.append({ kind: 'output', step: position, name: shownName, ...output });
  faultPoint('executor.output.after-journal');
  record.outputs.set(shownName, output);
  setScriptValue(variables, name, value);
  setOutputVariable(variables, run.plan.machine, { step: step.name, name, value });
  log('verbose', `Set output variable ${name}`);
}

/** Runs a script with all variables of the step, acts on its messages, and throws where it failed. */
async function runStepScript(stepRun: StepRun, work: Work, script: ScriptToRun): Promise<void> {
  const { run, step, position, record } = stepRun;
  const called = `${script.shownAs} of step ${position} "${step.name}"`;
  const output = scriptOutput({
    log: work.log,
    mask: (value) => run.keepSecret('a value that a script asked to mask', value),
    setOutput: (name, value, sensitive) => work.setOutput(name, value, sensitive),
    keepArtifact(path, name) {
      const full = isAbsolute(path) ? path : join(currentFolder(work) ?? work.scratch, path);
      const asked = { path: full, name };
      run.journal.append({ kind: 'artifact-asked', step: position, ...asked });
      record.artifactsAsked.push(asked);
    },
    setState(key, value, sensitive, type) {
      work.setOutput(`Octopus.Environment.State[${key}]`, value, sensitive);
      if (type === 'Url') work.log('highlight', `${key}: ${value}`);
    },
  });
  const language = scriptLanguages[script.kind];
  const { remark } = language.command((name) => work.variables.get(name));
  if (remark !== undefined) work.log('verbose', remark);
  const takeModulesAway = placeModules(work, script.kind, dirname(script.file));
  const { exitCode, endedBy, outputHeld, leftOutBytes } = await runScript({
    language,
    file: script.file,
    body: script.body,
    variables: evaluatedVariables(work.variables),
    environment: run.environment,
    scratch: work.scratch,
    signal: work.signal,
    graceMs: run.graceMs,
    onStart(pid) {
      const mark = processMark(pid);
      if (mark !== undefined) run.journal.append({ kind: 'process', step: position, pid, mark });
    },
    onLines(stream, lines) {
      run.log.together(() => {
        for (const line of lines) output.line(stream, line);
      });
    },
  }).finally(takeModulesAway);
  const { resultMessage, wroteErrors } = output.end();
  if (outputHeld) {
    const advice = 'what it writes from now on is lost, so let the script send its output to a file';
    work.log(
      'warning',
      `${script.shownAs} has ended, but a process that it started still holds its output: ${advice}`,
    );
  }
  if (leftOutBytes > 0) {
    const most = `${longestLineBytes / 1024 / 1024} MiB`;
    work.log(
      'warning',
      `${script.shownAs} wrote lines of more than ${most}; ${leftOutBytes} bytes of them are left out`,
    );
  }
  if (exitCode !== 0) {
    const how = endedBy === undefined ? `ended with exit code ${exitCode}` : `was ended by ${endedBy}`;
    const why = resultMessage === undefined ? how : `failed: ${resultMessage}`;
    throw new ExecutorError('SCRIPT_FAILED', `Cannot go on: ${called} ${why}`, {
      hint: 'Read what it wrote in the log of the run.',
      details: { script: script.shownAs, exitCode },
    });
  }
  if (
    wroteErrors &&
    script.ofFeature === undefined &&
    flag(work.variables, 'Octopus.Action.FailScriptOnErrorOutput', false)
  ) {
    throw new ExecutorError('SCRIPT_FAILED', `Cannot go on: ${called} wrote to its error output`, {
      hint: 'Mend what it complains about, or take Octopus.Action.FailScriptOnErrorOutput away.',
      details: { script: script.shownAs },
    });
  }
}

/** Every variable of the step, evaluated; the texts of inline scripts are left out. */
export function evaluatedVariables(variables: VariableSet): Map<string, string> {
  const values = new Map<string, string>();
  for (const name of variables.names()) {
    if (name.startsWith('Octopus.Action.CustomScripts.')) continue;
    const value = variables.get(name);
    if (value !== undefined) values.set(name, value);
  }
  return values;
}
