import type { Received, Transport } from '../sync/index.ts';
import { blobParcel, isWanted, placedStretches, recordReader, type Rest } from './bundle-records.ts';
import { stretchBytesMax, type OpenBundle } from './open-bundle.ts';

export type BundleTransportOptions = {
  /** How long the stretches are in which a blob is handed over; at most 1 MiB. */
  readonly stretchBytes?: (digest: string) => number;
};

/**
 * The receiving end of bundles that were carried here, as a transport: entries of all of them in their order, then
 * the newest head, then the blobs that are wanted. It has no way back, so everything counts as on its way already;
 * what there is to say to the sender goes into the next bundle for it. Bundles may be added to the list meanwhile.
 */
export function bundleTransport(
  bundles: readonly OpenBundle[],
  { stretchBytes = () => stretchBytesMax }: BundleTransportOptions = {},
): Transport {
  const done = new Set<string>();
  const rests = new Map<OpenBundle, Rest>();
  const once = (key: string) => (): Promise<void> => {
    done.add(key);
    return Promise.resolve();
  };

  async function* entriesOf(bundle: OpenBundle, signal: AbortSignal): AsyncGenerator<Received> {
    const reader = recordReader(bundle);
    for (let batch = await reader.nextEntries(); batch !== undefined; batch = await reader.nextEntries()) {
      if (signal.aborted) return;
      const { epoch, givenBack, seq, entries, end } = batch;
      const key = `${idOf(bundle)} entries ${end}`;
      if (done.has(key)) continue;
      const row = { epoch, ...(givenBack && { givenBack }) };
      yield { parcel: { kind: 'entries', ...row, firstSeq: seq, entries }, done: once(key) };
    }
    rests.set(bundle, await reader.rest());
  }

  return {
    name: 'bundle',
    send: () => Promise.resolve(),
    carriedTo: () => Promise.resolve(Number.MAX_SAFE_INTEGER),
    carriesChunk: () => Promise.resolve(true),
    settle: () => Promise.resolve(),
    async *receive(wanted, signal) {
      for (const bundle of bundles) {
        if (signal.aborted) return;
        yield* entriesOf(bundle, signal);
      }
      for (const bundle of bundles) {
        const bytes = rests.get(bundle)?.head;
        const key = `${idOf(bundle)} head`;
        if (bytes === undefined || done.has(key) || signal.aborted) continue;
        yield { parcel: { kind: 'head', bytes }, done: once(key) };
      }
      // What can't be read hinders nothing that can: it is told at the end.
      const hindrances: unknown[] = [];
      for (const bundle of bundles) {
        for (const blob of rests.get(bundle)?.blobs ?? []) {
          if (!isWanted(blob, wanted())) continue;
          for (const stretch of placedStretches(blob, stretchBytes(blob.digest))) {
            const key = `${idOf(bundle)} ${blob.digest} ${stretch.offset}`;
            if (done.has(key)) continue;
            if (signal.aborted) return;
            const parcel = await blobParcel(bundle, blob, stretch).catch((error: unknown) => {
              hindrances.push(error);
            });
            if (parcel) yield { parcel, done: once(key) };
          }
        }
        await rests
          .get(bundle)
          ?.checkEnd()
          .catch((error: unknown) => hindrances.push(error));
      }
      if (hindrances.length > 0) throw hindrances[0];
    },
    arrival: (signal) =>
      new Promise((resolve) => {
        if (signal.aborted) resolve();
        else signal.addEventListener('abort', () => resolve(), { once: true });
      }),
    [Symbol.asyncDispose]: async () => {
      for (const bundle of bundles) await bundle[Symbol.asyncDispose]();
    },
  };
}

function idOf({ found }: OpenBundle): string {
  return found.facts.id;
}
