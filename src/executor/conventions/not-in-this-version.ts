import { flag } from '../../variables/index.ts';
import type { Done, Work } from '../convention.ts';
import { ExecutorError } from '../errors.ts';

/** A convention whose feature this version does not bring: off where nobody asks for it, refused where somebody does. */
function notInThisVersion(what: string, isAskedFor: (work: Work) => boolean) {
  return async (work: Work): Promise<Done> => {
    if (!isAskedFor(work)) return { state: 'feature-off' };
    throw new ExecutorError('FEATURE_NOT_SUPPORTED', `Cannot ${what}: this version can't do that yet`, {
      hint: 'Take the feature out of the step, or do its work in a script.',
      details: { step: work.step.name },
    });
  };
}

export const setIisHomeDirectory = notInThisVersion('set the home directory of an IIS site', (work) =>
  flag(work.variables, 'Octopus.Action.Package.UpdateIisWebsite', false),
);
