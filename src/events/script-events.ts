import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { Digest, Id } from './link-events.ts';

/** How many scripts one entry names at most; an approval of more takes several. */
export const approvedScriptsMax = 200;

/**
 * A person looked at scripts of a release and lets them run here. What is approved is a text at its place in a process:
 * the same text there needs no approval again, in any release; another text does, and the same text elsewhere in the
 * process, where it may do something else. `link` is null for this side's own release; `by` is how the person signs,
 * where that is not who the account of the entry stands for.
 */
export const ScriptsApproved = defineEvent(
  'scripts.approved',
  z.strictObject({
    link: Id.nullable(),
    process: z.string().min(1),
    release: z.string().min(1),
    digest: Digest,
    scripts: z
      .array(z.strictObject({ place: z.string().min(1).max(500), digest: Digest }))
      .min(1)
      .max(approvedScriptsMax),
    by: z.string().min(1).max(200).nullable(),
    note: z.string().min(1).max(4000).nullable(),
  }),
);
