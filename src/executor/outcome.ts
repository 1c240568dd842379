import type { Convention } from './convention.ts';
import {
  failureConventions,
  manualConventions,
  packageConventions,
  scriptConventions,
} from './conventions.ts';
import type { ConventionEnd, Fact } from './journal.ts';
import type {
  ConventionOutcome,
  ConventionState,
  Plan,
  PlannedStep,
  RunOutcome,
  StepOutcome,
} from './plan.ts';
import { isIgnored, openWait, recordOf, type RunRecord, type StepRecord } from './record.ts';

/**
 * How a run stands, from its plan and its journal; `alive` is whether a process holds its lock. Pure. A run without
 * end whose process is gone is interrupted: at the step and convention that had begun and not ended, or that was next;
 * one that has nothing but steps that wait for a person waits with them.
 */
export function outcomeOf(plan: Plan, facts: readonly Fact[], alive: boolean): RunOutcome {
  const record = recordOf(facts);
  const isOver = record?.end !== undefined;
  const records = plan.steps.map((_, index) => record?.steps.get(index + 1));
  const waits = isOver ? [] : records.flatMap((known) => openWait(known) ?? []);
  const steps = plan.steps.map((step, index) => {
    const known = records[index];
    if (isOver || known === undefined) return stepOutcome(step, known, undefined);
    const lives = alive || openWait(known) !== undefined;
    return stepOutcome(step, known, lives ? 'running' : 'interrupted');
  });
  const base = { deployment: plan.deployment, startedAt: record?.startedAt ?? 0, steps, waits };
  if (record?.end !== undefined) {
    const { state, at, logSha256, error } = record.end;
    const wanted = state === 'cancelled' ? 'interrupted' : 'failed';
    const failedAt = placeOf(plan, steps, wanted);
    return {
      ...base,
      state,
      endedAt: at,
      ...(state !== 'succeeded' && failedAt && { failedAt }),
      logSha256,
      ...(error && { error: error.message, ...(error.code && { errorCode: error.code }) }),
    };
  }
  if (alive) return { ...base, state: 'running' };
  const cut = steps.findIndex((step) => step.state === 'interrupted');
  if (cut < 0 && waits.length > 0) return { ...base, state: 'waiting' };
  const position = cut < 0 ? nextStep(plan, record) : cut;
  const at = position === undefined ? undefined : interruptedAt(steps, position);
  return {
    ...base,
    state: 'interrupted',
    ...(at && { failedAt: at.place }),
    error: at === undefined ? 'interrupted at its end' : at.text,
  };
}

/** Conventions of a step as its outcome lists them: in order, one line a number. */
export function conventionsOf(step: PlannedStep): readonly Convention[] {
  switch (step.action.kind) {
    case 'package':
      return packageConventions;
    case 'run':
      return scriptConventions;
    case 'manual':
      return manualConventions;
  }
}

/** The index of the first step that has neither ended nor been skipped, undefined where all have. */
function nextStep(plan: Plan, record: RunRecord | undefined): number | undefined {
  const index = plan.steps.findIndex((_, at) => record?.steps.get(at + 1)?.state === undefined);
  return index < 0 ? undefined : index;
}

function stepOutcome(
  step: PlannedStep,
  record: StepRecord | undefined,
  unfinished: 'running' | 'interrupted' | undefined,
): StepOutcome {
  const state = record?.state ?? unfinished ?? 'not-run';
  const cut = state === 'interrupted' ? 'interrupted' : 'running';
  const attempts = record?.attempt ?? 0;
  return {
    id: step.id,
    name: step.name,
    state,
    ...(attempts > 0 && record?.startedAt !== undefined && { startedAt: record.startedAt }),
    ...(attempts > 0 && record?.endedAt !== undefined && { endedAt: record.endedAt }),
    attempts,
    conventions: traceOf(step, record, cut),
    outputs: Object.fromEntries(
      [...(record?.outputs ?? [])].map(([name, { value }]) => [name, value ?? null] as const),
    ),
    artifacts: record?.artifacts ?? [],
    ...applicationOf(step, record),
    ...(record?.skippedBecause !== undefined && { skippedBecause: record.skippedBecause }),
    ...(isIgnored(record) && { ignoredBy: record!.decision!.by }),
    ...(record?.error && {
      error: record.error.message,
      ...(record.error.code && { errorCode: record.error.code }),
      ...(record.error.exitCode !== undefined && { exitCode: record.error.exitCode }),
    }),
  };
}

/** What a step put on this machine, as far as it came. */
function applicationOf(
  { action }: PlannedStep,
  record: StepRecord | undefined,
): Pick<StepOutcome, 'application'> {
  const extractedTo = record?.folders.get('extracted');
  if (action.kind !== 'package' || extractedTo === undefined) return {};
  const { id: packageId, version, sha256 } = action.package;
  const installedTo = record?.folders.get('installed') ?? null;
  return { application: { packageId, version, sha256, extractedTo, installedTo } };
}

/** The numbered lines of a step, one a number. */
export function traceOf(
  step: PlannedStep,
  record: StepRecord | undefined,
  cut: 'running' | 'interrupted',
): ConventionOutcome[] {
  const lines: ConventionOutcome[] = [];
  const failed = step.action.kind === 'package' ? failureConventions : [];
  const ran = failed.filter(({ key }) => record?.started.has(key) || record?.ended.has(key));
  for (const { number, key, name } of [...conventionsOf(step), ...ran]) {
    const line = { number, name, ...lineOf(record, key, cut) };
    const before = lines.at(-1);
    if (before?.number === number) lines[lines.length - 1] = merged(before, line);
    else lines.push(line);
  }
  return lines;
}

function lineOf(
  record: StepRecord | undefined,
  key: string,
  cut: 'running' | 'interrupted',
): Omit<ConventionOutcome, 'number' | 'name'> {
  const end: ConventionEnd | undefined = record?.ended.get(key);
  if (end !== undefined) {
    const detail =
      end.error === undefined ? end.detail : [end.detail, end.error.message].filter(Boolean).join(': ');
    return { state: end.state, ...(end.files && { files: end.files }), ...(detail && { detail }) };
  }
  if (record?.started.has(key)) return { state: cut };
  if (record?.skippedBecause !== undefined && record.state === 'skipped') {
    return { state: 'skipped', detail: record.skippedBecause };
  }
  return { state: 'not-run' };
}

/** What two conventions under one number come to: the first of these states that either has. */
const stronger: readonly ConventionState[] = [
  'failed',
  'interrupted',
  'running',
  'done',
  'skipped',
  'not-run',
  'nothing-to-do',
  'feature-off',
];

function merged(one: ConventionOutcome, other: ConventionOutcome): ConventionOutcome {
  const state = stronger.find((candidate) => candidate === one.state || candidate === other.state)!;
  const files = [...(one.files ?? []), ...(other.files ?? [])];
  const detail = [...new Set([one.detail, other.detail].filter(Boolean))].join('; ');
  return {
    number: one.number,
    name: one.name,
    state,
    ...(files.length > 0 && { files }),
    ...(detail !== '' && { detail }),
  };
}

type Place = NonNullable<RunOutcome['failedAt']>;

function placeOf(
  plan: Plan,
  steps: readonly StepOutcome[],
  state: 'failed' | 'interrupted',
): Place | undefined {
  const index = steps.findIndex((step) => step.state === state && step.ignoredBy === undefined);
  const step = steps[index];
  if (step === undefined) return undefined;
  const line = step.conventions.find((convention) => convention.state === state);
  const convention = line?.number ?? conventionsOf(plan.steps[index]!)[0]!.number;
  return { step: index + 1, stepId: step.id, convention };
}

function interruptedAt(
  steps: readonly StepOutcome[],
  position: number,
): { place: Place; text: string } | undefined {
  const step = steps[position];
  const line =
    step?.conventions.find((convention) => convention.state === 'interrupted') ??
    step?.conventions.find((convention) => convention.state === 'not-run') ??
    step?.conventions.at(-1);
  if (step === undefined || line === undefined) return undefined;
  const place = { step: position + 1, stepId: step.id, convention: line.number };
  return {
    place,
    text: `interrupted at step ${place.step} (${step.name}), convention ${line.number} (${line.name})`,
  };
}
