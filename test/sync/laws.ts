import { readFileSync, rmSync, truncateSync, writeFileSync, cpSync, existsSync, renameSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { acme, contoso } from './folder-support.ts';
import { converge, exchange, expectEqual, filesBelow, folderLink, type Link } from './link-support.ts';

type Side = 'vendor' | 'customer';
type Event =
  | { readonly does: 'append' | 'exchange' | 'restart'; readonly side: Side }
  | { readonly does: 'offer'; readonly sizeBytes: number }
  | { readonly does: 'lose' | 'cut' | 'flip' | 'rename'; readonly pick: number; readonly at: number }
  | { readonly does: 'remember' | 'replay' | 'lose everything' };

const side = fc.constantFrom<Side>('vendor', 'customer');
const number = fc.nat({ max: 1_000_000 });

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constantFrom('append', 'exchange'), side }) },
  { weight: 3, arbitrary: fc.record({ does: fc.constant('exchange'), side }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('restart'), side }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('offer'), sizeBytes: fc.nat({ max: 60_000 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      does: fc.constantFrom('lose', 'cut', 'flip', 'rename'),
      pick: number,
      at: number,
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom('remember', 'replay', 'lose everything') }) },
) as fc.Arbitrary<Event>;

/** Whatever happens to the files on the way, and whoever restarts when: in the end both sides hold the same. */
export const bothSidesEndEqual = fc.asyncProperty(
  fc.array(event, { minLength: 1, maxLength: 25, size: 'max' }),
  async (events) => {
    await using link = folderLink();
    // What was damaged is handed over at the second look, so that verifying it has work to do.
    const eager = { damagedAfterMs: 0 };
    let [here, there] = [link.open(acme, contoso, eager), link.open(contoso, acme, eager)];
    for (const [index, one] of events.entries()) {
      if (one.does === 'restart' && one.side === 'vendor') here = link.open(acme, contoso, eager);
      else if (one.does === 'restart') there = link.open(contoso, acme, eager);
      else await happen({ ...link, here, there }, one, index);
    }
    await converge({ ...link, here, there });
    expectEqual(link);
  },
);

async function happen(link: Link, one: Event, index: number): Promise<void> {
  switch (one.does) {
    case 'append':
      link[one.side].append({ note: `${index} ${'x'.repeat(index * 20)}` });
      return;
    case 'offer':
      link.vendor.offer(deterministicBytes(one.sizeBytes, index));
      return;
    case 'exchange':
      await (one.side === 'vendor' ? exchange(link.vendor, link.here) : exchange(link.customer, link.there));
      return;
    case 'remember':
      rmSync(memory(link), { recursive: true, force: true });
      cpSync(link.root, memory(link), { recursive: true });
      return;
    case 'replay':
      if (existsSync(memory(link))) cpSync(memory(link), link.root, { recursive: true });
      return;
    case 'lose everything':
      for (const path of filesBelow(link.root)) rmSync(path);
      return;
    case 'lose':
    case 'cut':
    case 'flip':
    case 'rename':
      harm(link, one.does, one.pick, one.at);
      return;
    case 'restart':
      return;
  }
}

function harm(link: Link, does: 'lose' | 'cut' | 'flip' | 'rename', pick: number, at: number): void {
  const files = filesBelow(link.root);
  const path = files[pick % files.length];
  if (path === undefined) return;
  const bytes = readFileSync(path);
  if (does === 'lose') rmSync(path);
  if (does === 'cut') truncateSync(path, at % (bytes.length + 1));
  if (does === 'rename') renameSync(path, files[at % files.length]!);
  if (does === 'flip' && bytes.length > 0) {
    bytes[at % bytes.length] = bytes[at % bytes.length]! ^ (1 << (at % 8));
    writeFileSync(path, bytes);
  }
}

const memory = (link: Link): string => join(dirname(link.root), 'remembered');

/** The same for the same numbers, so that a seed is enough to repeat a story. */
function deterministicBytes(sizeBytes: number, index: number): Buffer {
  const block = createHash('sha512').update(`${index}`).digest();
  return Buffer.alloc(sizeBytes, block);
}
