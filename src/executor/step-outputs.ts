import type { PlannedStep } from './plan.ts';
import type { StepRecord } from './record.ts';
import type { RunState } from './run-state.ts';
import type { OutputVariable } from './step-variables.ts';

type SealedOutput = { readonly name: string; readonly value: string; readonly sensitive: boolean };

/**
 * Under which name the journal and the outcome know an output: its own, masked. Two names can look alike then, and neither
 * may take the place of the other: the second gets a number.
 */
export function shownNameOf(run: RunState, position: number, record: StepRecord, name: string): string {
  const masked = run.masker.mask(name);
  const isOf = (shown: string): boolean => {
    const known = record.outputs.get(shown);
    if (known === undefined) return true;
    return known.sealed === undefined ? shown === name : open(run, position, known.sealed).name === name;
  };
  let shown = masked;
  for (let n = 2; !isOf(shown); n += 1) shown = `${masked} (${n})`;
  return shown;
}

export function sealOutput(run: RunState, position: number, output: SealedOutput): string {
  return run.seal.seal(JSON.stringify(output), `${run.plan.deployment}/${position}`);
}

function open(run: RunState, position: number, sealed: string): SealedOutput {
  return JSON.parse(run.seal.open(sealed, `${run.plan.deployment}/${position}`)) as SealedOutput;
}

/** The outputs of a step with their values; sealed ones are opened and masked again. */
export function outputsOf(
  run: RunState,
  step: PlannedStep,
  position: number,
  record: StepRecord,
): OutputVariable[] {
  const isLiteral = step.action.kind === 'manual' && ({ isLiteral: true } as const);
  return [...record.outputs].map(([name, { value, sealed }]) => {
    if (sealed === undefined) return { step: step.name, name, value: value ?? '', ...isLiteral };
    const opened = open(run, position, sealed);
    if (opened.sensitive) run.masker.add(opened.value);
    return { step: step.name, name: opened.name, value: opened.value };
  });
}
