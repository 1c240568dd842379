// The release document: UTF-8 JSON without line breaks, keys in the order of the schema below. Its SHA-256 is the
// release's digest; the bytes are kept as they are and never made again from the parsed value.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Digest } from './link-events.ts';
import { PackagePin } from './release-events.ts';

/** What a release needs that its author can't know; asked from the receiver. */
export const ReleaseInput = z.strictObject({
  name: z.string().min(1),
  label: z.string().nullable(),
  help: z.string().nullable(),
  type: z.string(),
  choices: z.array(z.string()),
  default: z.string().nullable(),
  required: z.boolean(),
  secret: z.boolean(),
});
export type ReleaseInput = z.infer<typeof ReleaseInput>;

export const ReleaseDocument = z.strictObject({
  format: z.literal(1),
  process: z.string().min(1).max(200),
  number: z.string().min(1).max(100),
  revision: z.strictObject({ number: z.int().min(1), digest: Digest, sizeBytes: z.int().min(0) }),
  packages: z.array(PackagePin).max(200),
  notes: z.strictObject({ digest: Digest, sizeBytes: z.int().min(0) }).nullable(),
  inputs: z.array(ReleaseInput).max(500),
  createdAt: z.iso.datetime(),
});
export type ReleaseDocument = z.infer<typeof ReleaseDocument>;

/** The frozen bytes of a release and the digest it is known by. */
export function freezeRelease(document: ReleaseDocument): { bytes: Uint8Array; digest: string } {
  const bytes = new TextEncoder().encode(JSON.stringify(ReleaseDocument.parse(document)));
  return { bytes, digest: createHash('sha256').update(bytes).digest('hex') };
}

/** The release in these bytes, or undefined where they are none or not the ones `digest` names. */
export function readRelease(bytes: Uint8Array, digest: string): ReleaseDocument | undefined {
  if (createHash('sha256').update(bytes).digest('hex') !== digest) return undefined;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return ReleaseDocument.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Everything a release names by digest, which its receiver needs before it can be deployed. */
export function blobsOf(
  document: ReleaseDocument,
): { digest: string; sizeBytes: number; what: 'process' | 'notes' | 'package'; pin?: PackagePin }[] {
  return [
    { digest: document.revision.digest, sizeBytes: document.revision.sizeBytes, what: 'process' },
    ...(document.notes === null ? [] : [{ ...document.notes, what: 'notes' as const }]),
    ...document.packages.map((pin) => ({
      digest: pin.sha256,
      sizeBytes: pin.sizeBytes,
      what: 'package' as const,
      pin,
    })),
  ];
}
