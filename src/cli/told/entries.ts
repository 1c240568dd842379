import { linesTold } from '../../commands/index.ts';
import { readRelease, type CrossgapEvent, type LoggedEntry } from '../../events/index.ts';
import type { Instance } from '../../instance/index.ts';
import { describeEvent, readLinks } from '../../projections/index.ts';
import { misuse } from '../command.ts';
import { moment } from '../../words.ts';

type Entry = LoggedEntry<CrossgapEvent>;

/** An entry for machines: header, and all that is in it. A release document stands there as what it says. */
export function entryDocument({ db, identity }: Instance, entry: Entry): Record<string, unknown> {
  const { header, event } = entry;
  const link = readLinks(db).find((one) => one.link === header.audience);
  return {
    pos: entry.pos,
    feed: header.feed,
    audience: header.audience === identity.instanceId ? 'self' : (link?.name ?? header.audience),
    epoch: header.epoch,
    seq: header.seq,
    hash: entry.hash,
    previous: header.previous,
    at: new Date(header.at).toISOString(),
    actor: header.actor,
    type: header.type,
    schemaVersion: header.schemaVersion,
    known: event.known,
    ...(event.known && { data: readable(event) }),
  };
}

/** An entry as a line for people. */
export function entryLine({ db, identity, log }: Instance, entry: Entry): string {
  const { pos, header } = entry;
  const link = readLinks(db).find((one) => one.link === header.audience)?.name ?? header.audience;
  const own = header.feed === log.feedTo(header.audience);
  const where = header.audience === identity.instanceId ? 'self' : `${own ? 'to' : 'from'} ${link}`;
  const head = `${String(pos).padStart(5)}  ${moment(header.at)}  ${where}#${header.seq}`;
  return `${head}  ${header.actor}  ${header.type}  ${entrySummary(entry)}`.trimEnd();
}

/** What an entry says, in words where there are some, else by its facts. */
export function entrySummary({ event }: Entry): string {
  if (!event.known) return 'of a newer version, kept as it is';
  const words = describeEvent(event);
  return words === event.name ? factsOf(event) : words;
}

/** Every line that a summary leaves out: of a run that is told, all that is told of it. */
export function entryDetails({ event, header }: Entry): string[] {
  if (!event.known || event.name !== 'deployment.reported') return [];
  return linesTold(event.data, header.actor).flatMap((line) => line.split('\n'));
}

/** `self`, the name of a link for both its feeds, or the beginning of a feed's id. @throws CliError USAGE_INVALID */
export function feedsNamed({ db, identity, log }: Instance, named: string): Set<string> {
  const feeds = log.feeds();
  const links = readLinks(db).filter(({ name, link }) => name === named || link === named);
  const audiences = new Set(named === 'self' ? [identity.instanceId] : links.map(({ link }) => link));
  if (audiences.size > 0) {
    return new Set(feeds.filter(({ audience }) => audiences.has(audience)).map(({ feed }) => feed));
  }
  const found = /^[0-9a-f]{4,32}$/.test(named) ? feeds.filter(({ feed }) => feed.startsWith(named)) : [];
  if (found.length === 1) return new Set([found[0]!.feed]);
  const names = ['self', ...new Set(readLinks(db).map(({ name }) => name))];
  throw misuse(
    `Cannot show feed ${named}: ${found.length === 0 ? 'there is none' : 'several begin so'}`,
    `Say one of ${names.join(', ')}, or a feed id.`,
  );
}

/** What stands in an event, without bytes: those of a document are read, others told by their length. */
function readable(event: CrossgapEvent): Record<string, unknown> {
  const { data } = event;
  if ('document' in data && 'digest' in data) {
    return { ...data, document: readRelease(data.document, data.digest) ?? null };
  }
  return Object.fromEntries(
    Object.entries(data).map(([key, value]: [string, unknown]) => [
      key,
      value instanceof Uint8Array ? { bytes: value.length } : value,
    ]),
  );
}

const longest = 160;

function factsOf(event: CrossgapEvent): string {
  const facts = Object.entries(readable(event))
    .filter(([, value]) => value !== null && !(Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
  return facts.length > longest ? `${facts.slice(0, longest)}…` : facts;
}
