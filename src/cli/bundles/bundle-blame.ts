import {
  BundleError,
  damagedFrom,
  frontError,
  namingHop,
  namingWithholder,
  notesAbout,
  partDamaged,
  type FoundBundle,
  type Imported,
  type ReadNote,
  type SpoiltPart,
} from '../../bundles/index.ts';
import type { CrossgapError } from '../../errors.ts';
import type { Instance } from '../../instance/index.ts';
import { relayOf } from './relay-end.ts';
import { noteArrival } from './relay-hops.ts';

/** Remembers the way a bundle came; where it is damaged or lacks something, the refusal names the hop. */
export async function withWay(
  instance: Instance,
  done: Imported,
  found: FoundBundle,
  notes: readonly ReadNote[],
): Promise<Imported> {
  const { facts, failure, link } = done;
  if (link === undefined) return done;
  const { shelf } = relayOf(instance);
  shelf.keep(facts, notesAbout(notes, facts));
  noteArrival(instance, found, failure === undefined);
  if (!(failure instanceof BundleError)) return done;
  const way = shelf.of(facts);
  if (failure.code === 'BUNDLE_PART_MISSING') return { ...done, failure: namingWithholder(failure, way) };
  const named = failure.details['part'];
  if (failure.code !== 'BUNDLE_PART_DAMAGED' || typeof named !== 'number') return done;
  const damaged = await damagedFrom(found, named);
  if (damaged === undefined) return done;
  const refusal = damaged.part === named ? failure : partDamaged(found, found.parts.get(damaged.part)!);
  return { ...done, failure: namingHop(refusal, way, damaged) };
}

/** What hindered first. A part that is there and damaged is not called missing. */
export function hindrance(
  all: readonly Pick<Imported, 'facts' | 'failure'>[],
  spoilt: readonly SpoiltPart[],
  notes: readonly ReadNote[],
): CrossgapError | undefined {
  const failed = all.find(({ failure }) => failure !== undefined);
  const [stray] = spoilt;
  if (failed === undefined)
    return all.length === 0 && stray !== undefined ? spoiltError(stray, notes) : undefined;
  const { failure, facts } = failed;
  const missing = failure?.code === 'BUNDLE_PART_MISSING' ? failure.details['missing'] : undefined;
  const damaged =
    Array.isArray(missing) &&
    spoilt.find(({ claims }) => claims?.id === facts.id && missing.includes(claims.part));
  return damaged ? spoiltError(damaged, notes) : failure;
}

/** A front that does not hold is none that a hop has noted. */
function spoiltError(one: SpoiltPart, notes: readonly ReadNote[]): BundleError {
  const { claims } = one;
  const refusal = frontError(one);
  if (claims === undefined || refusal.code !== 'BUNDLE_FRONT_DAMAGED') return refusal;
  return namingHop(refusal, notesAbout(notes, claims), {
    part: claims.part,
    signed: undefined,
    found: undefined,
  });
}
