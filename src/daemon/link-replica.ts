import { open } from 'node:fs/promises';
import { acknowledge, refuseBlob, reportInputs, type Decision } from '../commands/index.ts';
import { readHeader, type HeadVerdict, type Verdict as EntryVerdict } from '../events/index.ts';
import type { Instance } from '../instance/index.ts';
import { explainDamage } from '../packages/index.ts';
import {
  readLinks,
  readOwedBlobs,
  readReleases,
  readUntoldInputs,
  readWantedBlobs,
  type LinkRow,
  type WantedBlob,
} from '../projections/index.ts';
import type { PlacedEntry, Replica, Verdict } from '../sync/index.ts';
import { admitHeldPackages, admitPackage } from './admit-packages.ts';

/** One link as sync sees it: its two feeds in the log and its blobs in the store. */
export function linkReplica(instance: Instance, linkId: string): Replica {
  const { db, log, blobs, clock } = instance;
  const outward = log.feedTo(linkId);
  const link = (): LinkRow => readLinks(db).find((row) => row.link === linkId)!;
  const wanted = (): WantedBlob[] => readWantedBlobs(db).filter((blob) => blob.link === linkId);
  const untoldInputs = () => {
    const offers = readReleases(db).filter(
      (release) => release.link === linkId && release.withdrawn === null,
    );
    return readUntoldInputs(
      db,
      linkId,
      offers.flatMap(({ document }) => document.inputs.map(({ name }) => name)),
    );
  };
  /** What there is to tell the author now: inputs set meanwhile, and a receipt. */
  const due = (): Decision => {
    const { state, inward, receipted } = link();
    if (state === 'removed') return [];
    const mine = wanted();
    const receipt = acknowledge({
      link: linkId,
      inward,
      receipted,
      holds: mine
        .filter((blob) => !blob.reported && !blob.final && instance.holds(blob.digest))
        .map(({ digest }) => digest),
      refused: mine
        .filter((blob) => blob.refused !== null && !blob.refusalReported)
        .map(({ digest, refusals, final, refused }) => ({
          digest,
          attempt: refusals,
          final,
          parts: refused?.parts ?? [],
        })),
    });
    return state === 'confirmed' ? [...reportInputs(linkId, untoldInputs()), ...receipt] : receipt;
  };
  let head: { readonly bytes: Uint8Array; readonly seq: number; readonly at: number } | undefined;

  return {
    outgoing: (after, limit) =>
      log
        .readFeed(outward, { epoch: after.epoch, seq: after.seq + 1 }, limit)
        .map(({ bytes, signature }): PlacedEntry => {
          const { epoch, seq } = readHeader(bytes);
          return { bytes, signature, epoch, seq };
        }),
    outgoingHead() {
      const point = log.pointAt(outward);
      if (point === undefined) return undefined;
      const every = instance.settings.sync['head-every'] * 1000;
      if (head === undefined || head.seq !== point.seq || clock.now() - head.at >= every) {
        head = { bytes: log.sealHead(outward), seq: point.seq, at: clock.now() };
      }
      return head.bytes;
    },
    confirmed: () => link().confirmed,
    blobsOwed: () =>
      readOwedBlobs(db, linkId)
        .filter(({ digest }) => instance.holds(digest))
        .map(({ digest, sizeBytes, refusals }) => ({ digest, sizeBytes, attempt: refusals })),
    async openBlob(digest, offset, length) {
      const file = await open(blobs.path(digest), 'r');
      try {
        const bytes = new Uint8Array(length);
        let read = 0;
        while (read < length) {
          const { bytesRead } = await file.read(bytes, read, length - read, offset + read);
          if (bytesRead === 0) throw new RangeError(`blob ${digest} ends at ${offset + read}`);
          read += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
    incomingBlobs: () =>
      wanted()
        .filter(({ digest, final }) => !final && !instance.holds(digest))
        .map(({ digest, sizeBytes, refusals }) => ({ digest, sizeBytes, attempt: refusals })),
    holdsBlob: (digest) => instance.holds(digest),
    receiveEntries: async (entries) => (await log.receive(entries)).map(toVerdict),
    receiveHead: (bytes) => Promise.resolve(headVerdict(log.receiveHead(bytes))),
    // A file for each link: what one sends can't spoil what another does.
    incomingFile: (digest) => `${blobs.incomingPath(digest)}.${linkId}`,
    async adoptBlob(digest, path) {
      const blob = wanted().find((one) => one.digest === digest);
      if (blob === undefined) return { refused: ['nothing offered names it'] };
      await blobs.adopt(path, digest);
      return admitPackage(instance, blob);
    },
    async refuseBlob(digest, path) {
      const blob = wanted().find((one) => one.digest === digest);
      if (blob === undefined) return [];
      const parts = blob.pin === null ? ['its bytes'] : await explainDamage(path);
      instance.record(() =>
        refuseBlob({
          link: linkId,
          digest,
          what: blob.pin === null ? blob.what : `${blob.pin.id} ${blob.pin.version}`,
          attempt: blob.refusals + 1,
          final: false,
          parts,
          problems: ['its bytes are not those that were announced'],
        }),
      );
      return parts;
    },
    async acknowledge() {
      await admitHeldPackages(instance, linkId);
      // Looked at first: most exchanges bring nothing that is worth a transaction.
      if (due().length > 0) instance.record(due);
    },
  };
}

/** The log's verdict in the words of sync: only what is parked comes again. */
function toVerdict(verdict: EntryVerdict): Verdict {
  switch (verdict.outcome) {
    case 'accepted':
      return { outcome: 'appended' };
    case 'known':
    case 'parked':
      return { outcome: verdict.outcome };
    case 'refused':
      return { outcome: 'refused', code: verdict.error.code, message: verdict.error.message };
  }
}

/** A head that tells of more than is held here is good news: what is missing comes by itself, or is asked for. */
function headVerdict(verdict: HeadVerdict): Verdict {
  switch (verdict.outcome) {
    case 'same':
      return { outcome: 'known' };
    case 'behind':
      return { outcome: 'appended' };
    case 'refused':
      return { outcome: 'refused', code: verdict.error.code, message: verdict.error.message };
  }
}
