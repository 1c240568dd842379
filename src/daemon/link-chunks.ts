import { askForChunks } from '../commands/index.ts';
import type { Instance } from '../instance/index.ts';
import { chunkShelf, partNamed, piecesInBoth, type ChunkList } from '../packages/index.ts';
import {
  readAskedChunks,
  readPackageFiles,
  type AskedChunks,
  type ListedPackage,
} from '../projections/index.ts';
import type { Replica } from '../sync/index.ts';

/** What sync asks of a link about the pieces of packages. */
export type LinkChunks = Required<
  Pick<Replica, 'owedPieces' | 'wantedPieces' | 'findPiece' | 'askForPieces'>
>;

/** The packages of a link that were listed: those that we offered to it, and those it offered to us. */
export type ListedBothWays = {
  readonly ours: () => readonly ListedPackage[];
  readonly theirs: () => readonly ListedPackage[];
};

/** What is read of one link anyway. */
export type LinkKnowledge = {
  readonly listed: ListedBothWays;
  /** Keeps what was read of the read models until they change. */
  readonly sinceLastEntry: <T>(read: () => T) => () => T;
  /** Whether the other side may be told anything. */
  readonly mayTell: () => boolean;
};

/** By the number of a piece: packages that have it too, and where. */
type Sources = ReadonlyMap<number, readonly { readonly digest: string; readonly offset: number }[]>;

type Package = { readonly digest: string; readonly sizeBytes: number; readonly list?: string };

/**
 * The packages of one link by their pieces: which the other side has in what it said to hold, and which are here in
 * any package of the store.
 */
export function linkChunks(
  instance: Instance,
  linkId: string,
  { listed: { ours: ourListed, theirs: theirListed }, sinceLastEntry, mayTell }: LinkKnowledge,
): LinkChunks {
  const { db } = instance;
  const known = chunkKnowledge(instance);
  const askedOfUs = sinceLastEntry(() => readAskedChunks(db, linkId, true));
  const askedByUs = sinceLastEntry(() => readAskedChunks(db, linkId, false));
  const shelved = sinceLastEntry(() => packagesKnown(instance, theirListed()));
  const sources = sinceLastEntry(() => new Map<string, Promise<Sources>>());
  const listOf = (listed: readonly ListedPackage[], digest: string): Promise<ChunkList | undefined> => {
    const one = listed.find((each) => each.digest === digest);
    return one === undefined || !instance.holds(one.list) ? Promise.resolve(undefined) : known.list(one);
  };

  /** The pieces of a package that also stand in those which a receipt says are held, with the lists of both. */
  async function inReceipted(
    list: ChunkList,
    listed: readonly ListedPackage[],
  ): Promise<{ readonly pieces: ReadonlySet<number>; readonly packages: readonly string[] }> {
    const held = listed.filter((each) => each.held && each.listHeld && each.digest !== list.digest);
    const both = await Promise.all(held.map((each) => known.both(list, each)));
    return {
      pieces: new Set(both.flatMap((pieces) => [...pieces.keys()])),
      packages: held.flatMap(({ digest }, at) => (both[at]!.size > 0 ? [digest] : [])),
    };
  }

  /** Where the pieces of a wanted package also stand, in packages that are here. */
  async function findSources(list: ChunkList): Promise<Sources> {
    const found = new Map<number, { readonly digest: string; readonly offset: number }[]>();
    for (const other of shelved()) {
      if (other.digest === list.digest || !instance.holds(other.digest)) continue;
      for (const [index, offset] of await known.both(list, other))
        found.set(index, [...(found.get(index) ?? []), { digest: other.digest, offset }]);
    }
    return found;
  }

  return {
    async owedPieces(digest) {
      const listed = ourListed();
      const list = await listOf(listed, digest);
      if (list === undefined) return undefined;
      const asked = askedOfUs().get(digest);
      const there = await inReceipted(list, listed);
      return {
        pieces: list.pieces,
        knowsLists: askedOfUs().size > 0 || listed.some(({ listHeld }) => listHeld),
        heldThere: there.pieces,
        heldIn: there.packages,
        asked: numbersOf(asked, list.pieces.length),
        asks: asked?.attempt ?? 0,
      };
    },
    async wantedPieces(digest) {
      const listed = theirListed();
      const list = await listOf(listed, digest);
      if (list === undefined) return undefined;
      const asked = askedByUs().get(digest);
      // Of a package that was held once and is gone, the author sends nothing unless it is asked to.
      const isLost = listed.some((each) => each.digest === digest && each.held);
      return {
        pieces: list.pieces,
        assumed: isLost ? new Set(list.pieces.keys()) : (await inReceipted(list, listed)).pieces,
        // What was asked for before it was held is answered.
        asked: isLost ? new Set() : numbersOf(asked, list.pieces.length),
        asks: asked?.attempt ?? 0,
      };
    },
    async findPiece(digest, index) {
      const list = await listOf(theirListed(), digest);
      const piece = list?.pieces[index];
      if (list === undefined || piece === undefined) return undefined;
      const found = sources().get(digest) ?? findSources(list);
      sources().set(digest, found);
      for (const { digest: other, offset } of (await found).get(index) ?? []) {
        const bytes = await known.shelf.take(other, offset, piece);
        if (bytes) return bytes;
      }
      return undefined;
    },
    async askForPieces(digest, pieces, damaged) {
      // Nobody is asked who is not known yet; what is lacking is asked for when the words were compared.
      if (!mayTell()) return;
      const list = await listOf(theirListed(), digest);
      const parts = list === undefined ? [] : [...new Set(damaged.map((index) => partNamed(list, index)))];
      instance.record(() => {
        const attempt = (askedByUs().get(digest)?.attempt ?? 0) + 1;
        return askForChunks({ link: linkId, package: digest, attempt, pieces, parts });
      });
    },
  };
}

/** Every package that verified here by whatever road, with the list that came with it, if one did. */
function packagesKnown({ db }: Instance, listed: readonly ListedPackage[]): readonly Package[] {
  const packages = new Map<string, Package>();
  for (const { pin } of readPackageFiles(db))
    packages.set(pin.sha256, { digest: pin.sha256, sizeBytes: pin.sizeBytes });
  for (const { digest, sizeBytes, list } of listed)
    if (packages.has(digest)) packages.set(digest, { digest, sizeBytes, list });
  return [...packages.values()];
}

/** The numbers that a request names, no more than there are pieces. */
function numbersOf(asked: AskedChunks | undefined, pieces: number): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const { first, count } of asked?.pieces ?? [])
    for (let number = first; number < Math.min(first + count, pieces); number += 1) numbers.add(number);
  return numbers;
}

type ChunkKnowledge = {
  readonly shelf: ReturnType<typeof chunkShelf>;
  list(of: Package): Promise<ChunkList | undefined>;
  both(list: ChunkList, other: Package): Promise<ReadonlyMap<number, number>>;
};

/** So many packages are looked at piece by piece at one time. */
const rememberedMax = 8;
const knowledge = new WeakMap<Instance, ChunkKnowledge>();

/** What is known of packages' pieces, once for all links: thousands of them are sent the same package. */
function chunkKnowledge(instance: Instance): ChunkKnowledge {
  const before = knowledge.get(instance);
  if (before) return before;
  const shelf = chunkShelf(instance.blobs);
  const lists = recent<ChunkList | undefined>();
  const matches = recent<Map<string, Promise<ReadonlyMap<number, number>>>>();

  async function read({ digest, sizeBytes, list }: Package): Promise<ChunkList | undefined> {
    const announced = list === undefined ? undefined : await shelf.read(list, { digest, sizeBytes });
    return announced ?? (instance.holds(digest) ? (await shelf.cut(digest)).list : undefined);
  }

  async function compare(list: ChunkList, other: Package): Promise<ReadonlyMap<number, number>> {
    const theirs = await read(other);
    return theirs === undefined ? new Map() : piecesInBoth(list, theirs);
  }

  const made: ChunkKnowledge = {
    shelf,
    async list(of) {
      const key = `${of.digest} ${of.list}`;
      const one = lists.get(key);
      if (one) return one;
      const found = of.list === undefined ? undefined : await shelf.read(of.list, of);
      if (found) lists.set(key, found);
      return found;
    },
    both(list, other) {
      const ofList = matches.get(list.digest) ?? new Map<string, Promise<ReadonlyMap<number, number>>>();
      matches.set(list.digest, ofList);
      const hasList = other.list !== undefined && instance.holds(other.list);
      const key = `${other.digest} ${hasList ? other.list : ''} ${instance.holds(other.digest)}`;
      const found = ofList.get(key) ?? compare(list, other);
      ofList.set(key, found);
      // What could not be read now may be readable the next time; who asked is told.
      found.catch(() => ofList.delete(key));
      return found;
    },
  };
  knowledge.set(instance, made);
  return made;
}

/** Keeps what was used last. */
function recent<T>(): { get(key: string): T | undefined; set(key: string, value: T): void } {
  const kept = new Map<string, T>();
  const set = (key: string, value: T): void => {
    kept.delete(key);
    kept.set(key, value);
    for (const oldest of kept.keys()) if (kept.size > rememberedMax) kept.delete(oldest);
  };
  return {
    get(key) {
      const value = kept.get(key);
      if (value !== undefined) set(key, value);
      return value;
    },
    set,
  };
}
