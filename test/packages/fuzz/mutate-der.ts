import type { Random } from './random.ts';

/** A value of DER that can be taken apart and put together wrongly. */
type Node = { tag: number; content: Buffer | Node[]; length?: (right: Buffer) => Buffer };

/** Changes values of a DER document (a signature, its attributes, certificates, time stamps) and mends the lengths above. */
export function mutateDer(original: Buffer, random: Random): Buffer {
  const root = parse(original);
  if (root === undefined) return random.bytes(original.length);
  for (let count = random.chance(0.7) ? 1 : 1 + random.below(4); count > 0; count -= 1) {
    const places = placesIn(root);
    if (places.length > 0) change(random.pick(places), places, random);
  }
  return serialised(root).subarray(0, 1 << 21);
}

type Place = { readonly among: Node[]; readonly at: number };

function change({ among, at }: Place, places: readonly Place[], random: Random): void {
  const node = among[at]!;
  const another = (): Node => {
    const other = random.pick(places);
    return copied(other.among[other.at]!);
  };
  const put = (...nodes: Node[]): void => void among.splice(at, 1, ...nodes);
  const primitive = (tag: number, content: Buffer): void => put({ tag, content });
  const content = (): Buffer => contentOf(node);
  random.pick<() => void>([
    () => put(),
    () => put(node, copied(node)),
    () => among.reverse(),
    () => put(another()),
    () => put(node, another()),
    () => put(...Array.from({ length: random.below(400) }, () => copied(node))),
    () => put({ ...node, tag: random.pick([...tags, random.below(256)]) }),
    () => put({ ...node, tag: node.tag ^ 0x20 }),
    () => primitive(node.tag, random.bytes(random.below(40))),
    () => primitive(node.tag, content().subarray(0, random.below(content().length + 1))),
    () => primitive(node.tag, Buffer.concat([content(), random.bytes(1 + random.below(4))])),
    () => primitive(node.tag, flipped(content(), random)),
    () => primitive(node.tag, Buffer.alloc(0)),
    () => put({ ...node, length: random.pick(lengths) }),
    () => put(nested(node, random.pick([3, 30, 60, 3000]))),
    () => put({ tag: 0x06, content: Buffer.from(random.pick(objectIds), 'hex') }),
    () => put({ tag: 0x02, content: random.pick(integers)() }),
    () => put({ tag: random.pick([0x17, 0x18]), content: Buffer.from(random.pick(times), 'latin1') }),
    () => put({ tag: 0x03, content: Buffer.concat([Buffer.from([9]), content()]) }),
    () => put({ tag: random.pick([0x0c, 0x13, 0x16, 0x1e]), content: Buffer.from(random.pick(texts)) }),
  ])();
}

const tags = [
  1, 2, 3, 4, 5, 6, 0x0c, 0x13, 0x16, 0x17, 0x18, 0x1f, 0x30, 0x31, 0x80, 0xa0, 0xa1, 0xa3, 0xbf, 0xff,
];
const lengths: readonly NonNullable<Node['length']>[] = [
  () => Buffer.from([0x80]),
  () => Buffer.from([0]),
  () => Buffer.from([0x84, 0x7f, 0xff, 0xff, 0xff]),
  () => Buffer.from([0x84, 0xff, 0xff, 0xff, 0xff]),
  () => Buffer.from([0x88, 0, 0, 0, 1, 0, 0, 0, 0]),
  (right) => Buffer.from([0x83, 0, right.length >> 8, right.length & 255]),
  (right) => lengthBytes(right.length + 1),
  (right) => lengthBytes(Math.max(0, right.length - 1)),
];
const integers: readonly (() => Buffer)[] = [
  () => Buffer.from([0]),
  () => Buffer.from([1]),
  () => Buffer.from([0xff]),
  () => Buffer.from([0x80, 0, 0, 0, 0, 0, 0, 0, 0]),
  () => Buffer.from([0, 0, 1]),
  () => Buffer.alloc(0),
  () => Buffer.alloc(2048, 0x7f),
];
const times = [
  '491231235959Z',
  '500101000000Z',
  '20180231000000Z',
  '99991231235959Z',
  '00010101000000Z',
  '1801',
  '',
  '180126220831+0100',
];
const texts = [
  '',
  '\0',
  'https://evil.example/v3/index.json',
  'http://x',
  '\u202egnp.exe',
  'x'.repeat(5000),
  'file:///etc/passwd',
];
/** MD5, SHA-1, SHA-224, SHA-256, -384, -512, SHA3-256, RSA, RSA-PSS, ECDSA, Ed25519, data, signed data, TST info, attributes. */
const objectIds = [
  '2a864886f70d0205',
  '2b0e03021a',
  '608648016503040204',
  '608648016503040201',
  '608648016503040202',
  '608648016503040203',
  '608648016503040208',
  '2a864886f70d010101',
  '2a864886f70d01010a',
  '2a8648ce3d040302',
  '2b6570',
  '2a864886f70d010701',
  '2a864886f70d010702',
  '2a864886f70d0109100104',
  '2a864886f70d010903',
  '2a864886f70d010904',
  '2a864886f70d010905',
  '2a864886f70d010906',
  '2a864886f70d010910020e',
  '2a864886f70d010910022f',
  '2a864886f70d0109100210',
  '2a864886f70d0109100601',
  '2a864886f70d0109100602',
  '2b06010505070303',
  '',
  '80',
  'ffffffffffffffffffffffff7f',
];

const flipped = (content: Buffer, random: Random): Buffer => {
  const bytes = Buffer.from(content);
  if (bytes.length > 0) bytes[random.below(bytes.length)]! ^= 1 << random.below(8);
  return bytes;
};

function nested(node: Node, depth: number): Node {
  let content = serialised(node);
  for (let level = 1; level < depth; level += 1)
    content = Buffer.concat([Buffer.from([0x30]), lengthBytes(content.length), content]);
  return { tag: 0x30, content };
}

const copied = (node: Node): Node => ({
  ...node,
  content: Array.isArray(node.content) ? node.content.map(copied) : node.content,
});

function placesIn(node: Node, places: Place[] = []): Place[] {
  if (!Array.isArray(node.content)) return places;
  for (const at of node.content.keys()) places.push({ among: node.content, at });
  for (const child of node.content) if (places.length < 5000) placesIn(child, places);
  return places;
}

/** One value and nothing behind it; what is inside an octet string is taken apart where it is DER as well. */
function parse(bytes: Buffer): Node | undefined {
  const nodes = parseAll(bytes, 0);
  return nodes?.length === 1 ? nodes[0] : undefined;
}

function parseAll(bytes: Buffer, depth: number): Node[] | undefined {
  const nodes: Node[] = [];
  for (let at = 0; at < bytes.length;) {
    const [tag, first] = [bytes[at]!, bytes[at + 1]];
    if (first === undefined || first === 0x80 || depth > 60) return undefined;
    const count = first < 0x80 ? 0 : first & 0x7f;
    if (count > 4 || at + 2 + count > bytes.length) return undefined;
    const length = count === 0 ? first : bytes.readUIntBE(at + 2, count);
    const content = bytes.subarray(at + 2 + count, at + 2 + count + length);
    if (content.length !== length) return undefined;
    const mayHold = (tag & 0x20) !== 0 || (tag === 0x04 && content[0] === 0x30);
    const children = mayHold ? parseAll(content, depth + 1) : undefined;
    nodes.push({ tag, content: children ?? content });
    at += 2 + count + length;
  }
  return nodes;
}

function serialised(node: Node): Buffer {
  const content = contentOf(node);
  return Buffer.concat([
    Buffer.from([node.tag]),
    node.length?.(content) ?? lengthBytes(content.length),
    content,
  ]);
}

function contentOf({ content }: Node): Buffer {
  return Array.isArray(content) ? Buffer.concat(content.map(serialised)) : content;
}

function lengthBytes(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const digits = length.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes]);
}
