import { preflight, tryInput } from '../../daemon/index.ts';
import type { ReleaseSite } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import type { ReleaseRow } from '../../projections/index.ts';
import { keepAnswers } from './inputs-here.ts';
import { placeHere } from './place-here.ts';
import { judgedSignatures } from './release-here.ts';
import { decideHere, runWork } from './run-work.ts';
import { approveHere, previousHere, standingHere } from './standing-here.ts';
import { unusedValues } from './unused-values.ts';

/** The instance, and a release that it holds. */
export type Here = { readonly instance: Instance; readonly release: ReleaseRow };

/** What can be done with a release once it is here, however it came; `here` is asked each time. */
export function worksHere(here: () => Here, signal: AbortSignal): Omit<ReleaseSite, keyof AsyncDisposable> {
  return {
    async judgeSignatures() {
      const { instance, release } = here();
      return await judgedSignatures(instance, release);
    },
    async standing(environment) {
      const { instance, release } = here();
      return await standingHere(instance, release, environment);
    },
    async approveScripts(environment, approval, whose) {
      const { instance, release } = here();
      const before = whose && previousHere(instance, release, placeHere(instance.db, release, environment));
      await approveHere(instance, before ?? release, environment, approval);
    },
    async check(environment, values, { signal: left, approvedSet }) {
      const { instance, release } = here();
      const either = AbortSignal.any([signal, left]);
      const options = { runsScripts: true, signal: either, approvedSet };
      return await preflight(instance, release, environment, values, options);
    },
    async tryInput(environment, input, values, { signal: left, approvedSet }) {
      const { instance, release } = here();
      const either = AbortSignal.any([signal, left]);
      const options = { signal: either, approvedSet };
      return await tryInput(instance, release, environment, input, values, options);
    },
    async keep(environment, values) {
      const { instance, release } = here();
      // What is lacking for the release that is gone back to is asked for as well.
      const before = previousHere(instance, release, placeHere(instance.db, release, environment));
      keepAnswers(instance, before === undefined ? [release] : [before, release], { environment, values });
    },
    async run(work, hooks) {
      const { instance, release } = here();
      return await runWork(instance, release, { work, hooks });
    },
    async unusedValues(environment, deployment, values) {
      const { instance, release } = here();
      return unusedValues(instance, release, { environment, deployment }, values);
    },
    async decide(deployment, wait, decision) {
      decideHere(here().instance, deployment, { wait, decision });
    },
  };
}
