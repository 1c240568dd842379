import { entryHash, readHeader } from '../../src/events/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import type { Replica, Transport } from '../../src/sync/index.ts';

/** Mistakes that a program could have; switched on, the simulator has to find them. */
export const defects = [
  'acknowledges before it commits',
  'skips the check of the chain',
  'signs at once after a restore',
  'never sends again',
  'loses what it committed',
  'has a view that follows the clock',
  'believes its server for ever',
  'leaves a durable where it stands',
  'presumes that a bundle arrives',
] as const;
export type Defect = (typeof defects)[number];

/** A transport that says of every parcel that it is safe before anybody has looked at it. */
export function hasty(transport: Transport): Transport {
  return {
    ...transport,
    async *receive(wanted, signal) {
      for await (const received of transport.receive(wanted, signal)) {
        if ('parcel' in received) await received.done();
        yield received;
      }
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}

/** A receiver that does not wait for what is missing. */
export function gullible(replica: Replica, { db, clock }: Instance): Replica {
  const insert = db.prepare(
    'INSERT INTO entry (feed, epoch, seq, hash, received_at, signature, bytes) VALUES (?, ?, ?, ?, ?, ?, ?)',
  );
  return {
    ...replica,
    async receiveEntries(entries) {
      const verdicts = await replica.receiveEntries(entries);
      return verdicts.map((verdict, at) => {
        if (verdict.outcome !== 'parked') return verdict;
        const { bytes, signature } = entries[at]!;
        const { feed, epoch, seq } = readHeader(bytes);
        const hash = Buffer.from(entryHash(bytes), 'hex');
        insert.run(Buffer.from(feed, 'hex'), epoch, seq, hash, clock.now(), signature, bytes);
        return { outcome: 'appended' };
      });
    },
  };
}

/** A sender that holds what it once sent for delivered; `sent` outlives its process. */
export function trusting(transport: Transport, sent: Map<number, number>): Transport {
  return {
    ...transport,
    async carriedTo(place) {
      const trusted = place.givenBack ? 0 : (sent.get(place.epoch) ?? 0);
      return Math.max(trusted, await transport.carriedTo(place));
    },
    async send(parcel, signal) {
      await transport.send(parcel, signal);
      if (parcel.kind === 'entries' && !parcel.givenBack)
        sent.set(parcel.epoch, parcel.firstSeq + parcel.entries.length - 1);
    },
    [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose](),
  };
}
