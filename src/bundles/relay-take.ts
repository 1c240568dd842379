import { CrossgapError } from '../errors.ts';
import type { SealedFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { damageOf } from './inspect.ts';
import { askAgain, partMissing } from './part-bytes.ts';
import { isMeant, type Allowance } from './relay-allowance.ts';
import { namingHop } from './relay-blame.ts';
import type { ReadNote } from './relay-note.ts';
import { notesAbout } from './relay-notes.ts';
import {
  allowanceFor,
  bytesOf,
  keepRecord,
  noteOf,
  relayedBundle,
  storePart,
  usedBytes,
  type Relay,
  type RelayedBundle,
  type RelayedPart,
} from './relay-store.ts';
import { hasItsSize, missingParts, type FoundBundle, type FoundPart } from './scan.ts';

/** What came of a bundle that is to be passed on. */
export type TakenForRelay = {
  readonly facts: SealedFacts;
  readonly words: string;
  /** Parts that were new, and those that lay here before. */
  readonly partsIn: readonly number[];
  readonly partsKnown: readonly number[];
  /** When the receiver said that it has it, if it did. */
  readonly arrivedAt: string | null;
  /** Through which hops it came here. */
  readonly route: readonly ReadNote[];
  /** Why it is not here, or not all of it. What is good stays. */
  readonly failure: CrossgapError | undefined;
};

/** A bundle that is sealed to one receiver: of an open one a relay can not know for whom it is. */
export type SealedBundle = FoundBundle & { readonly facts: SealedFacts };

/** Whether this bundle is for somebody else, and the operator has allowed to store and pass it on. */
export function isForRelay(found: FoundBundle, relay: Relay): found is SealedBundle {
  const { facts, sender } = found;
  return (
    facts.format === 1 &&
    facts.to.instance !== relay.self.instance &&
    allowanceFor(relay, facts, sender.words, isMeant) !== undefined
  );
}

/**
 * Stores a bundle that can't be read here: every part whose content is what its sender signed, as it came. Nothing of
 * a bundle is stored that would not fit into the quota as a whole.
 */
export async function takeForRelay(
  found: SealedBundle,
  notes: readonly ReadNote[],
  relay: Relay,
  signal: AbortSignal,
): Promise<TakenForRelay> {
  const { facts, sender } = found;
  relay.shelf.keep(facts, notesAbout(notes, facts));
  const route = relay.shelf.of(facts).filter(({ by }) => by.instance !== relay.self.instance);
  const known = relayedBundle(relay, facts);
  const taken = { facts, words: sender.words, partsIn: [], partsKnown: [], arrivedAt: null, route };
  if (known !== undefined && known.arrivedAt !== null)
    return { ...taken, arrivedAt: known.arrivedAt, failure: undefined };
  try {
    const allowance = allowanceFor(relay, facts, sender.words, isMeant);
    if (allowance === undefined) return { ...taken, failure: notAllowed(found) };
    const record: RelayedBundle = known ?? {
      format: 1,
      facts,
      senderWords: sender.words,
      under: allowance.for,
      takenAt: relay.now(),
      passedAt: null,
      arrivedAt: null,
      parts: [],
    };
    const partsKnown = record.parts.map(({ part }) => part);
    const coming = [...found.parts.values()].filter(({ part }) => !partsKnown.includes(part));
    refuseTooMuch(relay, allowance, record, coming);
    const { parts, damaged } = await storeParts(record, coming);
    const partsIn = parts.map(({ part }) => part).filter((part) => !partsKnown.includes(part));
    if (partsIn.length > 0)
      relay.shelf.keep(facts, [noteOf(relay, facts, { takenAt: record.takenAt, passedAt: null, parts })]);
    const failure = damaged ?? lacking(found, parts, signal);
    return { ...taken, partsIn, partsKnown, failure };
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    return { ...taken, failure: error };
  }

  async function storeParts(
    record: RelayedBundle,
    coming: readonly FoundPart[],
  ): Promise<{ parts: readonly RelayedPart[]; damaged: BundleError | undefined }> {
    let parts = record.parts;
    let damaged: BundleError | undefined;
    for (const one of coming) {
      if (signal.aborted) break;
      // A file that is not as long as it says is not worth copying.
      const copied = hasItsSize(one) ? await storePart(relay, one) : undefined;
      if (copied?.part !== undefined) {
        parts = [...parts, copied.part].toSorted((a, b) => a.part - b.part);
        // What is new has not been passed on.
        keepRecord(relay, { ...record, passedAt: null, parts });
        continue;
      }
      const here = { part: one.part, signed: one.content.sha256, found: copied?.sha256 };
      damaged ??= namingHop(await damagedOnMedium(found, one), route, here);
    }
    return { parts, damaged };
  }
}

function refuseTooMuch(
  relay: Relay,
  { for: who, quotaBytes }: Allowance,
  record: RelayedBundle,
  coming: readonly FoundPart[],
): void {
  const { facts } = record;
  const here = bytesOf(record.parts);
  const known = here + coming.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
  // What is still on its way counts as well: half a bundle is of no use.
  const needed = Math.max(known, facts.sealedBytes);
  const used = usedBytes(relay, { for: record.under, quotaBytes }) - here;
  if (coming.length === 0 || used + needed <= quotaBytes) return;
  throw new BundleError(
    'RELAY_QUOTA_EXCEEDED',
    `Cannot store bundle ${facts.number} from ${facts.from.name} for ${facts.to.name}: with its ${needed} bytes more than ${quotaBytes} would lie here for ${who}`,
    {
      hint: `Pass on what waits and bring back what the receiver gives for it, or allow more: crossgap bundle relay allow --for NAME --quota SIZE.`,
      details: {
        bundle: facts.number,
        id: facts.id,
        neededBytes: needed,
        usedBytes: used,
        quotaBytes,
        for: who,
      },
    },
  );
}

function lacking(
  found: FoundBundle,
  parts: readonly RelayedPart[],
  { aborted }: AbortSignal,
): BundleError | undefined {
  const { facts } = found;
  const missing = missingParts(found).filter((number) => !parts.some(({ part }) => part === number));
  if (missing.length > 0) return partMissing(found, missing);
  if (!aborted || parts.length === facts.parts) return undefined;
  return new BundleError(
    'BUNDLE_INTERRUPTED',
    `Cannot finish storing bundle ${facts.number} from ${facts.from.name}: the command was asked to end`,
    {
      hint: 'Run the command again: it goes on where it was.',
      details: { bundle: facts.number, id: facts.id },
    },
  );
}

async function damagedOnMedium({ facts }: FoundBundle, part: FoundPart): Promise<BundleError> {
  const why = (await damageOf(part)) ?? 'its content was changed';
  return new BundleError(
    'BUNDLE_PART_DAMAGED',
    `Cannot store bundle ${facts.number} from ${facts.from.name}: part ${part.part} of ${facts.parts} is damaged (${part.path}): ${why}`,
    {
      hint: `Copy that part again, or ${askAgain(facts, part.part)}`,
      details: { bundle: facts.number, part: part.part, file: part.path, id: facts.id },
    },
  );
}

function notAllowed({ facts, sender }: SealedBundle): BundleError {
  return new BundleError(
    'BUNDLE_NOT_FOR_US',
    `Cannot store bundle ${facts.number} from ${facts.from.name} for ${facts.to.name}: nobody has allowed it here`,
    {
      hint: 'Allow it: crossgap bundle relay allow --for NAME.',
      details: { bundle: facts.number, id: facts.id, words: sender.words, receiver: facts.to.words },
    },
  );
}
