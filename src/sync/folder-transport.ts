/*
 * A link through a shared or synchronised folder.
 *
 *   FOLDER/crossgap-LINK/AUTHOR/head.cgp
 *   FOLDER/crossgap-LINK/AUTHOR/entries/EPOCH-FIRST-LAST.cgp
 *   FOLDER/crossgap-LINK/AUTHOR/blobs/DIGEST/OFFSET.cgp
 *
 * LINK is the id of the link and AUTHOR the id of the instance that writes there, both in lower-case hex. Each
 * side writes its own AUTHOR folder and only reads the other's, so either may be mounted read-only at the other
 * end, and nobody ever needs a lock. Names are lower-case and consist of digits where they are sorted by, so a
 * file system that knows no cases changes nothing; no file tells where the folder is mounted. FOLDER itself must
 * be there: it is never created, so that an unplugged disk is not mistaken for an empty one.
 *
 * Every file is one parcel (see parcel-file.ts), written as `.new-…` in the AUTHOR folder, flushed, and renamed
 * into place. A reader takes what is whole and leaves alone what isn't yet: names that begin with `.` or `~` or
 * end in `.tmp`, `.part`, `.partial`; files shorter than they say; files whose checksum is wrong. A file that has
 * a wrong checksum and stays so is taken after all, since whoever verifies what is inside can tell what of it was
 * changed, and ask for it again. Anything else is named to the operator and otherwise ignored.
 *
 * `entries` holds the entries that the other side has not receipted, in files of up to about 1 MiB. EPOCH, FIRST
 * and LAST are decimal, padded to 4, 12 and 12 digits; several files may hold the same entry. A small file is
 * replaced by one that also holds the entries after it, so that a long absence does not end in a file an entry.
 * `blobs` holds what the other side lacks, cut into chunks; OFFSET is where the chunk begins, padded to 13
 * digits. `head.cgp` is replaced with each new head.
 *
 * The writer removes what the reader has receipted, and nobody else removes anything. It reads back what lies
 * there, at its start and from time to time, and writes again what was lost, damaged or altered: the log is the
 * record, the folder is only on the way. A reader looks again at entries that still lie there after some minutes:
 * what refused them may be settled.
 */
import { folderInbox } from './folder-inbox.ts';
import { authorFolder } from './folder-layout.ts';
import { folderOutbox } from './folder-outbox.ts';
import type { Transport } from './transport.ts';

export type FolderTransportOptions = {
  /** Where this side reaches the shared folder. */
  readonly folder: string;
  /** The link's id, lower-case hex. */
  readonly link: string;
  /** This instance's id, lower-case hex. */
  readonly self: string;
  /** The other instance's id; undefined while it is not known, when nothing is read. */
  readonly peer: string | undefined;
  /** How often to look where the system announces no change, in milliseconds. */
  readonly pollMs?: number;
  /** How long a file of ours is believed to lie there unchanged without another look, in milliseconds. */
  readonly believedMs?: number;
  /** How long a file must stay damaged until it is handed over to be verified all the same, in milliseconds. */
  readonly damagedAfterMs?: number;
  /** After how long entries that were taken and still lie there are looked at again, in milliseconds. */
  readonly againAfterMs?: number;
  /** Files of entries below this size are merged with what comes after them. */
  readonly mergeBytes?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
};

/** Carries a link's parcels as files in a folder that both sides reach, each by its own path. */
export function folderTransport(options: FolderTransportOptions): Transport {
  const {
    folder,
    link,
    self,
    peer,
    pollMs = 2000,
    damagedAfterMs = 10_000,
    againAfterMs = 300_000,
  } = options;
  const { believedMs = 60_000, mergeBytes = 64 * 1024, now = () => performance.now() } = options;
  const outbox = folderOutbox({
    own: authorFolder(folder, link, self),
    believedMs,
    mergeBytes,
    now,
  });
  const inbox =
    peer === undefined
      ? noInbox
      : folderInbox({ theirs: authorFolder(folder, link, peer), pollMs, damagedAfterMs, againAfterMs, now });
  return { name: 'folder', ...outbox, ...inbox, [Symbol.asyncDispose]: () => Promise.resolve() };
}

const noInbox: Pick<Transport, 'receive' | 'arrival'> = {
  async *receive() {},
  arrival: (signal) =>
    new Promise((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }),
};
