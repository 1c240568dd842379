import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBundles, inspectBundles, type Exported, type Inspection } from '../../src/bundles/index.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makeInstance, makePair, pair as pairWith, type Pair } from '../support/instances.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';
import { exportTo, offerFile, receiverOf, stick } from './support.ts';

let root: ReturnType<typeof memoryFolder>;
let pair: Pair;
let first: Exported;
let second: Exported;
let others: Exported;
let turn = 0;
/** A medium with nothing on it yet. */
let medium: string;

beforeAll(async () => {
  root = memoryFolder();
  pair = await makePair(root.path);
  await offerFile(pair, '1.0.0', root.file('notes', randomBytes(100_000)));
  first = await exportTo(pair.vendor, pair.link, stick(root.path, 'first'), { partBytes: 64 * 1024 });
  second = await exportTo(pair.vendor, pair.link, stick(root.path, 'second'));
  using metro = await makeInstance(root.path, 'metro', pair.clock);
  const link = pairWith(pair.vendor, metro, pair.between);
  others = await exportTo(pair.vendor, link, stick(root.path, 'others'));
});
afterAll(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});
beforeEach(() => {
  medium = stick(root.path, `medium-${(turn += 1)}`);
  mkdirSync(medium);
});

const inspect = async (...paths: string[]): Promise<Inspection[]> => inspectBundles(await findBundles(paths));

/** Copies parts to the medium under names of the test's making. */
function carry(made: Exported, name: (file: string, part: number) => string = (file) => file): string[] {
  return made.parts.map(({ file, part }) => {
    const to = join(medium, name(basename(file), part));
    copyFileSync(file, to);
    return to;
  });
}

describe('J2.3 inspecting without a key', () => {
  test('tells completeness, order and receiver', async () => {
    carry(first);
    const [one] = await inspect(medium);
    expect(one).toMatchObject({ complete: true, missing: [] });
    expect(one?.bundle.facts).toMatchObject({
      number: 1,
      parts: 2,
      from: { name: 'acme' },
      to: { name: 'contoso' },
    });
    expect(one?.bundle.sender).toMatchObject({ subject: 'CN=acme', words: pair.vendor.identity.words });
    expect(receiverOf(one!.bundle.facts).words).toBe(pair.customer.identity.words);
    expect(one?.parts.map(({ part, ok }) => [part, ok])).toEqual([
      [1, true],
      [2, true],
    ]);
  });

  test('works on renamed, flattened and mixed files of several bundles, in their order', async () => {
    carry(others, (_file, part) => `OTHER~${part}.BIN`);
    carry(second, (_file, part) => `Z${part}`);
    carry(first, (_file, part) => `A${9 - part}.CPY`);
    writeFileSync(join(medium, 'AUTORUN.INF'), 'something else');
    const found = await inspect(medium);
    expect(found.every(({ complete }) => complete)).toBe(true);
    const toContoso = found.filter(({ bundle }) => bundle.facts.to.name === 'contoso');
    expect(toContoso.map(({ bundle }) => bundle.facts.number)).toEqual([1, 2]);
    expect(found).toHaveLength(3);
  });

  test('works on single files, and on folders within folders', async () => {
    mkdirSync(join(medium, 'a', 'b'), { recursive: true });
    const [one, two] = carry(first, (file, part) => (part === 1 ? file : join('a', 'b', file)));
    expect(await inspect(medium)).toMatchObject([{ complete: true }]);
    expect(await inspect(one!, two!)).toMatchObject([{ complete: true }]);
  });

  test('works on a medium that can only be read', async () => {
    const files = carry(first);
    for (const file of files) chmodSync(file, 0o444);
    chmodSync(medium, 0o555);
    expect(await inspect(medium)).toMatchObject([{ complete: true }]);
    chmodSync(medium, 0o755);
  });

  test('takes the whole one of two files for the same part', async () => {
    const [one] = carry(first);
    copyFileSync(one!, join(medium, 'a-copy'));
    truncateSync(join(medium, 'a-copy'), 30_000);
    expect(await inspect(medium)).toMatchObject([{ complete: true, parts: [{ part: 1 }, { part: 2 }] }]);
  });
});

describe('J2.4 inspecting what a scan station left', () => {
  test('names the part that is missing', async () => {
    const [, two] = carry(first);
    rmSync(two!);
    expect(await inspect(medium)).toMatchObject([
      { complete: false, missing: [2], parts: [{ part: 1, ok: true }] },
    ]);
  });

  test('names the part that was changed, wherever the byte is in its content', async () => {
    const [one] = carry(first);
    const bytes = readFileSync(one!);
    for (const at of [bytes.length - 1, bytes.length - 30_000]) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      writeFileSync(one!, changed);
      expect(await inspect(medium)).toMatchObject([
        {
          complete: false,
          missing: [],
          parts: [{ part: 1, ok: false, why: 'its content was changed' }, { ok: true }],
        },
      ]);
    }
  });

  test('names the part that was cut short, and the one that has too much', async () => {
    const [one, two] = carry(first);
    truncateSync(one!, 20_000);
    writeFileSync(two!, Buffer.concat([readFileSync(two!), Buffer.from('x')]));
    const [found] = await inspect(medium);
    expect(found?.parts.map(({ why }) => why)).toEqual([
      'it was cut short: 20000 of its 65536 bytes are there',
      'it has 1 bytes too many',
    ]);
  });

  test('tells which part a file says it was where its front was changed', async () => {
    const [one] = carry(first);
    const bytes = readFileSync(one!);
    const at = bytes.indexOf('"entries":') + '"entries":'.length;
    bytes[at] = bytes[at]! === 0x39 ? 0x38 : bytes[at]! + 1;
    writeFileSync(one!, bytes);
    const { bundles, spoilt } = await findBundles([medium]);
    expect(spoilt).toMatchObject([
      { unfit: 'damaged', why: 'its signature does not fit its front', claims: { part: 1, number: 1 } },
    ]);
    expect(await inspectBundles({ bundles, spoilt })).toMatchObject([{ missing: [1] }]);
  });

  test('says of a newer format that it is one', async () => {
    const [one] = carry(others);
    const bytes = readFileSync(one!);
    bytes[8] = 3;
    writeFileSync(one!, bytes);
    expect((await findBundles([medium])).spoilt).toMatchObject([{ unfit: 'version' }]);
  });
});

test('where no bundle is, or nothing at all, that is said', async () => {
  writeFileSync(join(medium, 'holiday.jpg'), randomBytes(5000));
  expect(codeOf(await laterRefusal(() => inspect(medium)))).toBe('BUNDLE_NOT_FOUND misused');
  expect(codeOf(await laterRefusal(() => inspect(join(medium, 'not-there'))))).toBe(
    'BUNDLE_PART_UNREADABLE refused',
  );
});
