import { faultPoint } from '../faults.ts';
import { flag } from '../variables/index.ts';
import type { Convention, Work } from './convention.ts';
import type { ConventionEnd, FactError } from './journal.ts';

/** What the loop needs of the step around it. */
export type StepWork = {
  readonly workFor: (convention: Convention) => Work;
  /** What already ended in the attempt that goes on; none of it runs again. */
  readonly ended: ReadonlyMap<string, ConventionEnd>;
  readonly began: (convention: Convention) => void;
  readonly end: (convention: Convention, end: ConventionEnd) => void;
  /** An error as it may be kept, and whether it means that the run was cancelled or broken off from outside. */
  readonly judge: (error: unknown) => {
    readonly error: FactError;
    readonly stopped?: 'cancelled' | 'interrupted';
  };
  /** Work that follows the last convention, or the rollback, and has no line of its own. */
  readonly cleanUp: (work: Work) => void;
};

export type ConventionsEnd =
  | { readonly state: 'succeeded' }
  | { readonly state: 'failed'; readonly error: FactError }
  | { readonly state: 'cancelled' | 'interrupted'; readonly error: FactError };

/** How a step ended, or that a person has to decide first. */
export type StepEnd = ConventionsEnd | { readonly state: 'waiting' };

const filesKept = 1000;

/**
 * Runs the conventions in order until one fails, one asks to skip the rest, or none is left. After a failure the
 * failure conventions run; one of them failing is told and never takes the place of the first error.
 */
export async function runConventions(
  conventions: readonly Convention[],
  onFailure: readonly Convention[],
  step: StepWork,
): Promise<ConventionsEnd> {
  let skipped: string | undefined;
  let last: Work | undefined;
  for (const convention of conventions) {
    const work = step.workFor(convention);
    last = work;
    let end = step.ended.get(convention.key);
    if (end === undefined && skipped !== undefined) {
      step.end(convention, { state: 'skipped', detail: skipped });
      continue;
    }
    if (end === undefined) {
      const ran = await runOne(convention, work, step);
      if (ran.stopped !== undefined) return { state: ran.stopped, error: ran.end.error! };
      end = ran.end;
    }
    if (end.error !== undefined) return await rollBack(onFailure, step, end.error);
    const asked =
      end.state !== 'skipped' && flag(work.variables, 'Octopus.Action.SkipRemainingConventions', false);
    if (asked) skipped ??= `skipped on request of ${convention.name}`;
    skipped ??= end.skipRest;
  }
  if (last !== undefined && skipped === undefined) step.cleanUp(last);
  return { state: 'succeeded' };
}

async function rollBack(
  onFailure: readonly Convention[],
  step: StepWork,
  error: FactError,
): Promise<ConventionsEnd> {
  let isSaid = false;
  let failed = false;
  for (const convention of onFailure) {
    const work = step.workFor(convention);
    work.variables.setLiteral('OctopusLastError', [error.message, error.hint].filter(Boolean).join('\n'));
    work.variables.setLiteral('OctopusLastErrorMessage', error.message);
    let end = step.ended.get(convention.key);
    if (end === undefined) {
      if (!isSaid) work.log('error', 'Running rollback conventions...');
      isSaid = true;
      const ran = await runOne(convention, work, step);
      if (ran.stopped !== undefined) return { state: ran.stopped, error: ran.end.error! };
      end = ran.end;
    }
    // A script that fails must not keep features from putting the machine back.
    failed ||= end.error !== undefined;
    if (!failed && convention === onFailure.at(-1)) step.cleanUp(work);
  }
  return { state: 'failed', error };
}

async function runOne(
  convention: Convention,
  work: Work,
  step: StepWork,
): Promise<{ end: ConventionEnd; stopped?: 'cancelled' | 'interrupted' }> {
  step.began(convention);
  let end: ConventionEnd;
  let stopped: 'cancelled' | 'interrupted' | undefined;
  try {
    const run = await convention.load();
    const done = await run(work);
    const { files, detail, skipRest } = done;
    const more = files !== undefined && files.length > filesKept ? [`${files.length} files in all`] : [];
    const said = [...(detail === undefined ? [] : [detail]), ...more].join('; ');
    end = {
      state: done.state,
      ...(files && { files: files.slice(0, filesKept).map((file) => work.masker.mask(file)) }),
      ...(said !== '' && { detail: work.masker.mask(said) }),
      ...(skipRest !== undefined && { skipRest: work.masker.mask(skipRest) }),
    };
  } catch (caught) {
    const judged = step.judge(caught);
    stopped = judged.stopped;
    const isTime = judged.error.code === 'STEP_TIME_LIMIT';
    end = {
      state: stopped === undefined ? 'failed' : 'interrupted',
      ...(isTime && { detail: 'time' }),
      error: judged.error,
    };
    if (stopped === 'interrupted') return { end, stopped };
  }
  faultPoint('executor.convention.before-journal');
  step.end(convention, end);
  faultPoint('executor.convention.after-journal');
  return { end, ...(stopped && { stopped }) };
}
