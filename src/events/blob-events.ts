import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { Digest } from './link-events.ts';

/**
 * Files were given up: no release that can be deployed, or gone back to, needs them. They are removed after this and are
 * not asked for again until they are added, offered or accepted once more.
 */
export const BlobsRemoved = defineEvent(
  'blobs.removed',
  z.strictObject({
    blobs: z
      .array(
        z.strictObject({
          digest: Digest,
          /** What was freed; 0 where it had not come yet. */
          sizeBytes: z.int().min(0),
          /** A package by id and version, or the kind of document. */
          what: z.string().min(1).max(300),
          why: z.string().min(1).max(200),
        }),
      )
      .min(1)
      .max(200),
  }),
);
