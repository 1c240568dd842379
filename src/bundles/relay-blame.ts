import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { BundleError } from './errors.ts';
import type { ReadNote } from './relay-note.ts';
import { routeOf } from './relay-notes.ts';
import { guardRead, type FoundBundle } from './scan.ts';

/** A part as it lies here: the digest of its content, undefined where it was cut or its front does not hold. */
export type PartHere = { readonly part: number; readonly sha256: string | undefined };

/**
 * The refusal of a damaged part, with the hop after which its bytes became others: the last one whose note has another
 * digest than what lies here. Where nobody noted the part, the refusal stays as it is.
 */
export function namingHop(refusal: BundleError, notes: readonly ReadNote[], here: PartHere): BundleError {
  const seen = routeOf(notes).flatMap((note) => {
    const noted = note.parts.find(({ part }) => part === here.part);
    return noted === undefined ? [] : [{ note, isSame: noted.sha256 === here.sha256 }];
  });
  const lastGood = seen.findLast(({ isSame }) => !isSame)?.note;
  const firstBad = seen.find(({ isSame }) => isSame)?.note;
  if (seen.length === 0) return refusal;
  const number = refusal.details['bundle'];
  const where =
    lastGood === undefined
      ? `before ${nameOf(firstBad!)} noted it, or there`
      : firstBad === undefined
        ? `after ${nameOf(lastGood)} had it`
        : `between ${nameOf(lastGood)} and ${nameOf(firstBad)}`;
  const blamed = lastGood ?? firstBad!;
  return new BundleError(
    'RELAY_PART_ALTERED',
    `Cannot use part ${here.part} of bundle ${String(number)}: it was altered ${where}`,
    {
      hint: `Ask ${blamed.by.name}, or the sender, for that part again: crossgap bundle export --to NAME --bundle ${String(number)} --part ${here.part}; and find out who had the medium since.`,
      details: {
        ...refusal.details,
        part: here.part,
        hop: hopDocument(blamed),
        noted: blamed.parts.find(({ part }) => part === here.part)?.sha256,
        found: here.sha256,
        refusal: refusal.code,
      },
      cause: refusal,
    },
  );
}

/** The refusal of a bundle that lacks parts, with the hop that was the last to have them. */
export function namingWithholder(refusal: BundleError, notes: readonly ReadNote[]): BundleError {
  const missing = refusal.details['missing'];
  if (!Array.isArray(missing)) return refusal;
  const last = routeOf(notes).findLast(({ parts }) => parts.some(({ part }) => missing.includes(part)));
  if (last === undefined) return refusal;
  return new BundleError(refusal.code, `${refusal.message}; ${nameOf(last)} had it`, {
    hint: `Ask ${last.by.name} for it: crossgap bundle export --to NAME --bundle ${String(refusal.details['bundle'])} --part ${String(missing[0])}.`,
    details: { ...refusal.details, hop: hopDocument(last) },
    cause: refusal,
  });
}

/** The digest of the content of a part as it lies here. */
export async function digestHere({ parts }: FoundBundle, number: number): Promise<PartHere> {
  const part = parts.get(number);
  if (part === undefined) return { part: number, sha256: undefined };
  const hash = createHash('sha256');
  await guardRead(part.path, async () => {
    for await (const bytes of createReadStream(part.path, { start: part.frontBytes }))
      hash.update(bytes as Buffer);
  });
  return { part: number, sha256: hash.digest('hex') };
}

/** A hop for scripts. */
export function hopDocument({ by, words, hop, takenAt, passedAt }: ReadNote): Record<string, unknown> {
  return { hop, name: by.name, instance: by.instance, words, takenAt, passedAt };
}

function nameOf({ by, words }: ReadNote): string {
  return `${by.name} (${words})`;
}
