import { releaseOf, type Instance } from '../../instance/index.ts';
import { describeDiff, diffRevisions } from '../../process/index.ts';
import type { ReleaseRow } from '../../projections/index.ts';
import { firstLines, notesOf } from './release-facts.ts';
import { heldRevision } from './revisions.ts';
import { section, table } from '../table.ts';

/** What differs between two releases, for machines and for people. */
export type ReleaseDiff = {
  readonly document: Readonly<Record<string, unknown>>;
  readonly text: readonly string[];
  /** Those parts that differ of what is deployed, each with its lines. */
  readonly deployed: readonly { readonly title: string; readonly lines: readonly string[] }[];
};

/** Packages, process, inputs and notes; the process only where both revisions are here. */
export function releaseDiff(instance: Instance, a: ReleaseRow, b: ReleaseRow): ReleaseDiff {
  const packages = packageChanges(a, b);
  const [before, after] = [a, b].map(({ document }) => heldRevision(instance, document.revision.digest));
  const process = before !== undefined && after !== undefined ? diffRevisions(before, after) : null;
  const notesDiffer = a.document.notes?.digest !== b.document.notes?.digest;
  const notes = notesDiffer ? { before: notesOf(instance, a), after: notesOf(instance, b) } : null;
  const changed = {
    title: 'Packages',
    differs: packages.length > 0,
    lines:
      packages.length === 0
        ? ['The packages are the same']
        : table(packages.map((one) => [one.id, one.before ?? '(none)', '→', one.after ?? '(none)'])),
  };
  const processes = {
    title: 'Process',
    differs: a.document.revision.digest !== b.document.revision.digest,
    lines: process === null ? ['One of the two revisions is not here'] : describeDiff(process),
  };
  return {
    document: {
      a: { release: releaseOf(instance.db, a), digest: a.digest },
      b: { release: releaseOf(instance.db, b), digest: b.digest },
      same: a.digest === b.digest,
      packages,
      process,
      notes,
    },
    text: [
      `${releaseOf(instance.db, a)} → ${releaseOf(instance.db, b)}`,
      ...[changed, processes].flatMap(({ title, lines }) => section(title, lines)),
      ...section('Notes', notes === null ? ['The notes are the same'] : firstLines(notes.after ?? '(none)')),
    ],
    deployed: [changed, processes].filter(({ differs }) => differs),
  };
}

function packageChanges(
  a: ReleaseRow,
  b: ReleaseRow,
): { id: string; before: string | null; after: string | null }[] {
  const byId = ({ document }: ReleaseRow) =>
    new Map(document.packages.map((pin) => [pin.id.toLowerCase(), pin]));
  const [before, after] = [byId(a), byId(b)];
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((id) => {
    const [was, is] = [before.get(id), after.get(id)];
    if (was?.contentDigest === is?.contentDigest) return [];
    return [{ id: (is ?? was)!.id, before: was?.version ?? null, after: is?.version ?? null }];
  });
}
