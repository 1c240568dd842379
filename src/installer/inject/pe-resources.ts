/** A table of resources: below it tables, or contents. Names come before numbers, both in ascending order. */
export type ResourceTable = { readonly entries: readonly ResourceEntry[] };
export type ResourceEntry = {
  readonly key: string | number;
  readonly of: ResourceTable | ResourceContent;
};
export type ResourceContent = { readonly bytes: Buffer; readonly codePage: number };

const tableBytes = 16;
const entryBytes = 8;
const contentFactBytes = 16;
const high = 0x8000_0000;
/** `RT_RCDATA`, what an application brings for itself; of no language. */
const ownData = 10;
const language = 0;

/**
 * The resources in a section.
 *
 * @param root where in the section the tree begins, to which its places are relative
 * @param address of the section, to which those of contents are not relative
 */
export function readTree(section: Buffer, root: number, address: number): ResourceTable {
  const tableAt = (offset: number): ResourceTable => {
    const from = root + offset;
    const count = section.readUInt16LE(from + 12) + section.readUInt16LE(from + 14);
    const entries = Array.from({ length: count }, (_, at): ResourceEntry => {
      const entry = from + tableBytes + at * entryBytes;
      const [key, place] = [section.readUInt32LE(entry), section.readUInt32LE(entry + 4)];
      return {
        key: key >= high ? nameAt(key - high) : key,
        of: place >= high ? tableAt(place - high) : contentAt(place),
      };
    });
    return { entries };
  };
  const nameAt = (offset: number): string => {
    const from = root + offset;
    return section.toString('utf16le', from + 2, from + 2 + section.readUInt16LE(from) * 2);
  };
  const contentAt = (offset: number): ResourceContent => {
    const from = root + offset;
    const begin = section.readUInt32LE(from) - address;
    const bytes = section.subarray(begin, begin + section.readUInt32LE(from + 4));
    return { bytes, codePage: section.readUInt32LE(from + 8) };
  };
  return tableAt(0);
}

/** The tree with one more resource of an application's own data. */
export function withBlob({ entries }: ResourceTable, name: string, bytes: Buffer): ResourceTable {
  const content: ResourceTable = { entries: [{ key: language, of: { bytes, codePage: 0 } }] };
  const before = entries.find(({ key }) => key === ownData);
  const named = before !== undefined && 'entries' in before.of ? before.of.entries : [];
  const own: ResourceTable = { entries: [...named, { key: name, of: content }].toSorted(byKey) };
  const others = entries.filter(({ key }) => key !== ownData);
  return { entries: [...others, { key: ownData, of: own }].toSorted(byKey) };
}

function byKey({ key: one }: ResourceEntry, { key: other }: ResourceEntry): number {
  if (typeof one === 'string' && typeof other === 'string') return one < other ? -1 : 1;
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return typeof one === 'string' ? -1 : 1;
}

/** The bytes of a tree that is mapped at an address: tables level by level, then names, facts and contents. */
export function layTree(root: ResourceTable, address: number): Buffer {
  const tables: ResourceTable[] = [root];
  const contents: ResourceContent[] = [];
  const names: string[] = [];
  for (const { entries } of tables) {
    for (const { key, of } of entries) {
      if (typeof key === 'string') names.push(key);
      if ('entries' in of) tables.push(of);
      else contents.push(of);
    }
  }
  const tablePlaces = new Map<ResourceTable, number>();
  let at = 0;
  for (const table of tables) {
    tablePlaces.set(table, at);
    at += tableBytes + table.entries.length * entryBytes;
  }
  const namePlaces = new Map<string, number>();
  for (const name of names) {
    namePlaces.set(name, at);
    at += 2 + name.length * 2;
  }
  at = Math.ceil(at / 4) * 4;
  const factPlaces = new Map(contents.map((content, index) => [content, at + index * contentFactBytes]));
  at += contents.length * contentFactBytes;
  const contentPlaces = new Map<ResourceContent, number>();
  for (const content of contents) {
    at = Math.ceil(at / 8) * 8;
    contentPlaces.set(content, at);
    at += content.bytes.length;
  }
  const laid = Buffer.alloc(at);
  for (const [{ entries }, from] of tablePlaces) {
    const named = entries.filter(({ key }) => typeof key === 'string').length;
    laid.writeUInt16LE(named, from + 12);
    laid.writeUInt16LE(entries.length - named, from + 14);
    for (const [index, { key, of }] of entries.entries()) {
      const entry = from + tableBytes + index * entryBytes;
      laid.writeUInt32LE(typeof key === 'string' ? high + namePlaces.get(key)! : key, entry);
      laid.writeUInt32LE('entries' in of ? high + tablePlaces.get(of)! : factPlaces.get(of)!, entry + 4);
    }
  }
  for (const [name, from] of namePlaces) {
    laid.writeUInt16LE(name.length, from);
    laid.write(name, from + 2, 'utf16le');
  }
  for (const [content, from] of factPlaces) {
    const place = contentPlaces.get(content)!;
    laid.writeUInt32LE(address + place, from);
    laid.writeUInt32LE(content.bytes.length, from + 4);
    laid.writeUInt32LE(content.codePage, from + 8);
    content.bytes.copy(laid, place);
  }
  return laid;
}
