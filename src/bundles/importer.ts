import type { Place, Replica } from '../sync/index.ts';
import type { AgeIdentity } from './age-keys.ts';

/** A link of this side, as far as taking in a bundle needs it. */
export type ReceivingLink = {
  readonly name: string;
  /** The instance at the other end; null while nobody has answered the invitation. */
  readonly peer: string | null;
  /** The six words of that instance's company certificate. */
  readonly words: string | null;
  /** Takes the sender of a bundle in as who answers the invitation; nobody has compared its words then. */
  answer(reply: Answer): void;
  readonly replica: Replica;
  /** How far this side holds the other's feed; epoch and sequence 0 before its first entry. */
  have(): Place;
  /** When the newest head of the other side that is known here was signed, in milliseconds; undefined before the first. */
  headIssuedAt(): number | undefined;
  /** Remembers where the other side's feed ends by its own word, if that is before what is held here. */
  noteStand(stand: Place | undefined): void;
};

/** Who answers an invitation of this side by a bundle, and by which. */
export type Answer = {
  readonly instance: string;
  readonly introduction: Uint8Array;
  readonly bundle: { readonly id: string; readonly number: number };
};

/** Who takes bundles in. */
export type Importer = {
  readonly instance: string;
  readonly name: string;
  readonly identity: AgeIdentity;
  /** The link of this id, unless there is none or it was removed. */
  link(id: string): ReceivingLink | undefined;
  /** What the link of this id was called here before it was removed. */
  formerLink(id: string): string | undefined;
};
