import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { lstat, mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '../replace-file.ts';
import type { BundleFacts } from './envelope.ts';
import { systemCode } from './errors.ts';
import { hopsMax, isAbout, noteBytesMax, noteMagic, readNote, type ReadNote } from './relay-note.ts';
import { filesBelow, guardRead } from './scan.ts';
import { guard } from './write-parts.ts';

/** Hop notes that lie on a medium, and files that begin like one and are none. */
export type FoundNotes = {
  readonly notes: readonly ReadNote[];
  readonly spoilt: readonly { readonly path: string; readonly why: string }[];
};

/** So many notes of a medium are read; the rest is passed over. */
const notesMax = 2000;

/**
 * Looks for hop notes: files by what is in them, as `findBundles` does.
 *
 * @throws {BundleError} BUNDLE_NOT_FOUND where there are too many files, BUNDLE_PART_UNREADABLE
 */
export async function findHopNotes(paths: readonly string[]): Promise<FoundNotes> {
  const notes = new Map<string, ReadNote>();
  const spoilt: { path: string; why: string }[] = [];
  for await (const path of filesBelow(paths)) {
    if (notes.size >= notesMax) break;
    const bytes = await guardRead(path, () => smallFile(path));
    const note = bytes === undefined ? undefined : readNote(bytes);
    if (note === undefined) continue;
    if ('unfit' in note) spoilt.push({ path, why: note.unfit });
    else notes.set(note.digest, note);
  }
  return { notes: [...notes.values()], spoilt };
}

async function smallFile(path: string): Promise<Buffer | undefined> {
  const facts = await lstat(path);
  if (facts.isSymbolicLink() || facts.size > noteBytesMax) return undefined;
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(noteMagic.length), 0, noteMagic.length, 0);
  return buffer.equals(noteMagic) ? await readFile(path) : undefined;
}

/** `hXXXXXXX.hop`: a name every file system holds, the same for the same note. */
export async function writeNotes(folder: string, notes: readonly ReadNote[]): Promise<string[]> {
  const paths: string[] = [];
  await guard(folder, () => mkdir(folder, { recursive: true }));
  for (const { digest, bytes } of notes) {
    const path = join(folder, `h${digest.slice(0, 7)}.hop`);
    await guard(path, async () => replaceFile(path, bytes));
    paths.push(path);
  }
  return paths;
}

/** Puts the newest note of each hop in the order of the way; of several by one instance the later one counts. */
export function routeOf(notes: readonly ReadNote[]): ReadNote[] {
  const newest = new Map<string, ReadNote>();
  for (const note of notes) {
    const key = `${note.by.instance} ${note.words}`;
    const other = newest.get(key);
    if (other === undefined || saysMore(note, other)) newest.set(key, note);
  }
  return [...newest.values()].toSorted((a, b) => a.hop - b.hop || (a.takenAt < b.takenAt ? -1 : 1));
}

/**
 * Notes by the same instance are of one clock. What was passed on says more than what was only taken in, and more
 * parts say more than fewer.
 */
function saysMore(a: ReadNote, b: ReadNote): boolean {
  if ((a.passedAt === null) !== (b.passedAt === null)) return a.passedAt !== null;
  const [one, other] = [a.passedAt ?? a.takenAt, b.passedAt ?? b.takenAt];
  return one === other ? a.parts.length > b.parts.length : one > other;
}

/** Whether the receiver itself wrote this: the bundle has arrived. Only who holds its company certificate can. */
export function isArrival({ by, words }: ReadNote, { format, to }: BundleFacts): boolean {
  return format === 1 && by.instance === to.instance && words === to.words;
}

/** The hop notes this instance remembers, in `DATA/hops/BUNDLE/DIGEST.hop`. */
export type NoteShelf = {
  /** The way of a bundle as far as it is known, in its order. */
  of(facts: BundleFacts): ReadNote[];
  /** The notes of bundles that came by a link to an instance, those of the newest `limit` bundles. */
  ofLink(link: string, to: string, limit: number): ReadNote[];
  /** Remembers notes of a bundle; those that later ones of the same hop replace are forgotten. */
  keep(facts: BundleFacts, notes: readonly ReadNote[]): void;
};

export function noteShelf(root: string): NoteShelf {
  const read = (id: string): ReadNote[] =>
    namesIn(join(root, id))
      .filter((name) => name.endsWith('.hop'))
      .flatMap((name) => {
        const note = readNote(readFileSync(join(root, id, name)));
        // Where somebody wrote into the folder, what is left of the way is told.
        return note === undefined || 'unfit' in note ? [] : [note];
      });
  const about = (facts: BundleFacts): ReadNote[] => notesAbout(read(facts.id), facts);
  return {
    of: (facts) => routeOf(about(facts)),
    ofLink(link, to, limit) {
      const bundles = namesIn(root)
        .map((id) => routeOf(read(id).filter(({ bundle }) => bundle.link === link && bundle.to === to)))
        .filter((route) => route.length > 0);
      return bundles
        .toSorted(([a], [b]) => b!.bundle.number - a!.bundle.number)
        .slice(0, limit)
        .flat();
    },
    keep(facts, notes) {
      const before = about(facts);
      const kept = routeOf([...before, ...notesAbout(notes, facts)]).slice(0, hopsMax);
      const folder = join(root, facts.id);
      if (kept.length > 0) mkdirSync(folder, { recursive: true, mode: 0o700 });
      const path = ({ digest }: ReadNote): string => join(folder, `${digest}.hop`);
      for (const note of kept)
        if (!before.some(({ digest }) => digest === note.digest)) replaceFile(path(note), note.bytes);
      for (const note of before)
        if (!kept.some(({ digest }) => digest === note.digest)) rmSync(path(note), { force: true });
    },
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** The notes among these that are about a bundle. */
export function notesAbout(notes: readonly ReadNote[], facts: BundleFacts): ReadNote[] {
  return notes.filter((note) => isAbout(note, facts));
}
