import { openGate, type Closed } from './blob-gate.ts';
import type { BlobIntake, BlobProgress } from './blob-intake.ts';
import type { ExchangeLimits } from './limits.ts';
import { parcelReceiver } from './receive-parcels.ts';
import type { NoRoom, Replica } from './replica.ts';
import { parcelSender } from './send-parcels.ts';
import { cameSoFar, newTally, noteFailure, type Exchange } from './tally.ts';
import type { Transport } from './transport.ts';

export type ExchangeOptions = {
  readonly signal: AbortSignal;
  readonly limits: ExchangeLimits;
  readonly intake: BlobIntake;
  /** Whether the head is sent even if no entry is. */
  readonly headDue: boolean;
  /** Waits until blobs may go on, where the exchange is to do everything however slowly; else it ends there. */
  readonly waitForRate?: (timeMs: number, signal: AbortSignal) => Promise<void>;
};

/**
 * Does everything there is to do now, in turns: take heads, entries and some bytes of blobs; acknowledge; send
 * entries, the head and some bytes of blobs; until a turn brings nothing and has sent all there was. A failure of one way
 * does not hinder the other.
 */
export async function exchangeOnce(
  replica: Replica,
  transport: Transport,
  { signal, limits, intake, headDue, waitForRate }: ExchangeOptions,
): Promise<Exchange> {
  const tally = newTally();
  const way = { replica, transport, signal, limits, tally };
  const receiver = parcelReceiver(way, intake);
  const sender = parcelSender(way);
  let waiting: readonly BlobProgress[] = [];
  let noRoom: readonly NoRoom[] = [];

  /** Does one part of a turn; whatever hinders it is kept, unless it is the end. */
  async function attempt(part: () => void | Promise<void>): Promise<void> {
    if (signal.aborted) return;
    try {
      await part();
    } catch (error) {
      if (!signal.aborted) noteFailure(tally, error);
    }
  }

  /** Why blobs that there are don't move now. */
  const paused = (): Closed | undefined => {
    const closed = (replica.gate ?? openGate).closed();
    const isHindered = closed && (sender.blobsToGo || replica.incomingBlobs().length > 0);
    return isHindered ? closed : undefined;
  };
  /** Where the rate alone holds blobs up, they go on after a while. */
  const slowedDown = async (): Promise<boolean> => {
    const closed = paused();
    if (!waitForRate || closed?.because !== 'rate') return false;
    await waitForRate(closed.opensInMs, signal);
    return true;
  };

  let before: number;
  do {
    before = cameSoFar(tally);
    await attempt(() => receiver.receive());
    await attempt(() => receiver.acknowledge());
    await attempt(() => sender.send(headDue));
  } while (
    tally.failures.length === 0 &&
    !signal.aborted &&
    (cameSoFar(tally) > before ||
      sender.moreToGiveBack ||
      (sender.blobsToGo && paused() === undefined) ||
      (await slowedDown()))
  );
  await attempt(() => {
    waiting = intake.progress(replica.incomingBlobs());
    noRoom = replica.noRoom?.() ?? [];
  });
  return { ...tally, waiting, noRoom, paused: paused(), refusals: [...tally.refusals.values()] };
}
