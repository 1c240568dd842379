import { CrossgapError, exitCodes } from '../../errors.ts';

/** Something in the demo's story did not come out as it must; the story ends there. */
export class StoryError extends CrossgapError<'STORY_BROKEN'> {
  constructor(what: string) {
    super('STORY_BROKEN', exitCodes.unexpected, `Cannot go on with the story: ${what}`, {
      hint: 'The data folders and logs of both companies are kept; please report this with them.',
    });
  }
}
