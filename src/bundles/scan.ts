import { lstat, open, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { comparePlaces } from './places.ts';
import { frontBytesMax, readFront, type BundleFacts, type Envelope } from './envelope.ts';
import { BundleError, systemCode } from './errors.ts';

/** So many files are looked at, and so deep, before a person is asked to be more precise. */
const filesMax = 20_000;
const depthMax = 8;

/** A part of a bundle that lies somewhere. */
export type FoundPart = {
  readonly path: string;
  /** Where in the file the part begins: 0 but for one that another file carries. */
  readonly offset: number;
  readonly part: number;
  readonly content: Envelope['content'];
  readonly frontBytes: number;
  /** Of the part as it is here. */
  readonly fileBytes: number;
};

/** A file that begins like a part and can't be used as one. */
export type SpoiltPart = {
  readonly path: string;
  readonly fileBytes: number;
  readonly why: string;
  readonly unfit: 'version' | 'damaged';
  readonly claims: Envelope | undefined;
};

/** A bundle of which at least one part lies here, with all its parts that do; of doubles, the one that is whole. */
export type FoundBundle = {
  readonly facts: BundleFacts;
  /** The words of the sender's company certificate, its subject and its fingerprint. */
  readonly sender: { readonly words: string; readonly subject: string; readonly fingerprint: string };
  readonly parts: ReadonlyMap<number, FoundPart>;
};

export type Found = { readonly bundles: readonly FoundBundle[]; readonly spoilt: readonly SpoiltPart[] };

/**
 * Says where in a file that does not begin like a part one lies all the same, by the first bytes of the file; undefined
 * where none does, and why where it can't be used.
 */
export type BundleInFile = (
  path: string,
  start: Uint8Array,
) => Promise<
  | { readonly offset: number; readonly sizeBytes: number }
  | { readonly unfit: SpoiltPart['unfit']; readonly why: string }
  | undefined
>;

/**
 * Looks for parts of bundles: files by what is in them, whatever they are called, in folders as deep as a medium has
 * them, and within other files where `within` knows of some. What isn't a part is passed over. Bundles come in the order
 * in which they are to be taken in.
 *
 * @throws {BundleError} BUNDLE_NOT_FOUND, BUNDLE_PART_UNREADABLE
 */
export async function findBundles(paths: readonly string[], within?: BundleInFile): Promise<Found> {
  const bundles = new Map<string, FoundBundle & { parts: Map<number, FoundPart> }>();
  const spoilt: SpoiltPart[] = [];
  for await (const path of filesBelow(paths)) {
    let [{ start, fileBytes }, offset] = [await guardRead(path, () => readStart(path)), 0];
    const inside = start.length < 8 || isPart(start) ? undefined : await within?.(path, start);
    if (inside !== undefined && 'unfit' in inside) {
      spoilt.push({ path, fileBytes, ...inside, claims: undefined });
      continue;
    }
    if (inside !== undefined) {
      offset = inside.offset;
      ({ start } = await guardRead(path, () => readStart(path, inside.offset)));
      fileBytes = Math.min(inside.sizeBytes, fileBytes - offset);
    }
    const front = readFront(start);
    if (front === undefined) continue;
    if ('unfit' in front) {
      spoilt.push({ path, fileBytes, why: front.why, unfit: front.unfit, claims: front.claims });
      continue;
    }
    const { part, content, ...facts } = front.envelope;
    // What its parts don't say alike is not one bundle.
    const key = JSON.stringify(facts);
    const { words, sender } = front;
    const { subject, fingerprint } = sender.certificate;
    const bundle = bundles.get(key) ?? { facts, sender: { words, subject, fingerprint }, parts: new Map() };
    bundles.set(key, bundle);
    const found: FoundPart = { path, offset, part, content, frontBytes: front.frontBytes, fileBytes };
    const before = bundle.parts.get(part);
    if (before === undefined || !hasItsSize(before)) bundle.parts.set(part, found);
  }
  if (bundles.size === 0 && spoilt.length === 0)
    throw new BundleError(
      'BUNDLE_NOT_FOUND',
      `Cannot find a bundle in ${paths.join(', ')}: no file there is part of one`,
      {
        hint: 'Name the folder or the files that were carried here.',
        details: { paths },
      },
    );
  return { bundles: [...bundles.values()].toSorted(byOrder), spoilt };
}

/** Whether the file is as long as it says; a copy that was cut short is not. */
export function hasItsSize({ frontBytes, content, fileBytes }: FoundPart): boolean {
  return frontBytes + content.sizeBytes === fileBytes;
}

/** The numbers of the parts that aren't here. */
export function missingParts({ facts, parts }: FoundBundle): number[] {
  return Array.from({ length: facts.parts }, (_, at) => at + 1).filter((part) => !parts.has(part));
}

/** Ids of hexadecimal digits, which no language orders in its own way. */
function comparePlain(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

/** Each link by itself, and in it what begins first. */
function byOrder(a: FoundBundle, b: FoundBundle): number {
  const [one, other] = [a.facts, b.facts];
  return (
    comparePlain(one.link, other.link) ||
    comparePlain(one.from.instance, other.from.instance) ||
    comparePlaces(one.after, other.after) ||
    comparePlaces(one.last, other.last) ||
    one.number - other.number
  );
}

/** The files in folders, as deep as a medium has them, and those named. @throws {BundleError} BUNDLE_NOT_FOUND, BUNDLE_PART_UNREADABLE */
export async function* filesBelow(paths: readonly string[]): AsyncGenerator<string> {
  let seen = 0;
  const count = (path: string): string => {
    seen += 1;
    if (seen <= filesMax) return path;
    throw new BundleError(
      'BUNDLE_NOT_FOUND',
      `Cannot look through so many files: there are more than ${filesMax}`,
      {
        hint: 'Name the folder or the files of the bundle itself.',
        details: { paths },
      },
    );
  };
  async function* below(folder: string, depth: number): AsyncGenerator<string> {
    const entries = await guardRead(folder, () => readdir(folder, { withFileTypes: true }));
    for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = join(folder, entry.name);
      // What is still being written is none yet.
      if (entry.isFile() && !entry.name.endsWith('~')) yield count(path);
      if (entry.isDirectory() && depth < depthMax) yield* below(path, depth + 1);
    }
  }
  for (const path of paths) {
    const facts = await guardRead(path, () => stat(path));
    if (facts.isDirectory()) yield* below(path, 0);
    else if (facts.isFile()) yield count(path);
  }
}

const isPart = (start: Buffer): boolean => start.toString('latin1', 0, 8) === 'CGBUNDLE';

async function readStart(path: string, offset = 0): Promise<{ start: Buffer; fileBytes: number }> {
  const facts = await lstat(path);
  await using file = await open(path, 'r');
  const small = Buffer.alloc(4096);
  const { bytesRead } = await file.read(small, 0, small.length, offset);
  const start = small.subarray(0, bytesRead);
  const fileBytes = facts.isSymbolicLink() ? (await file.stat()).size : facts.size;
  if (bytesRead < 16 || !isPart(start)) return { start, fileBytes };
  const all = Buffer.alloc(Math.min(frontBytesMax, 16 + start.readUInt32BE(12) + 64));
  const whole = await file.read(all, 0, all.length, offset);
  return { start: all.subarray(0, whole.bytesRead), fileBytes };
}

/** What the system refuses to let be read, by name: a medium that was pulled out, most often. */
export async function guardRead<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const system = systemCode(cause);
    if (system === undefined) throw cause;
    const why = system === 'ENOENT' ? 'it is not there' : `the system says ${system}`;
    throw new BundleError('BUNDLE_PART_UNREADABLE', `Cannot read ${basename(path)}: ${why}`, {
      hint: 'Plug the medium in again and repeat the command, which goes on where it was; or look whether the name is right.',
      details: { path, system },
      cause,
    });
  }
}
