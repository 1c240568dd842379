import {
  exportBundle,
  loadAgeIdentity,
  madeBundles,
  partBytesDefault,
  placeText,
  reissueBundle,
  writeNotes,
  type BundledBlob,
  type Exported,
  type ReadNote,
} from '../../bundles/index.ts';
import { linkReplica } from '../../daemon/index.ts';
import { findLink, type Instance } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import type { Place, Replica } from '../../sync/index.ts';
import { ago, commandLine, count, moment, short, size } from '../../words.ts';
import { cargoOf, keptBundles, recipientOf, senderOf, type Cargo } from '../bundle-ends.ts';
import { holdBundles } from '../bundle-lock.ts';
import { bytesNamed, numberNamed } from '../byte-size.ts';
import { command, flag, misuse, needed, text, type Outcome } from '../command.ts';
import { entryDocument, entrySummary } from '../entries.ts';
import { ownRelease } from '../own-release.ts';
import { indented, section, table } from '../table.ts';
import { relayOf } from './relay-end.ts';
import { passOnTo, relayReceiver } from './relay-export.ts';

export const exportCommand = command({
  path: 'bundle export',
  about: 'What the other side of a link lacks, as files to carry there, sealed to it',
  example: 'crossgap bundle export --to bankair --release 3.2.0 --part-size 4400MB --out media',
  args: {},
  options: {
    to: needed('LINK', 'whom it is for; or who is relayed to here'),
    out: text('DIR', 'the folder for the files (needed, but for --preview)'),
    release: text('R', 'only packages of this release; entries are all that are missing'),
    'part-size': text('SIZE', 'the largest file, such as 700MB or 4095MiB (else 4095MiB, which FAT32 holds)'),
    preview: flag('only print every line that would leave'),
    again: flag('everything, whatever receipts say'),
    after: text('N', 'only what bundle N does not carry: it must be taken in before this one'),
    bundle: text('N', 'make this earlier bundle again, byte for byte'),
    part: text('N', 'with --bundle: only this part of it'),
  },
  async run(context, _args, options): Promise<Outcome> {
    const { to, out, preview } = options;
    const instance = await context.open();
    const wish = readWish(options);
    const isLink = readLinks(instance.db).some(
      ({ name, link, state }) => state !== 'removed' && (name === to || link === to),
    );
    const receiver = isLink ? undefined : relayReceiver(instance, to);
    if (receiver !== undefined) {
      refuseChanges(options);
      return passOnTo(instance, receiver, { ...wish, out: neededOut(out) });
    }
    const link = findLink(instance.db, to);
    const release =
      options.release === undefined ? undefined : ownRelease(instance.db, options.release, 'send');
    const replica = linkReplica(instance, link.link);
    if (wish.bundle !== undefined)
      return remake(instance, link, replica, { number: wish.bundle, part: wish.part, out: neededOut(out) });
    const after =
      wish.after === undefined
        ? undefined
        : madeBundles(keptBundles(instance), link.link).find(({ facts }) => facts.number === wish.after);
    if (wish.after !== undefined && after === undefined)
      throw misuse(
        `Cannot go on after bundle ${wish.after}: none was made for ${link.name}`,
        'See `crossgap bundle list`.',
      );
    const recipient = recipientOf(link);
    const cargo = cargoOf(instance, link, replica, { release, again: options.again, after });
    if (preview) return previewOf(instance, link, replica, cargo);
    const folder = neededOut(out);
    if (cargo.blobs.length === 0 && replica.outgoing(cargo.after, 1).length === 0) return nothingToSend(link);
    using _held = holdBundles(instance, 'export');
    const made = await exportBundle({
      sender: senderOf(instance),
      recipient,
      source: replica,
      link: link.link,
      feed: instance.log.feedTo(link.link),
      sentAt: new Date(instance.clock.now()).toISOString(),
      head: replica.outgoingHead(),
      ...cargo,
      out: folder,
      partBytes: wish.partBytes,
    });
    const notes = notesBeside(instance, link);
    await writeNotes(folder, notes);
    return told(made, link, {
      hasReceipt: replica.confirmed().seq > 0,
      all: cargoOf(instance, link, replica, { release, again: true, after: undefined }).blobs,
      folder,
      notes: notes.length,
    });
  },
});

/** So many of the newest bundles are said on the way back to have come, and how; each costs a few kB. */
const notedBundles = 4;

/** What hops said of bundles that came by this link; it goes back beside the bundle, and is not sealed. */
function notesBeside(instance: Instance, { link }: LinkRow): ReadNote[] {
  return relayOf(instance).shelf.ofLink(link, instance.identity.instanceId, notedBundles);
}

type Given = {
  readonly 'part-size': string | undefined;
  readonly after: string | undefined;
  readonly bundle: string | undefined;
  readonly part: string | undefined;
  readonly release: string | undefined;
  readonly again: boolean;
  readonly preview: boolean;
};

function readWish(given: Given) {
  const numbered = (name: 'after' | 'bundle' | 'part'): number | undefined => {
    const raw = given[name];
    return raw === undefined ? undefined : numberNamed(raw, `--${name}`);
  };
  const [after, bundle, part] = [numbered('after'), numbered('bundle'), numbered('part')];
  if (part !== undefined && bundle === undefined)
    throw misuse(
      'Cannot make one part: --part needs the bundle it is of',
      'Say --bundle N as well; see `crossgap bundle list`.',
    );
  const contrary =
    given.release ?? given['part-size'] ?? (given.again || given.preview || after !== undefined);
  if (bundle !== undefined && contrary !== undefined && contrary !== false)
    throw misuse(
      'Cannot make a bundle again otherwise: with --bundle it is what it was',
      'Leave out the other options, or leave out --bundle to make a new one.',
    );
  if (after !== undefined && given.again)
    throw misuse(
      'Cannot send everything and leave something out: --again contradicts --after',
      'Say one of them.',
    );
  const raw = given['part-size'];
  return {
    after,
    bundle,
    part,
    partBytes: raw === undefined ? partBytesDefault : bytesNamed(raw, '--part-size'),
  };
}

/** What others sent each other is passed on as it came. */
function refuseChanges(given: Given): void {
  const { release, again, preview, after, 'part-size': partSize } = given;
  if ((release ?? partSize ?? after) === undefined && !again && !preview) return;
  throw misuse(
    'Cannot pass a bundle on otherwise than it came: nobody here can open it',
    'Leave out the other options; --bundle and --part say which of the bundles and parts that lie here.',
  );
}

function neededOut(out: string | undefined): string {
  if (out !== undefined) return out;
  throw misuse('Cannot write a bundle: nobody said where to', 'Say --out FOLDER, or --preview to only look.');
}

async function remake(
  instance: Instance,
  link: LinkRow,
  source: Replica,
  { number, part, out }: { number: number; part: number | undefined; out: string },
): Promise<Outcome> {
  using _held = holdBundles(instance, 'export');
  const identity = loadAgeIdentity(instance.folder.keys);
  const kept = keptBundles(instance);
  const made = await reissueBundle({ kept, link: link.link, number, part, identity, source, out });
  const what = part === undefined ? `Bundle ${number}` : `Part ${part} of bundle ${number}`;
  return {
    document: documentOf(made, link),
    text: [`${what} for ${link.name} is made again, byte for byte`, ...partLines(made)],
  };
}

function nothingToSend(link: LinkRow): Outcome {
  return {
    document: { bundle: null, to: link.name, entries: 0, packages: 0, parts: [] },
    text: `${link.name} has said to hold everything: there is nothing to carry`,
  };
}

function told(
  made: Exported,
  link: LinkRow,
  more: { hasReceipt: boolean; all: readonly BundledBlob[]; folder: string; notes: number },
): Outcome {
  const { facts, parts } = made;
  const bytes = parts.reduce((sum, part) => sum + part.size, 0);
  const everything = more.all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const lines = [
    `Bundle ${facts.number} for ${link.name}: ${entriesText(facts)}, ${count(facts.packages, 'package')}, ${size(bytes)}`,
    `  sealed to ${facts.to.name} (${facts.to.words})`,
    more.hasReceipt
      ? `  what receipts say is missing; with every package it would have ${size(everything)}`
      : '  no receipt came from there yet: everything is in it',
    ...(facts.follows === null ? [] : [`  goes after bundle ${facts.follows}`]),
    ...partLines(made),
    ...(more.notes === 0
      ? []
      : [`  beside them ${count(more.notes, 'hop note')}, not sealed: how bundles came here`]),
    `Give ${made.sheet} to whoever carries it; check with: ${commandLine('bundle', 'inspect', more.folder)}`,
  ];
  return { document: { ...documentOf(made, link), hasReceipt: more.hasReceipt }, text: lines };
}

function partLines({ parts }: Exported): string[] {
  const rows = parts.map(({ part, file, size: bytes, sha256 }) => [
    String(part),
    file,
    size(bytes),
    short(sha256),
  ]);
  return indented(table([['PART', 'FILE', 'SIZE', 'SHORT HASH'], ...rows]));
}

function documentOf({ facts, parts, sheet }: Exported, link: LinkRow): Record<string, unknown> {
  return {
    bundle: facts.number,
    id: facts.id,
    link: link.name,
    from: facts.from.name,
    to: facts.to.name,
    sentAt: facts.sentAt,
    after: facts.after,
    last: facts.last,
    follows: facts.follows,
    entries: facts.entries,
    packages: facts.packages,
    sealed: true,
    parts,
    sheet,
  };
}

/** `28 entries (412–439)`. */
export function entriesText(facts: {
  readonly entries: number;
  readonly after: Place;
  readonly last: Place;
}): string {
  const { entries, after, last } = facts;
  if (entries === 0) return 'no entries';
  const first =
    after.epoch === last.epoch || after.seq === 0
      ? { ...last, seq: after.epoch === last.epoch ? after.seq + 1 : 1 }
      : undefined;
  const range = first === undefined ? `to ${placeText(last)}` : `${placeText(first)}–${placeText(last)}`;
  return `${count(entries, 'entry', 'entries')} (${range})`;
}

const pageEntries = 100;

/** Every line that would leave, as `feed show` prints them, and every package. */
function previewOf(instance: Instance, link: LinkRow, replica: Replica, cargo: Cargo): Outcome {
  const { log } = instance;
  const feed = log.feedTo(link.link);
  const entries: Record<string, unknown>[] = [];
  const lines: string[] = [];
  for (let at: Place = cargo.after, page = replica.outgoing(at, pageEntries); page.length > 0;) {
    for (const { epoch, seq } of page) {
      const entry = log.entryAt(feed, { epoch, seq });
      if (entry === undefined) continue;
      entries.push(entryDocument(instance, entry));
      lines.push(`${String(seq).padStart(5)}  ${moment(entry.header.at)}  ${entrySummary(entry)}`);
    }
    at = page.at(-1)!;
    page = replica.outgoing(at, pageEntries);
  }
  const rows = cargo.blobs.map(({ digest, sizeBytes, name }) => [short(digest), size(sizeBytes), name]);
  const now = instance.clock.now();
  const notes = notesBeside(instance, link);
  const hops = notes.map(({ bundle, hop, by, words, takenAt, passedAt }) => ({
    bundle: bundle.number,
    hop,
    name: by.name,
    words,
    takenAt,
    passedAt,
  }));
  const hopLines = hops.map(
    ({ bundle, name, takenAt, passedAt }) =>
      `bundle ${bundle} ${passedAt === null ? `came to ${name} ${ago(takenAt, now)}` : `passed ${name} ${ago(passedAt, now)}`}`,
  );
  return {
    document: {
      to: link.name,
      after: cargo.after,
      entries,
      blobs: cargo.blobs,
      assumed: cargo.assumed,
      hops,
    },
    text: [
      `To ${link.name} would go, and nothing else:`,
      ...indented(lines.length === 0 ? ['no entries'] : lines),
      ...section('Files', table(rows)),
      ...section('Hop notes, not sealed', hopLines),
    ],
  };
}
