import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { loadAgeIdentity } from '../../src/bundles/age-keys.ts';
import {
  BundleError,
  bundleTransport,
  exportBundle,
  findBundles,
  openBundle,
  partBytesDefault,
  type BundleSource,
  type Export,
  type Exported,
  type Found,
  type OpenBundle,
  type Recipient,
  type Sender,
} from '../../src/bundles/index.ts';
import { createInstanceKeys, fingerprintWords, sealIntroduction } from '../../src/identity/index.ts';
import type { BlobParcel, Chunk, EntriesParcel, Parcel, Received, Transport } from '../../src/sync/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { companyOf, noon } from '../support/instances.ts';
import type { TransportPair } from '../sync/transport-contract.ts';

type End = { readonly sender: Sender; readonly recipient: Recipient; readonly keys: string };

const keysRoot = memoryFolder();
const link = randomBytes(16).toString('hex');
const nowhere = { hash: '0'.repeat(64) };
const [acme, contoso] = [endOf('acme'), endOf('contoso')];
process.once('exit', () => keysRoot[Symbol.dispose]());

/** An instance with keys and a certificate of its own, as both ends of a bundle see it. */
export function endOf(name: string): End {
  const keys = join(keysRoot.path, name);
  const { signing, sealing } = createInstanceKeys(keys);
  const company = companyOf(name);
  const instance = randomBytes(16).toString('hex');
  const introduction = sealIntroduction(
    {
      instanceId: instance,
      name,
      signingKey: signing.publicKey,
      sealingKey: sealing.publicKey,
      issuedAt: noon,
    },
    company,
  );
  const words = fingerprintWords(company.chain[0]!);
  return {
    keys,
    sender: { instance, name, introduction, signing, sealingKey: sealing.publicKey, kept: '' },
    recipient: { instance, name, words, sealingKey: sealing.publicKey },
  };
}

/** Brings a bundle that was made in a folder of its sender to a folder of its receiver; returns the files there. */
export type Courier = (made: Exported, into: string) => Promise<readonly string[]>;

export type BundlePairOptions = {
  /** Who carries; a bundle is made where its receiver looks for it where nobody does. */
  readonly courier?: Courier;
  /** Bytes of the largest file. */
  readonly partBytes?: number;
};

/** A bundle that lies in a folder, and what of parcels it carries. */
type Dropped = { readonly files: readonly string[]; readonly parcels: readonly Parcel[] };

/**
 * Each parcel is carried in a bundle of its own, a blob when all of it was sent: made, sealed, cut, found, opened
 * and read as any other. What stands here is a courier who forgets nothing; the bundles are the real ones.
 */
function carried(
  { root, out, into, self, peer }: { root: string; out: string; into: string; self: End; peer: End },
  lengths: Map<string, number>,
  { courier, partBytes = partBytesDefault }: BundlePairOptions,
): Transport {
  const dropped: Dropped[] = [];
  const staged = new Map<string, BlobParcel[]>();
  const opened: OpenBundle[] = [];
  const seen = new Set<string>();
  const incoming = bundleTransport(opened, { stretchBytes: (digest) => lengths.get(digest)! });
  let mark = '';
  const lies = ({ files }: Dropped): boolean => files.every((file) => existsSync(file));
  const parcels = (): Parcel[] => [
    ...dropped.filter(lies).flatMap((one) => one.parcels),
    ...[...staged.values()].flat(),
  ];

  const drop = async (what: Partial<Export>, of: readonly Parcel[]): Promise<void> => {
    const none: BundleSource = {
      outgoing: () => [],
      openBlob: () => Promise.reject(new Error('no blob is here')),
    };
    const kept = join(root, `kept-${self.sender.name}`);
    const made = await exportBundle({
      sender: { ...self.sender, kept },
      recipient: peer.recipient,
      source: none,
      link,
      feed: link,
      sentAt: new Date(noon).toISOString(),
      after: { epoch: 0, seq: 0, ...nowhere },
      head: undefined,
      blobs: [],
      assumed: [],
      out: courier === undefined ? out : join(root, `made-by-${self.sender.name}`),
      partBytes,
      ...what,
    });
    const files = courier === undefined ? made.parts.map(({ file }) => file) : await courier(made, out);
    dropped.push({ files, parcels: of });
  };

  const sendEntries = async (parcel: EntriesParcel): Promise<void> => {
    const { epoch, firstSeq, entries } = parcel;
    const placed = entries.map((entry, at) => ({ ...entry, epoch, seq: firstSeq + at }));
    const source: BundleSource = {
      outgoing: (after) => placed.filter(({ seq }) => after.epoch < epoch || after.seq < seq),
      openBlob: () => Promise.reject(new Error('no blob is here')),
    };
    await drop({ source, after: { epoch, seq: firstSeq - 1, ...nowhere } }, [parcel]);
  };

  const sendChunk = async (chunk: BlobParcel): Promise<void> => {
    const key = `${chunk.digest} ${chunk.attempt}`;
    const chunks = [...(staged.get(key) ?? []), { ...chunk, bytes: Uint8Array.from(chunk.bytes) }];
    lengths.set(chunk.digest, Math.max(lengths.get(chunk.digest) ?? 0, chunk.bytes.length));
    staged.set(key, chunks);
    if (chunks.reduce((sum, { bytes }) => sum + bytes.length, 0) < chunk.sizeBytes) return;
    const whole = Buffer.alloc(chunk.sizeBytes);
    for (const { offset, bytes } of chunks) whole.set(bytes, offset);
    const source: BundleSource = {
      outgoing: () => [],
      openBlob: (_digest, offset, length) => Promise.resolve(whole.subarray(offset, offset + length)),
    };
    const { digest, sizeBytes, attempt } = chunk;
    await drop({ source, blobs: [{ digest, sizeBytes, attempt, kind: 'other', name: '' }] }, chunks);
    staged.delete(key);
  };

  const isCarried = (chunk: Chunk): boolean =>
    parcels().some(
      (one) =>
        one.kind === 'blob' &&
        one.digest === chunk.digest &&
        one.attempt === chunk.attempt &&
        one.offset === chunk.offset &&
        one.bytes.length === chunk.length,
    );

  const carriedTo: Transport['carriedTo'] = (place) => {
    const spans = parcels().flatMap((one) =>
      one.kind === 'entries' && one.epoch === place.epoch && one.givenBack === place.givenBack ? [one] : [],
    );
    let reached = place.seq - 1;
    for (let moved = true; moved;) {
      const next = spans.find(
        ({ firstSeq, entries }) => firstSeq <= reached + 1 && firstSeq + entries.length - 1 > reached,
      );
      moved = next !== undefined;
      if (next) reached = next.firstSeq + next.entries.length - 1;
    }
    return Promise.resolve(reached);
  };

  const look = async (): Promise<Found> => {
    try {
      return await findBundles([into]);
    } catch (error) {
      if (error instanceof BundleError && error.code === 'BUNDLE_NOT_FOUND')
        return { bundles: [], spoilt: [] };
      throw error;
    }
  };
  const listing = (): string => readdirSync(into).join(' ');

  return {
    name: 'bundles',
    async send(parcel, signal) {
      signal.throwIfAborted();
      if (parcel.kind === 'head') return drop({ head: parcel.bytes }, [parcel]);
      if (parcel.kind === 'blob') {
        const { bytes, ...chunk } = parcel;
        if (!isCarried({ ...chunk, length: bytes.length })) await sendChunk(parcel);
        return;
      }
      const last = parcel.firstSeq + parcel.entries.length - 1;
      if ((await carriedTo({ ...parcel, seq: parcel.firstSeq })) < last) await sendEntries(parcel);
    },
    carriedTo,
    carriesChunk: (chunk) => Promise.resolve(isCarried(chunk)),
    async settle({ epoch, seq, owed, givenBack }) {
      for (const one of dropped) {
        const isSettled = one.parcels.every((parcel) => {
          if (parcel.kind === 'blob') return !owed.has(parcel.digest);
          if (parcel.kind === 'head') return false;
          if (parcel.givenBack) return givenBack === 'all';
          return parcel.epoch < epoch || parcel.firstSeq + parcel.entries.length - 1 <= seq;
        });
        if (isSettled) for (const file of one.files) rmSync(file, { force: true });
      }
    },
    async *receive(wanted, signal): AsyncGenerator<Received> {
      mark = listing();
      const { bundles, spoilt } = await look();
      for (const bundle of bundles) {
        if (seen.has(bundle.facts.id)) continue;
        seen.add(bundle.facts.id);
        opened.push(await openBundle(bundle, loadAgeIdentity(self.keys)));
      }
      for (const { path, why } of spoilt)
        yield { unreadable: { name: basename(path), code: 'PARCEL_DAMAGED', message: why } };
      yield* incoming.receive(wanted, signal);
    },
    arrival: (signal) =>
      new Promise((resolve) => {
        const watcher = watch(into);
        const end = (): void => {
          watcher.close();
          resolve();
        };
        watcher.on('change', () => {
          if (listing() !== mark) end();
        });
        signal.addEventListener('abort', end, { once: true });
        if (listing() !== mark || signal.aborted) end();
      }),
    [Symbol.asyncDispose]: () => incoming[Symbol.asyncDispose](),
  };
}

/** Two ends with a folder of bundles for each way. */
export async function bundlePair(options: BundlePairOptions = {}): Promise<TransportPair> {
  const root = memoryFolder();
  const [down, up] = [join(root.path, 'down'), join(root.path, 'up')];
  for (const folder of [down, up]) mkdirSync(folder);
  const lengths = new Map<string, number>();
  const ends: Transport[] = [];
  const made = (transport: Transport): Transport => {
    ends.push(transport);
    return transport;
  };
  const hereOf = { root: root.path, out: down, into: up, self: acme, peer: contoso };
  const thereOf = { root: root.path, out: up, into: down, self: contoso, peer: acme };
  return Promise.resolve({
    here: made(carried(hereOf, lengths, options)),
    there: made(carried(thereOf, lengths, options)),
    thereAgain: () => made(carried(thereOf, lengths, options)),
    litter: () => {
      writeFileSync(join(down, 'holiday.jpg'), randomBytes(3000));
      mkdirSync(join(down, 'more'));
      const [whole] = readdirSync(down).filter((name) => name.startsWith('cg'));
      const front = readFileSync(join(down, whole!)).subarray(0, 2000);
      writeFileSync(join(down, 'cut.001'), front);
      const changed = Buffer.from(front);
      changed[100] = changed[100]! ^ 1;
      writeFileSync(join(down, 'more', 'changed.002'), changed);
      return Promise.resolve(['cut.001', 'changed.002']);
    },
    loseAll: () => {
      for (const name of readdirSync(down)) rmSync(join(down, name), { recursive: true });
      return Promise.resolve();
    },
    async [Symbol.asyncDispose]() {
      for (const end of ends) await end[Symbol.asyncDispose]();
      root[Symbol.dispose]();
    },
  });
}
