import type { PlannedStep } from './plan.ts';
import type { StepRecord } from './record.ts';
import type { RunState } from './run-state.ts';
import type { OutputVariable } from './step-variables.ts';

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
    const text = run.seal.open(sealed, `${run.plan.deployment}/${position}`);
    const opened = JSON.parse(text) as { name: string; value: string; sensitive: boolean };
    if (opened.sensitive) run.masker.add(opened.value);
    return { step: step.name, name: opened.name, value: opened.value };
  });
}
