import { fingerprintWords, introducedBy } from '../../identity/index.ts';
import {
  describeTransport,
  type LinkRow,
  type LinkView,
  type OutstandingView,
  type PlaceView,
} from '../../projections/index.ts';
import { count, size } from '../../words.ts';

/** The other side's words, null while nobody has answered. */
export function wordsOf(link: LinkRow): string | null {
  return link.introduction === null ? null : fingerprintWords(introducedBy(link.introduction));
}

/** A link as `--json` shows it. */
export function linkDocument(link: LinkRow): Record<string, unknown> {
  return {
    link: link.link,
    name: link.name,
    state: link.state,
    peer: link.peer,
    words: wordsOf(link),
    fingerprint: link.fingerprint,
    transport: describeTransport(link.transport),
    folder: link.transport.kind === 'folder' ? link.transport.folder : null,
    heardAt: link.heardAt === null ? null : new Date(link.heardAt).toISOString(),
    unconfirmedEntries: Math.max(0, link.outward.news - link.confirmed.seq),
  };
}

/** The same with how far both sides are and how it is right now, as `link list` shows it. */
export function listedLink(link: LinkRow, view: LinkView): Record<string, unknown> {
  const { heardAt, unconfirmedEntries, heads, outstanding, live, lastBundle } = view;
  return { ...linkDocument(link), heardAt, unconfirmedEntries, heads, outstanding, live, lastBundle };
}

/** `1.23`: the epoch and number of a feed's newest entry; nothing where it has none. */
export function headText({ epoch, seq }: PlaceView): string {
  return seq === 0 ? '-' : `${epoch}.${seq}`;
}

/** `14 entries, 3.2 MB`: what has still to cross one way. */
export function amountText({ entries, blobBytes }: OutstandingView): string {
  const parts = [
    ...(entries === 0 ? [] : [count(entries, 'entry', 'entries')]),
    ...(blobBytes === 0 ? [] : [size(blobBytes)]),
  ];
  return parts.join(', ') || '-';
}

/** What each way has still to cross, in one cell; empty where all is there. */
export function outstandingText({ outstanding }: LinkView): string {
  const { toThem, toUs } = outstanding;
  return [
    ...(amountText(toThem) === '-' ? [] : [`${amountText(toThem)} to them`]),
    ...(amountText(toUs) === '-' ? [] : [`${amountText(toUs)} to us`]),
  ].join('; ');
}
