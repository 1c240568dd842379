import type { ConventionEnd, Fact, FactError, FolderUse } from './journal.ts';
import type { ArtifactOutcome, Decision, StepState, Wait } from './plan.ts';

/** What a journal says about one step, of its last attempt. */
export type StepRecord = {
  attempt: number;
  startedAt?: number;
  endedAt?: number;
  /** Set once the step has ended or was skipped. */
  state?: StepState;
  skippedBecause?: string;
  error?: FactError;
  /** The wait of this attempt, and what was decided about it or, as wait 0, by the plan. */
  wait?: Wait;
  decision?: Decision;
  readonly started: Set<string>;
  readonly ended: Map<string, ConventionEnd>;
  readonly folders: Map<FolderUse, string>;
  readonly outputs: Map<string, { readonly value?: string; readonly sealed?: string }>;
  readonly intentions: Map<string, Map<string, string>>;
  /** The last script's process that is known to have lived. */
  process?: { readonly pid: number; readonly mark: string };
  readonly artifactsAsked: { readonly name: string; readonly path: string }[];
  readonly artifacts: ArtifactOutcome[];
};

/** What a journal says about a run, before it is held against the plan. */
export type RunRecord = {
  readonly deployment: string;
  readonly planSha256: string;
  readonly startedAt: number;
  readonly steps: Map<number, StepRecord>;
  /** How often it waited for a person so far. */
  waits: number;
  end?: Extract<Fact, { kind: 'run-ended' }>;
};

/** The facts of a journal by step; undefined where the run never began. Pure. */
export function recordOf(facts: readonly Fact[]): RunRecord | undefined {
  let run: RunRecord | undefined;
  for (const fact of facts) {
    if (fact.kind === 'run-started') {
      const { deployment, planSha256, at } = fact;
      run = { deployment, planSha256, startedAt: at, steps: new Map(), waits: 0 };
    } else if (run !== undefined) {
      add(run, fact);
    }
  }
  return run;
}

function add(run: RunRecord, fact: Exclude<Fact, { kind: 'run-started' }>): void {
  if (fact.kind === 'run-ended') run.end = fact;
  if (fact.kind === 'run-ended' || fact.kind === 'run-resumed') return;
  if (fact.kind === 'step-started' || fact.kind === 'step-skipped') {
    const startedAt = run.steps.get(fact.step)?.startedAt ?? fact.at;
    const attempt = fact.kind === 'step-started' ? fact.attempt : 0;
    run.steps.set(fact.step, emptyStep(attempt, startedAt));
  }
  const step = run.steps.get(fact.step);
  if (step === undefined) return;
  switch (fact.kind) {
    case 'step-started':
      return;
    case 'step-skipped':
      Object.assign(step, { state: fact.state, skippedBecause: fact.because, endedAt: fact.at });
      return;
    case 'convention-started':
      step.started.add(fact.key);
      return;
    case 'convention-ended': {
      const { kind: _kind, at: _at, step: _step, key, ...end } = fact;
      step.ended.set(key, end);
      return;
    }
    case 'intended': {
      const known = step.intentions.get(fact.key) ?? new Map<string, string>();
      step.intentions.set(fact.key, known.set(fact.path, fact.mark));
      return;
    }
    case 'folder':
      step.folders.set(fact.use, fact.path);
      return;
    case 'output': {
      const { value, sealed } = fact;
      step.outputs.set(fact.name, {
        ...(value !== undefined && { value }),
        ...(sealed !== undefined && { sealed }),
      });
      return;
    }
    case 'waiting': {
      const { kind: _kind, ...wait } = fact;
      step.wait = wait;
      run.waits = Math.max(run.waits, wait.wait);
      return;
    }
    case 'decided': {
      const { kind: _kind, step: _step, ...decision } = fact;
      step.decision = decision;
      return;
    }
    case 'process':
      step.process = { pid: fact.pid, mark: fact.mark };
      return;
    case 'artifact-asked':
      step.artifactsAsked.push({ name: fact.name, path: fact.path });
      return;
    case 'artifact': {
      const { name, file, sizeBytes, sha256, from } = fact;
      step.artifacts.push({ name, file, sizeBytes, sha256 });
      // What is kept is not asked for any more when the step goes on.
      const asked = step.artifactsAsked.findIndex(({ path }) => path === from);
      if (asked >= 0) step.artifactsAsked.splice(asked, 1);
      return;
    }
    case 'step-ended':
      Object.assign(step, { state: fact.state, endedAt: fact.at, ...(fact.error && { error: fact.error }) });
      return;
  }
}

/** What a step waits for a person to decide; undefined where that is done, or it never waited. */
export function openWait(record: StepRecord | undefined): Wait | undefined {
  return record?.decision === undefined ? record?.wait : undefined;
}

/** Whether a step failed and it was decided that the run goes on all the same. */
export function isIgnored(record: StepRecord | undefined): boolean {
  return record?.state === 'failed' && record.decision?.answer === 'ignore';
}

export function emptyStep(attempt: number, startedAt: number): StepRecord {
  return {
    attempt,
    startedAt,
    started: new Set(),
    ended: new Map(),
    folders: new Map(),
    outputs: new Map(),
    intentions: new Map(),
    artifactsAsked: [],
    artifacts: [],
  };
}
