import { GuideError } from '../errors.ts';
import type { Answers } from './answers.ts';

/** Everything that is needed and was not answered, at once. */
export function missing(
  answers: Answers,
  what: readonly string[],
  hint = 'Write answers for all of it: `--write-answers FILE` makes a file to fill in, `--answers FILE` takes it.',
): { readonly failure: GuideError } {
  return {
    failure: new GuideError(
      'ANSWERS_MISSING',
      `Cannot go on without a person: ${what.join('; ')} ${what.length === 1 ? 'is' : 'are'} not answered`,
      {
        hint,
        details: { path: answers.path, missing: what },
      },
    ),
  };
}
