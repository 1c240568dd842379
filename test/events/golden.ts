import {
  EpochStarted,
  FeedOpened,
  feedId,
  sealEntry,
  type EntryHeader,
  type EntryPlace,
  type MadeEvent,
} from '../../src/events/index.ts';
import { rawPublicKey, sealIntroduction } from '../../src/identity/index.ts';
import { BlobNamed, company, goldenSealingKey, goldenSigner, NoteMade } from './known.ts';

/** One golden entry: what it means, and the bytes that follow from it with the keys of keys.json. */
export type GoldenEntry = {
  readonly comment: string;
  readonly header: EntryHeader;
  /** Bytes stand as {"bytes": hex}. */
  readonly body: unknown;
  readonly hex: string;
  readonly hash: string;
  readonly signature: string;
};

export const goldenInstance = '000102030405060708090a0b0c0d0e0f';
export const goldenLink = 'f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff';
export const goldenFeed = feedId(goldenInstance, goldenLink);

export const goldenIntroduction = sealIntroduction(
  {
    instanceId: goldenInstance,
    name: 'acme',
    signingKey: goldenSigner.publicKey,
    sealingKey: rawPublicKey(goldenSealingKey),
    issuedAt: Date.parse('2026-03-01T08:00:00Z'),
  },
  company,
);

type Told = { comment: string; event: MadeEvent; actor?: string };

const any = (comment: string, data: unknown): Told => ({
  comment,
  event: { name: 'note.any', version: 1, data },
});
const many = (count: number): Record<string, number> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${String(at).padStart(5, '0')}`, at]));

const story: readonly Told[] = [
  {
    comment: 'the first entry of a feed carries the introduction',
    event: FeedOpened.make({ introduction: goldenIntroduction }),
  },
  { comment: 'a map of one text', event: NoteMade.make({ text: 'hello' }) },
  { comment: 'the keys of a map are in order', event: NoteMade.make({ text: 'b', tags: ['x', 'y'] }) },
  {
    comment: 'byte strings and an integer of 32 bits',
    event: BlobNamed.make({ digest: Buffer.alloc(32, 0xab), size: 4_294_967_295 }),
  },
  any('the body is nil', null),
  any('booleans, an empty map, list, text and byte string', [true, false, {}, [], '', Buffer.alloc(0)]),
  any('every width of integers that are not negative', [
    0,
    127,
    128,
    255,
    256,
    65_535,
    65_536,
    4_294_967_295,
    4_294_967_296,
    Number.MAX_SAFE_INTEGER,
  ]),
  any('every width of negative integers', [
    -1,
    -32,
    -33,
    -128,
    -129,
    -32_768,
    -32_769,
    -2_147_483_648,
    -2_147_483_649,
    Number.MIN_SAFE_INTEGER,
  ]),
  any(
    'texts of 31, 32, 255 and 256 bytes',
    [31, 32, 255, 256].map((length) => 'a'.repeat(length)),
  ),
  any('a text of 65536 bytes', 'z'.repeat(65_536)),
  any(
    'byte strings of 255, 256 and 65536 bytes',
    [255, 256, 65_536].map((length) => Buffer.alloc(length, 1)),
  ),
  any('lists of 15 and 16, maps of 15 and 16', [Array(15).fill(1), Array(16).fill(2), many(15), many(16)]),
  any('a map of 300 keys', many(300)),
  any('texts beyond ASCII, two to four bytes a character', { a: 'Größe', b: '日本', c: '🚀', ü: 'ü' }),
  any('keys in the order of their UTF-8 bytes, not of UTF-16', { '\u{1f680}': 1, '\uffee': 2, z: 3 }),
  any('keys that look like list indexes', { 10: 'ten', 9: 'nine', 1: 'one' }),
  any(
    'nested 32 levels deep',
    Array.from({ length: 31 }).reduce((inner) => [inner], []),
  ),
  {
    comment: 'an actor beyond ASCII, cut to 64 bytes at a character',
    event: NoteMade.make({ text: 'x' }),
    actor: `${'a'.repeat(63)}ü and more`,
  },
  { comment: 'no actor', event: NoteMade.make({ text: 'x' }), actor: '' },
  {
    comment: 'a type of 48 characters in version 65535',
    event: { name: 'a'.repeat(48), version: 65_535, data: { k: 1 } },
  },
];

/** The golden feed, made again from its meaning. */
export function makeGolden(): GoldenEntry[] {
  let previous = '0'.repeat(64);
  const made: GoldenEntry[] = [];
  const add = ({ comment, event, actor = 'build@acme' }: Told, place: Partial<EntryPlace> = {}): void => {
    const { header, hash, sealed } = sealEntry(
      {
        feed: goldenFeed,
        epoch: 1,
        seq: made.length + 1,
        previous,
        audience: goldenLink,
        at: Date.parse('2026-03-01T09:00:00Z') + made.length * 1000,
        actor,
        ...place,
      },
      event,
      goldenSigner,
    );
    const [bytes, signature] = [sealed.bytes, sealed.signature].map((raw) =>
      Buffer.from(raw).toString('hex'),
    );
    made.push({ comment, header, body: readable(event.data), hex: bytes!, hash, signature: signature! });
    previous = hash;
  };
  for (const told of story) add(told);
  const lastKnown = { epoch: 1, seq: made.length, hash: previous };
  const started = EpochStarted.make({ epoch: 2, reason: 'a disk broke', lastKnown });
  add({ comment: 'a new epoch', event: started }, { epoch: 2, seq: 1 });
  return made;
}

/** Data as JSON can hold it. */
export function readable(data: unknown): unknown {
  if (data instanceof Uint8Array) return { bytes: Buffer.from(data).toString('hex') };
  if (Array.isArray(data)) return data.map(readable);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, readable(value)]));
}
