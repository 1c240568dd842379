import { carriedBytes, placeText } from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { readHeldBlobs, type LinkRow } from '../../projections/index.ts';
import type { Place, Replica } from '../../sync/index.ts';
import { ago, count, moment, short, size } from '../../words.ts';
import type { Cargo } from './bundle-ends.ts';
import type { Outcome } from '../command.ts';
import { entryDetails, entryDocument, entrySummary } from '../told/entries.ts';
import { indented, section, table } from '../table.ts';
import { leftOutDocument, leftOutLines } from './bundle-made.ts';
import { notesBeside } from './relay-hops.ts';

const pageEntries = 100;

/** Every line that would leave, as `feed show` prints them, every package, and what is left out and why. */
export function previewOf(instance: Instance, link: LinkRow, replica: Replica, cargo: Cargo): Outcome {
  const { log } = instance;
  const feed = log.feedTo(link.link);
  const entries: Record<string, unknown>[] = [];
  const lines: string[] = [];
  for (const place of entriesAfter((at) => replica.outgoing(at, pageEntries), cargo.after)) {
    const entry = log.entryAt(feed, place);
    if (entry === undefined) continue;
    entries.push(entryDocument(instance, entry));
    lines.push(`${String(place.seq).padStart(5)}  ${moment(entry.header.at)}  ${entrySummary(entry)}`);
    lines.push(...indented(indented(entryDetails(entry))));
  }
  const theirs = (at: Place): readonly Place[] => replica.incoming?.(at, pageEntries) ?? [];
  const givenBack = cargo.stands === undefined ? [] : [...entriesAfter(theirs, cargo.stands)];
  const [firstBack] = givenBack;
  const rows = cargo.blobs.map((blob) => [short(blob.digest), size(carriedBytes(blob)), blob.name]);
  const held = readHeldBlobs(instance.db, link.link);
  const assumed = cargo.assumed.map((blob) => ({ ...blob, heldThere: held.has(blob.digest) }));
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
      sealed: link.state !== 'invited',
      after: cargo.after,
      entries,
      blobs: cargo.blobs.map((blob) => {
        const { digest, sizeBytes, attempt, kind, name } = blob;
        return { digest, sizeBytes, attempt, kind, name, carriedBytes: carriedBytes(blob) };
      }),
      assumed,
      leftOut: cargo.leftOut.map(leftOutDocument),
      givenBack: givenBack.length,
      hops,
    },
    text: [
      `To ${link.name} would go, and nothing else:`,
      ...(link.state === 'invited'
        ? [`  OPEN: ${link.name} has not answered the invitation yet, so that who has the file can read it`]
        : []),
      ...indented(lines.length === 0 ? ['no entries'] : lines),
      ...(firstBack === undefined
        ? []
        : [
            `  and ${link.name} gets back ${count(givenBack.length, 'entry', 'entries')} of its own, from ${placeText(firstBack)} on`,
          ]),
      ...section('Files', table(rows)),
      ...section('Left out', [
        ...table(
          assumed.map(({ digest, sizeBytes, name, heldThere }) => [
            short(digest),
            size(sizeBytes),
            name,
            heldThere ? `${link.name} gave a receipt for it` : 'an earlier bundle carries it',
          ]),
        ),
        ...leftOutLines(cargo.leftOut, link).map((line) => line.trim()),
      ]),
      ...section('Hop notes, not sealed', hopLines),
    ],
  };
}

function* entriesAfter(next: (at: Place) => readonly Place[], after: Place): Generator<Place> {
  for (let page = next(after); page.length > 0; page = next(page.at(-1)!)) yield* page;
}
