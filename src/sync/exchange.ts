import type { BlobIntake, BlobProgress } from './blob-intake.ts';
import type { ExchangeLimits } from './limits.ts';
import { parcelReceiver } from './receive-parcels.ts';
import type { Replica } from './replica.ts';
import { parcelSender } from './send-parcels.ts';
import { movedSoFar, newTally, noteFailure, type Exchange } from './tally.ts';
import type { Transport } from './transport.ts';

export type ExchangeOptions = {
  readonly signal: AbortSignal;
  readonly limits: ExchangeLimits;
  readonly intake: BlobIntake;
  /** Whether the head is sent even if no entry is. */
  readonly headDue: boolean;
};

/**
 * Does everything there is to do now, in turns: take heads, entries and some bytes of blobs; acknowledge; send
 * entries, the head and some bytes of blobs; until a turn moves nothing. A failure of one way does not hinder the other.
 */
export async function exchangeOnce(
  replica: Replica,
  transport: Transport,
  { signal, limits, intake, headDue }: ExchangeOptions,
): Promise<Exchange> {
  const tally = newTally();
  const way = { replica, transport, signal, limits, tally };
  const receiver = parcelReceiver(way, intake);
  const sender = parcelSender(way);
  let waiting: readonly BlobProgress[] = [];

  /** Does one part of a turn; whatever hinders it is kept, unless it is the end. */
  async function attempt(part: () => void | Promise<void>): Promise<void> {
    if (signal.aborted) return;
    try {
      await part();
    } catch (error) {
      if (!signal.aborted) noteFailure(tally, error);
    }
  }

  let before: number;
  do {
    before = movedSoFar(tally);
    await attempt(() => receiver.receive());
    await attempt(() => receiver.acknowledge());
    await attempt(() => sender.send(headDue));
  } while (
    (sender.blobsToGo || movedSoFar(tally) > before) &&
    tally.failures.length === 0 &&
    !signal.aborted
  );
  await attempt(() => {
    waiting = intake.progress(replica.incomingBlobs());
  });
  return { ...tally, waiting, refusals: [...tally.refusals.values()] };
}
