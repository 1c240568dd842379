import { BundleError } from './errors.ts';
import type { FoundBundle } from './scan.ts';

/** The error for an inside that its sender's crossgap can't have made. */
export function malformed({ facts }: FoundBundle, why: string, cause?: unknown): BundleError {
  return new BundleError(
    'BUNDLE_MALFORMED',
    `Cannot read bundle ${facts.number} from ${facts.from.name}: ${why}`,
    {
      hint: 'Ask the sender for a new bundle; what was taken in before stays.',
      details: { bundle: facts.number, id: facts.id },
      cause,
    },
  );
}
