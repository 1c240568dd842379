import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { BundleError } from './errors.ts';
import type { ReadNote } from './relay-note.ts';
import { routeOf } from './relay-notes.ts';
import { guardRead, type FoundBundle } from './scan.ts';

/** A part that is damaged here: the digests of its content as the sender signed it and as it is, where they are known. */
export type DamagedPart = {
  readonly part: number;
  readonly signed: string | undefined;
  readonly found: string | undefined;
};

/**
 * The refusal of a damaged part, with the hop after which its bytes became others: the last one whose note has the
 * digest that the sender signed. Where nobody noted the part, the refusal stays as it is.
 */
export function namingHop(
  refusal: BundleError,
  notes: readonly ReadNote[],
  damaged: DamagedPart,
): BundleError {
  const { signed, found } = damaged;
  const seen = routeOf(notes).flatMap((note) => {
    const noted = note.parts.find(({ part }) => part === damaged.part);
    if (noted === undefined) return [];
    // Without a front that holds, what differs from the damaged one is taken for good.
    const isGood = signed === undefined ? noted.sha256 !== found : noted.sha256 === signed;
    return [{ note, isGood }];
  });
  const lastGood = seen.findLast(({ isGood }) => isGood)?.note;
  const firstBad = seen.find(({ isGood }) => !isGood)?.note;
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
    `Cannot use part ${damaged.part} of bundle ${String(number)}: it was altered ${where}`,
    {
      hint: `Ask ${blamed.by.name}, or the sender, for that part again: crossgap bundle export --to NAME --bundle ${String(number)} --part ${damaged.part}; and find out who had the medium since.`,
      details: {
        ...refusal.details,
        part: damaged.part,
        hop: hopDocument(blamed),
        noted: blamed.parts.find(({ part }) => part === damaged.part)?.sha256,
        found,
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

/**
 * The part that is damaged, looked for from `first` on: what does not open may reach over several small parts.
 * Undefined where all are as the sender signed them.
 */
export async function damagedFrom({ parts }: FoundBundle, first: number): Promise<DamagedPart | undefined> {
  const following = [...parts.values()].filter(({ part }) => part >= first);
  for (const part of following.toSorted((a, b) => a.part - b.part)) {
    const signed = part.content.sha256;
    const hash = createHash('sha256');
    await guardRead(part.path, async () => {
      const start = part.offset + part.frontBytes;
      const end = start + part.content.sizeBytes - 1;
      for await (const bytes of createReadStream(part.path, { start, end })) hash.update(bytes as Buffer);
    });
    const found = hash.digest('hex');
    if (found !== signed) return { part: part.part, signed, found };
  }
  return undefined;
}

/** A hop for scripts. */
function hopDocument({ by, words, hop, takenAt, passedAt }: ReadNote): Record<string, unknown> {
  return { hop, name: by.name, instance: by.instance, words, takenAt, passedAt };
}

function nameOf({ by, words }: ReadNote): string {
  return `${by.name} (${words})`;
}
