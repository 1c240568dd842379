import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { deploymentId } from './deployment-events.ts';
import { Digest, Id } from './link-events.ts';

/**
 * A step of a deployment put a package on this machine; `link` is null for this side's own release. `extractedTo` is the
 * folder of this version, `installedTo` the one it was copied to, both absolute. A step that failed after it extracted
 * counts as well: what it left lies there.
 */
export const ApplicationInstalled = defineEvent(
  'application.installed',
  z.strictObject({
    deployment: deploymentId,
    position: z.int().min(1),
    link: Id.nullable(),
    process: z.string(),
    environment: z.string(),
    stepId: z.string(),
    packageId: z.string(),
    version: z.string(),
    sha256: Digest,
    extractedTo: z.string(),
    installedTo: z.string().nullable(),
    succeeded: z.boolean(),
  }),
);

/** The folder of a version was removed, since enough newer ones are there. */
export const ApplicationRemoved = defineEvent(
  'application.removed',
  z.strictObject({ deployment: deploymentId, position: z.int().min(1) }),
);
