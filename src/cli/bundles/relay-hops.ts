import {
  isArrival,
  madeBundles,
  noteOf,
  notesAbout,
  type BundleFacts,
  type FoundBundle,
  type ReadNote,
} from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { ago } from '../../words.ts';
import { keptBundles } from './bundle-ends.ts';
import { relayOf } from './relay-end.ts';

/** A hop of a bundle's way, for scripts and lines. */
export type Hop = {
  readonly hop: number;
  readonly name: string;
  readonly instance: string;
  readonly words: string;
  readonly takenAt: string;
  readonly passedAt: string | null;
  /** Whether this is the receiver. */
  readonly arrived: boolean;
};

export function hopOf(note: ReadNote, facts: BundleFacts): Hop {
  const { by, hop, words, takenAt, passedAt } = note;
  return {
    hop,
    name: by.name,
    instance: by.instance,
    words,
    takenAt,
    passedAt,
    arrived: isArrival(note, facts),
  };
}

/** `passed bankair-dmz 3 days ago`. */
export function hopLine({ name, takenAt, passedAt, arrived }: Hop, now: number): string {
  if (arrived) return `arrived at ${name} ${ago(takenAt, now)}`;
  return passedAt === null ? `came to ${name} ${ago(takenAt, now)}` : `passed ${name} ${ago(passedAt, now)}`;
}

/** By which hops it came here, as these say themselves. */
export function wayLines({ clock, identity }: Instance, hops: readonly Hop[]): string[] {
  return hops
    .filter(({ instance }) => instance !== identity.instanceId)
    .map((hop) => `${hopLine(hop, clock.now())} (${hop.words})`);
}

/** The way of a bundle as far as this instance has heard of it. */
export function hopsOf(instance: Instance, facts: BundleFacts): Hop[] {
  return relayOf(instance)
    .shelf.of(facts)
    .map((note) => hopOf(note, facts));
}

/** Remembers what hops say of bundles that were made here; returns those bundles. */
export function takeNotesOfOurs(
  instance: Instance,
  notes: readonly ReadNote[],
): { readonly link: string; readonly facts: BundleFacts }[] {
  if (notes.length === 0) return [];
  const { shelf } = relayOf(instance);
  const links = new Set(notes.map(({ bundle }) => bundle.link));
  return readLinks(instance.db)
    .filter(({ link }) => links.has(link))
    .flatMap(({ link, name }) =>
      madeBundles(keptBundles(instance), link).flatMap(({ facts }) => {
        const about = notesAbout(notes, facts);
        const known = new Set(shelf.of(facts).map(({ digest }) => digest));
        shelf.keep(facts, about);
        return about.some(({ digest }) => !known.has(digest)) ? [{ link: name, facts }] : [];
      }),
    );
}

/** Remembers the way a bundle came, and that it arrived with all its parts where it did. */
export function noteArrival(instance: Instance, { facts, parts }: FoundBundle, isIn: boolean): void {
  const relay = relayOf(instance);
  const known = relay.shelf.of(facts);
  const isNoted = known.some((note) => isArrival(note, facts));
  if (facts.format !== 1 || !isIn || isNoted || known.length === 0 || parts.size < facts.parts) return;
  const here = [...parts.values()].map(({ part, content }) => ({ part, sha256: content.sha256 }));
  relay.shelf.keep(facts, [noteOf(relay, facts, { takenAt: relay.now(), passedAt: null, parts: here })]);
}

/** So many of the newest bundles are said on the way back to have come, and how; each costs a few kB. */
const notedBundles = 4;

/** What hops said of bundles that came by this link; it goes back beside the bundle, and is not sealed. */
export function notesBeside(instance: Instance, { link }: LinkRow): ReadNote[] {
  return relayOf(instance).shelf.ofLink(link, instance.identity.instanceId, notedBundles);
}
