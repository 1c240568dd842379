import { join } from 'node:path';
import { faultPoint } from '../faults.ts';
import type { SealedFacts } from './envelope.ts';
import { BundleError } from './errors.ts';
import { isMeant, partiesOf, type Party } from './relay-allowance.ts';
import type { ReadNote } from './relay-note.ts';
import { writeNotes } from './relay-notes.ts';
import {
  copyHashed,
  keepRecord,
  noteOf,
  partPath,
  relayedBundles,
  type Relay,
  type RelayedBundle,
} from './relay-store.ts';
import { discardParts, partNames, settleParts, type WrittenPart } from './write-parts.ts';

/** A bundle, or some of its parts, that was written to a medium as it came. */
export type PassedOn = {
  readonly facts: SealedFacts;
  readonly parts: readonly {
    readonly part: number;
    readonly file: string;
    readonly size: number;
    readonly sha256: string;
  }[];
  /** Parts that have not come here yet. */
  readonly missing: readonly number[];
  readonly note: ReadNote;
};

/** The parties whose bundles lie or lay here that an operator can mean by a word; one instance is one party. */
export function partiesMeant(relay: Relay, who: string): Party[] {
  const parties = relayedBundles(relay).flatMap(({ facts, senderWords }) => {
    const { from, to } = partiesOf(facts, senderWords);
    return [from, to].filter((party) => isMeant(party, who));
  });
  return [...new Map(parties.map((party) => [party.instance, party])).values()];
}

/** The bundles that wait here for an instance, oldest first. */
export function waitingFor(relay: Relay, instance: string): RelayedBundle[] {
  return relayedBundles(relay).filter(
    ({ facts, parts }) => facts.to.instance === instance && parts.length > 0,
  );
}

/** What is said here of the newest bundles that an instance sent: it travels back to it. */
export function receiptsFor(relay: Relay, instance: string, limit = 10): ReadNote[] {
  return relayedBundles(relay)
    .filter(({ facts }) => facts.from.instance === instance)
    .slice(-limit)
    .flatMap(({ facts }) => relay.shelf.of(facts));
}

/**
 * Writes a stored bundle, or one part of it, to a medium as it came, and beside it the notes of all hops, ours last.
 *
 * @throws {BundleError} RELAY_STORE_DAMAGED where a part is no longer what came: it is let go, and can be brought again;
 * BUNDLE_NUMBER_UNKNOWN, BUNDLE_PART_NOT_WRITTEN
 */
export async function passOn(
  relay: Relay,
  record: RelayedBundle,
  { out, only }: { readonly out: string; readonly only?: number | undefined },
): Promise<PassedOn> {
  const { facts } = record;
  const wanted = record.parts.filter(({ part }) => only === undefined || part === only);
  if (wanted.length === 0)
    throw new BundleError(
      'BUNDLE_NUMBER_UNKNOWN',
      `Cannot pass on part ${String(only)} of bundle ${facts.number} from ${facts.from.name}: it is not here`,
      {
        hint: 'See `crossgap bundle relay list` for what is here.',
        details: { bundle: facts.number, part: only },
      },
    );
  const names = await partNames(out, facts);
  const written: (WrittenPart & { readonly part: number })[] = [];
  try {
    for (const one of wanted) {
      const path = join(out, names[one.part - 1]!);
      const temporary = `${path}~`;
      const copied = await copyHashed(partPath(relay.root, one), temporary, 0).catch((cause: unknown) => {
        throw cause instanceof BundleError && cause.code === 'BUNDLE_PART_UNREADABLE'
          ? lost(relay, record, one.part, cause)
          : cause;
      });
      written.push({ path, temporary, part: one.part, sizeBytes: copied.sizeBytes, sha256: one.sha256 });
      if (copied.file !== one.file) throw lost(relay, record, one.part);
    }
    await settleParts(written);
  } catch (error) {
    await discardParts(written.map(({ temporary }) => temporary));
    throw error;
  }
  faultPoint('relay.part-passed');
  const passedAt = record.passedAt ?? relay.now();
  const note = noteOf(relay, facts, { ...record, passedAt });
  relay.shelf.keep(facts, [note]);
  await writeNotes(out, relay.shelf.of(facts));
  keepRecord(relay, { ...record, passedAt });
  return {
    facts,
    parts: written.map(({ part, path, sizeBytes, sha256 }) => ({
      part,
      file: path,
      size: sizeBytes,
      sha256,
    })),
    missing: Array.from({ length: facts.parts }, (_, at) => at + 1).filter(
      (number) => !record.parts.some(({ part }) => part === number),
    ),
    note,
  };
}

function lost(relay: Relay, record: RelayedBundle, part: number, cause?: unknown): BundleError {
  const { facts, parts } = record;
  keepRecord(relay, { ...record, parts: parts.filter((one) => one.part !== part) });
  return new BundleError(
    'RELAY_STORE_DAMAGED',
    `Cannot pass on part ${part} of bundle ${facts.number} from ${facts.from.name}: what lies here is not what came`,
    {
      hint: 'Check the disk of this machine, then bring that part again and take it in.',
      details: { bundle: facts.number, part, id: facts.id },
      cause,
    },
  );
}
