import { CrossgapError } from '../errors.ts';
import { decodeBody, headerBytes, KeyReplaced, KeyRotated, readHeader } from '../events/index.ts';
import { openSuccessor, type OpenedIntroduction } from '../identity/index.ts';
import type { AgeIdentity } from './age-keys.ts';
import { recordReader } from './bundle-records.ts';
import { openBundle } from './open-bundle.ts';
import type { FoundBundle } from './scan.ts';

/**
 * Who its sender is by the entries of a bundle, beginning with who it was known as: each change of its keys or its
 * certificate counts for which the one before stands. Takes nothing in.
 *
 * @throws {BundleError} as `openBundle`
 */
export async function introducedIn(
  found: FoundBundle,
  identity: AgeIdentity,
  known: OpenedIntroduction,
): Promise<OpenedIntroduction> {
  await using opened = await openBundle(found, identity);
  const records = recordReader(opened);
  let present = known;
  for (let batch = await records.nextEntries(); batch !== undefined; batch = await records.nextEntries())
    for (const { bytes } of batch.entries) present = successorBy(bytes, present) ?? present;
  return present;
}

/** Who an entry puts in the place of `before`; undefined where it does not, or nobody stands for it. */
function successorBy(bytes: Uint8Array, before: OpenedIntroduction): OpenedIntroduction | undefined {
  try {
    const { type, schemaVersion } = readHeader(bytes);
    const event = [KeyRotated, KeyReplaced].find(({ name }) => name === type);
    if (event === undefined || schemaVersion > event.version) return undefined;
    const { introduction, endorsement } = event.read(schemaVersion, decodeBody(bytes.subarray(headerBytes)));
    return openSuccessor({ introduction, endorsement }, before);
  } catch (error) {
    if (error instanceof CrossgapError) return undefined;
    throw error;
  }
}
