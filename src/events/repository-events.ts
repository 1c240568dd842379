import { z } from 'zod';
import { defineEvent } from './define-event.ts';
import { Digest } from './link-events.ts';

/** What a NuGet repository is called here, or its address where it was named by that. */
const repository = z.string().min(1).max(500);

const PackageName = z.strictObject({ id: z.string().min(1), version: z.string().min(1) });

/**
 * What a repository has under the name of a package was compared with the content that belongs there, by their digests.
 * The first time that they differ, and when they are the same after that.
 */
export const SourceCompared = defineEvent(
  'source.compared',
  z.strictObject({ repository, package: PackageName, expected: Digest, found: Digest }),
);

/**
 * A package was given to a repository, or could not be: `taken` by it, `there` before, `differs` from what is there,
 * `refused` by it, or `failed` and to be tried again. `code` and `message` tell why, where it was not taken.
 */
export const PackagePushed = defineEvent(
  'package.pushed',
  z.strictObject({
    repository,
    package: PackageName,
    contentDigest: Digest,
    outcome: z.enum(['taken', 'there', 'differs', 'refused', 'failed']),
    code: z.string().max(100).nullable(),
    message: z.string().max(2000).nullable(),
  }),
);
