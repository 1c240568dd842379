import { placeText, type BundledBlob, type BundleFacts, type Exported } from '../../bundles/index.ts';
import type { LinkRow } from '../../projections/index.ts';
import type { Place } from '../../sync/index.ts';
import { commandLine, count, short, size } from '../../words.ts';
import type { Cargo } from './bundle-ends.ts';
import type { Outcome } from '../command.ts';
import { indented, table } from '../table.ts';

/** What is said of a bundle that was made. */
export function told(
  made: Exported,
  link: LinkRow,
  more: {
    hasReceipt: boolean;
    all: readonly BundledBlob[];
    leftOut: Cargo['leftOut'];
    givenBack: number;
    caution: string | undefined;
    folder: string;
    notes: number;
  },
): Outcome {
  const { facts, parts } = made;
  const bytes = parts.reduce((sum, part) => sum + part.size, 0);
  const everything = more.all.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const lines = [
    `Bundle ${facts.number} for ${link.name}: ${entriesText(facts)}, ${count(facts.packages, 'package')}, ${size(bytes)}`,
    `  ${sealText(facts, link.state)}`,
    more.hasReceipt
      ? `  what receipts say is missing; with every package it would have ${size(everything)}`
      : '  no receipt came from there yet: everything is in it',
    ...leftOutLines(more.leftOut, link),
    ...(more.givenBack === 0
      ? []
      : [
          `  gives back ${count(more.givenBack, 'entry', 'entries')} of its own, which ${link.name} lost when it was put back`,
        ]),
    ...(more.caution === undefined ? [] : [`  MIND: ${more.caution}`]),
    ...(facts.follows === null ? [] : [`  goes after bundle ${facts.follows}`]),
    ...partLines(made),
    ...(more.notes === 0
      ? []
      : [`  beside them ${count(more.notes, 'hop note')}, not sealed: how bundles came here`]),
    `Give ${made.sheet} to whoever carries it; check with: ${commandLine('bundle', 'inspect', more.folder)}`,
  ];
  const leftOut = more.leftOut.map(leftOutDocument);
  const { hasReceipt, givenBack, caution = null } = more;
  const document = { ...documentOf(made, link), hasReceipt, leftOut, givenBack, caution };
  return { document, text: lines };
}

/** Who can read it. */
function sealText(facts: BundleFacts, state: LinkRow['state']): string {
  if (facts.format === 2)
    return `OPEN: ${facts.to.name} has not answered the invitation yet, so that who has the file can read it, and answer`;
  const unsure = state === 'confirmed' ? '' : ', whose words nobody has compared yet';
  return `sealed to ${facts.to.name} (${facts.to.words})${unsure}`;
}

/** `Orders.Web 3.2.0: 3 MB of 41 MB, bankair has the rest in Orders.Web 3.1.4`, and how all of it would go. */
export function leftOutLines(leftOut: Cargo['leftOut'], { name: there }: LinkRow): string[] {
  const lines = leftOut.map(
    ({ name, carriedBytes: carried, sizeBytes, heldIn }) =>
      `  ${name}: ${size(carried)} of ${size(sizeBytes)}, the rest is in ${heldIn.join(', ')}, which ${there} gave a receipt for or which is in here as well`,
  );
  return lines.length === 0 ? [] : [...lines, '  with --whole all of it would go'];
}

/** A package of which only a part goes, for scripts. */
export function leftOutDocument(one: Cargo['leftOut'][number]): Record<string, unknown> {
  return { package: one.name, size: one.sizeBytes, carried: one.carriedBytes, heldIn: one.heldIn };
}

/** A line for each of its files. */
export function partLines({ parts }: Exported): string[] {
  const rows = parts.map(({ part, file, size: bytes, sha256 }) => [
    String(part),
    file,
    size(bytes),
    short(sha256),
  ]);
  return indented(table([['PART', 'FILE', 'SIZE', 'SHORT HASH'], ...rows]));
}

/** A bundle that was made, for scripts. */
export function documentOf({ facts, parts, sheet }: Exported, link: LinkRow): Record<string, unknown> {
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
    sealed: facts.format === 1,
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
