import { fingerprintWords, openIntroduction } from '../identity/index.ts';
import { describeTransport, type LinkRow } from '../projections/index.ts';

/** The other side's words, null while nobody has answered. */
export function wordsOf(link: LinkRow): string | null {
  return link.introduction === null ? null : fingerprintWords(openIntroduction(link.introduction).chain[0]!);
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
