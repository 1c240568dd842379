import type { Database } from '../db/index.ts';
import { CrossgapError } from '../errors.ts';
import { faultPoint } from '../faults.ts';
import { decodeBody } from './body-reader.ts';
import type { AnyEvent } from './define-event.ts';
import { door, signerOf, type Candidate, type DoorParts } from './door.ts';
import type { SealedEntry } from './entry.ts';
import { EventError } from './errors.ts';
import { feedId } from './feed.ts';
import { headerBytes } from './header.ts';
import { bodyReader, intake, type Intake, type IntakeParts, type ReadBody } from './intake.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { ForkFound, ReceiptGiven } from './link-events.ts';
import type { HeadVerdict } from './receive-head.ts';
import { refused, type Verdict } from './verdict.ts';
import { verifyEntry, verifyPool } from './verify.ts';
import type { Witnesses } from './witnesses.ts';

/** So many entries share a transaction. */
const batchSize = 256;
/** While one batch is written, the signatures of so many others are checked or wait for it, so that no core rests. */
const batchesAhead = 4;

export type ReceiveParts<E extends AnyEvent> = DoorParts &
  IntakeParts<E> & {
    readonly db: Database;
    readonly witnesses: Witnesses;
    readonly takeHead: (bytes: Uint8Array) => HeadVerdict;
    readonly fold: (entries: readonly LoggedEntry<E>[]) => void;
    /** Makes the read models anew from what counts. */
    readonly refold: () => void;
    /** Called after each commit; `own` says that own entries came back. */
    readonly committed: (own: boolean) => void;
  };

type Checked<E extends AnyEvent> = {
  readonly candidate: Candidate;
  readonly fits: boolean;
  readonly read: ReadBody<E> | undefined;
};

/** Takes entries from outside in: the one way by which they come, whatever carried them. */
export type Receive = (entries: readonly SealedEntry[]) => Promise<Verdict[]>;

export function receiver<E extends AnyEvent>(parts: ReceiveParts<E>): Receive {
  const pool = verifyPool();
  const { db, catalog, feeds, keys, fold, refold, committed, instanceId, witnesses, takeHead } = parts;

  const check = async (candidate: Candidate): Promise<Checked<E>> => {
    // Without a key the signature is checked when the feed's first entry brings it.
    if (candidate.feed === undefined) return { candidate, fits: true, read: undefined };
    const fits = await pool.verify(candidate.entry, candidate.feed.key);
    // Bodies are read while the signatures of others are checked; what is wrong with one is told in its turn.
    return { candidate, fits, read: fits ? bodyReader(catalog, candidate) : undefined };
  };

  /** Behind a change of keys that came in since its signature was checked, an entry is checked with the new key. */
  const lookAgain = (one: Checked<E>): Checked<E> | Verdict => {
    const { candidate } = one;
    const held = feeds.get(candidate.header.feed);
    if (candidate.keysVersion === keys.version || held === undefined) return one;
    try {
      const feed = signerOf(held, candidate.header, candidate.entry, keys);
      if (candidate.feed !== undefined && Buffer.compare(feed.publicKey, candidate.feed.publicKey) === 0)
        return one;
      const again = { ...candidate, feed };
      const fits = verifyEntry(again.entry, feed.key);
      return { candidate: again, fits, read: fits ? bodyReader(catalog, again) : undefined };
    } catch (error) {
      if (error instanceof CrossgapError) return refused(error);
      throw error;
    }
  };

  /** The author of a feed to us is the receiver of our feed to it: what it says to hold must be here. */
  const hearReceipt = ({ header, sealed }: LoggedEntry<E>): void => {
    if (header.type !== ReceiptGiven.name || header.schemaVersion !== ReceiptGiven.version) return;
    const said = feedId(instanceId, header.audience);
    // Of a feed that is not held here too: it was lost whole, and must not be opened a second time.
    if (said === header.feed || feeds.get(said)?.own === false) return;
    const { epoch, seq, hash } = ReceiptGiven.read(1, decodeBody(sealed.bytes.subarray(headerBytes)));
    witnesses.hear(Buffer.from(said, 'hex'), { epoch, seq, hash });
  };

  /** What the receiver of our feed shows to have been signed twice is judged as if it had come by itself. */
  const hearFork = ({ header, sealed }: LoggedEntry<E>, taking: Intake<E>): void => {
    if (header.type !== ForkFound.name || header.schemaVersion !== ForkFound.version) return;
    const shown = feedId(instanceId, header.audience);
    if (shown === header.feed) return;
    const fork = ForkFound.read(ForkFound.version, decodeBody(sealed.bytes.subarray(headerBytes)));
    const look = door(parts);
    for (const entry of fork.entries) {
      const seen = look(entry);
      if ('outcome' in seen || seen.header.feed !== shown) continue;
      if (seen.feed !== undefined && verifyEntry(entry, seen.feed.key)) taking.take(seen);
    }
    if (fork.head !== undefined) takeHead(fork.head);
  };

  const store = db.transaction(
    (batch: readonly (Checked<E> | Verdict)[]): { verdicts: Verdict[]; own: boolean } => {
      const taking = intake(parts);
      const verdicts = batch.map((given) => {
        if ('outcome' in given) return given;
        const one = lookAgain(given);
        if ('outcome' in one) return one;
        return one.fits ? taking.take(one.candidate, one.read) : refused(signatureInvalid(one.candidate));
      });
      for (const entry of taking.accepted) hearFork(entry, taking);
      if (taking.leftSomeBehind) refold();
      else if (taking.accepted.length > 0) fold(taking.accepted);
      for (const entry of taking.accepted) hearReceipt(entry);
      faultPoint('log.receive.inserted');
      return { verdicts, own: taking.accepted.some(({ header }) => feeds.get(header.feed)?.own === true) };
    },
  );

  return async (entries) => {
    const look = door(parts);
    const start = (from: number): Promise<(Checked<E> | Verdict)[]> =>
      Promise.all(
        entries.slice(from, from + batchSize).map((entry) => {
          const seen = look(entry);
          return 'outcome' in seen ? Promise.resolve(seen) : check(seen);
        }),
      );
    const verdicts: Verdict[] = [];
    const ahead: Promise<(Checked<E> | Verdict)[]>[] = [];
    let started = 0;
    for (let from = 0; from < entries.length; from += batchSize) {
      for (; ahead.length < batchesAhead && started < entries.length; started += batchSize)
        ahead.push(start(started));
      const batch = await ahead.shift()!;
      try {
        const stored = store.immediate(batch);
        faultPoint('log.receive.committed');
        verdicts.push(...stored.verdicts);
        committed(stored.own);
      } catch (error) {
        feeds.forget();
        await Promise.all(ahead);
        throw error;
      }
    }
    return verdicts;
  };
}

function signatureInvalid({ header }: Candidate): EventError {
  return new EventError(
    'SIGNATURE_INVALID',
    `Cannot take in entry ${header.seq} of the feed ${header.feed}: its signature does not fit`,
    {
      hint: 'It was changed on the way or made by somebody else; ask the author to send it again.',
      details: { feed: header.feed, epoch: header.epoch, seq: header.seq },
    },
  );
}
