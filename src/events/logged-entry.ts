import type { CrossgapEvent } from './catalog.ts';
import type { AnyEvent, DecodedEvent, EventCatalog } from './define-event.ts';
import type { EntryHeader, SealedEntry } from './entry.ts';
import { EventError } from './errors.ts';
import { headerBytes, readHeader } from './header.ts';

/** An entry in the log of this instance. Header and event are read when first asked for, then kept. */
export type LoggedEntry<E extends AnyEvent = CrossgapEvent> = {
  /** Where it stands in the local log; the same entry has another place at another instance. */
  readonly pos: number;
  readonly hash: string;
  readonly header: EntryHeader;
  readonly sealed: SealedEntry;
  readonly event: DecodedEvent<E>;
};

/** A row of the log, read lazily. */
export class StoredEntry<E extends AnyEvent> implements LoggedEntry<E> {
  readonly pos: number;
  readonly sealed: SealedEntry;
  readonly #catalog: EventCatalog<E>;
  #rawHash: Buffer | undefined;
  #hash: string | undefined;
  #header: EntryHeader | undefined;
  #event: DecodedEvent<E> | undefined;

  constructor(
    catalog: EventCatalog<E>,
    pos: number,
    sealed: SealedEntry,
    known: { rawHash?: Buffer; hash?: string; header?: EntryHeader; event?: DecodedEvent<E> },
  ) {
    this.#catalog = catalog;
    this.pos = pos;
    this.sealed = sealed;
    this.#rawHash = known.rawHash;
    this.#hash = known.hash;
    this.#header = known.header;
    this.#event = known.event;
  }

  get hash(): string {
    return (this.#hash ??= this.#rawHash!.toString('hex'));
  }

  get header(): EntryHeader {
    return (this.#header ??= readHeader(this.sealed.bytes));
  }

  get event(): DecodedEvent<E> {
    return (this.#event ??= this.#decode());
  }

  #decode(): DecodedEvent<E> {
    const { type, schemaVersion } = this.header;
    try {
      return this.#catalog.decodeChecked(type, schemaVersion, this.sealed.bytes.subarray(headerBytes));
    } catch (error) {
      // Taken in by a version that did not know the type, so its schema was never asked. It stays, unread.
      if (!(error instanceof EventError)) throw error;
      return { known: false, name: type, version: schemaVersion, reason: 'BODY_UNFIT' };
    }
  }
}
