import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findBundles, inspectBundles } from '../../src/bundles/index.ts';
import { senderOf } from '../../src/cli/bundles/bundle-ends.ts';
import { sha256Of } from '../../src/installer/hash-file.ts';
import {
  bundleIn,
  bundleInInstaller,
  readInstaller,
  verifyInstaller,
  type Runner,
} from '../../src/installer/index.ts';
import { amount } from '../../src/words.ts';
import { codeOf, laterRefusal } from '../support/refusal.ts';
import { makePair, makeRelease, offer, type Pair } from '../support/instances.ts';
import { exportTo, importFrom } from '../bundles/support.ts';
import { smallInstaller, smallRunner, type Maker } from './small-installer.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-installer-'));
const never = new AbortController().signal;
let pair: Pair;
let runner: Runner;
let maker: Maker;
let bundle: { file: string; id: string; number: number };
let bytes: Buffer;
/** Where each part of the installer begins. */
let places: { bundle: number; index: number; footer: number };
let turn = 0;

beforeAll(async () => {
  pair = await makePair(root);
  const { vendor, link } = pair;
  offer(vendor, makeRelease(vendor, '3.2.0'), [link]);
  const made = await exportTo(vendor, link, join(root, 'made'), { withoutBlobs: true });
  bundle = { file: made.parts[0]!.file, id: made.facts.id, number: made.facts.number };
  maker = senderOf(vendor);
  runner = await smallRunner(root);
  ({ bytes } = await smallInstaller({ runner, maker, out: join(root, 'installer') }, bundle));
  const footer = bytes.length - 32;
  places = { bundle: runner.sizeBytes, index: Number(bytes.readBigUInt64BE(footer + 8)), footer };
});
afterAll(() => {
  pair[Symbol.dispose]();
  rmSync(root, { recursive: true, force: true });
});

function fileOf(content: Buffer): string {
  turn += 1;
  const folder = mkdtempSync(join(root, 'carried-'));
  const path = join(folder, `file-${turn}`);
  writeFileSync(path, content);
  return path;
}

/** Reads a file as everybody does who is about to use it. */
async function use(content: Buffer): Promise<unknown> {
  const file = await readInstaller(fileOf(content));
  if (file === undefined) return undefined;
  return await verifyInstaller(file, { tell: () => {}, signal: never });
}

function flipped(at: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[at] = copy[at]! ^ 1;
  return copy;
}

test('an installer says who made it, of what, and where its bundle lies', async () => {
  const path = fileOf(bytes);
  const file = (await readInstaller(path))!;
  expect(file.maker).toMatchObject({ name: 'acme', instance: pair.vendor.identity.instanceId });
  expect(file.maker.words.split(' ')).toHaveLength(6);
  expect(file.index).toMatchObject({
    platform: 'linux-x64',
    release: { process: 'Orders', number: '3.2.0' },
    madeAt: '2026-03-02T12:00:00.000Z',
    bundle: { id: bundle.id },
  });
  expect(bundleIn(file)).toEqual({ path, offset: places.bundle, sizeBytes: statSync(bundle.file).size });
  await verifyInstaller(file, { tell: () => {}, signal: never });
});

test('whoever may run it can, and nothing half written stays', async () => {
  const out = join(root, 'once', 'installer');
  const written = await smallInstaller({ runner, maker, out }, bundle);
  expect(statSync(out).mode & 0o777).toBe(0o755);
  expect(readdirSync(join(root, 'once'))).toEqual(['installer']);
  expect(written.sha256).toBe(await sha256Of(out));
});

test('the same order makes the same bytes', async () => {
  const again = await smallInstaller({ runner, maker, out: join(root, 'again') }, bundle);
  expect(again.bytes.equals(bytes)).toBe(true);
});

test('a runner has no bundle, and stays the same file whatever is released', async () => {
  const one = await smallInstaller({ runner, maker, out: join(root, 'runner-1') }, undefined);
  const other = await smallInstaller({ runner, maker, out: join(root, 'runner-2') }, undefined);
  expect(one.bytes.equals(other.bytes)).toBe(true);
  const file = (await readInstaller(fileOf(one.bytes)))!;
  expect(file.index).toMatchObject({ bundle: null, release: null, madeAt: null });
  expect(bundleIn(file)).toBeUndefined();
});

test('T-54 a byte that was changed anywhere is refused, and the part is named', async () => {
  const parts = [
    ['program', 4, places.bundle],
    ['bundle', places.bundle, places.index],
    ['index', places.index, bytes.length],
  ] as const;
  for (const [part, from, to] of parts) {
    const step = Math.max(1, Math.floor((to - from) / 40));
    for (let at = from; at < to; at += step) {
      const error = await laterRefusal(() => use(flipped(at)));
      expect(`${at} ${codeOf(error)}`).toBe(`${at} INSTALLER_DAMAGED verification`);
      expect(error.details).toMatchObject({ part });
    }
  }
});

test('each byte of the footer matters', async () => {
  for (let at = places.footer; at < bytes.length; at += 1)
    expect((await laterRefusal(() => use(flipped(at)))).details).toMatchObject({ part: 'index' });
});

test('T-55 a file that was cut short is refused wherever it ends', async () => {
  for (const end of [2000, places.bundle, places.bundle + 5, places.index, places.footer, bytes.length - 1]) {
    const error = await laterRefusal(() => use(bytes.subarray(0, end)));
    expect(codeOf(error)).toBe('INSTALLER_DAMAGED verification');
    expect(error.message).toContain('the end of the file is missing');
    expect(error.details).toMatchObject({ sizeBytes: end });
    expect(error.hint).toContain('Copy the file again');
  }
});

test('how many bytes are missing at least is told as far as the rest of the file says it', async () => {
  const missing = async (content: Buffer): Promise<string> =>
    (await laterRefusal(() => use(content))).message.replace(/^.*missing: /, '');
  // One of Linux whose headers were moved to its end, as those of a runner are.
  const place = 0x1_0000;
  const program = Buffer.alloc(place + 56);
  bytes.copy(program, 0, 0, places.bundle);
  program.writeUInt16LE(0x0102, 4);
  program.writeBigUInt64LE(BigInt(place), 32);
  program.writeUInt16LE(56, 54);
  program.writeUInt16LE(1, 56);
  program.writeBigUInt64LE(BigInt(program.length), place + 32);
  expect(await missing(program.subarray(0, 900))).toBe('900 bytes are here of at least 65,592');
  const half = Buffer.concat([program, bytes.subarray(places.bundle, places.index - 100)]);
  expect(await missing(half)).toBe(
    `${amount(half.length)} bytes are here of at least ${amount(half.length + 100 + 32)}`,
  );
  // And one of Windows.
  const portable = Buffer.alloc(1000);
  portable.write('MZ', 0, 'latin1');
  portable.writeUInt32LE(0x80, 0x3c);
  portable.write('PE\0\0', 0x80, 'latin1');
  portable.writeUInt16LE(1, 0x86);
  portable.writeUInt32LE(4000, 0x98 + 16);
  portable.writeUInt32LE(512, 0x98 + 20);
  expect(await missing(portable)).toBe('1,000 bytes are here of at least 4,512');
});

test('letters of a footer in the text of the program are none', async () => {
  const short = Buffer.from(bytes.subarray(0, places.bundle));
  short.write("footerMagic = Buffer.from('CGFOOTER', 'latin1'); and so on", places.bundle - 300);
  expect((await laterRefusal(() => use(short))).message).toContain('the end of the file is missing');
});

test('a file that was lengthened is refused, and by how much is said', async () => {
  const error = await laterRefusal(() => use(Buffer.concat([bytes, Buffer.alloc(7)])));
  expect(error.message).toContain('its index is damaged: the file has 7 bytes too many at its end');
});

test('bytes that were put between the parts are refused', async () => {
  const longer = Buffer.concat([
    bytes.subarray(0, places.index),
    Buffer.alloc(8),
    bytes.subarray(places.index),
  ]);
  expect((await laterRefusal(() => use(longer))).details).toMatchObject({ part: 'index' });
});

test('somebody else who signs in the name of the maker is refused', async () => {
  const { customer } = pair;
  const forged = await smallInstaller(
    { runner, maker: { ...maker, signing: customer.keys.signing }, out: join(root, 'forged') },
    bundle,
  );
  const error = await laterRefusal(() => use(forged.bytes));
  expect(error.message).toContain('its signature does not fit');
});

test('an index with the introduction of another instance is refused', async () => {
  const forged = await smallInstaller(
    { runner, maker: { ...senderOf(pair.customer), name: 'acme' }, out: join(root, 'renamed') },
    bundle,
  );
  expect((await laterRefusal(() => use(forged.bytes))).message).toContain('of somebody else');
});

test('a newer format is told apart from damage', async () => {
  const newer = Buffer.from(bytes);
  newer[places.index + 8] = 2;
  expect(codeOf(await laterRefusal(() => use(newer)))).toBe('INSTALLER_VERSION_UNKNOWN verification');
});

test('any other file is none of ours', async () => {
  const elf = Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(5000)]);
  // Debug symbols in a file of their own: its headers speak of what is not in it.
  const symbols = Buffer.from(elf);
  symbols.writeUInt16LE(0x0102, 4);
  symbols.writeBigUInt64LE(64n, 32);
  symbols.writeUInt16LE(56, 54);
  symbols.writeUInt16LE(1, 56);
  symbols.writeBigUInt64LE(1_000_000n, 64 + 32);
  for (const content of [symbols, Buffer.alloc(0), Buffer.from('MZ'), elf, Buffer.from('CGBUNDLE and more')])
    expect(await use(content)).toBeUndefined();
});

test('a file that is not there is said to be so', async () => {
  const error = await laterRefusal(() => readInstaller(join(root, 'nowhere')));
  expect(codeOf(error)).toBe('INSTALLER_UNREADABLE refused');
});

test('a runner that changed since it was built is not signed', async () => {
  const changed = await smallRunner(mkdtempSync(join(root, 'changed-')));
  writeFileSync(changed.path, Buffer.concat([Buffer.from('\x7fELF', 'latin1'), Buffer.alloc(100)]));
  const out = join(root, 'not-signed');
  const error = await laterRefusal(() => smallInstaller({ runner: changed, maker, out }, bundle));
  expect(codeOf(error)).toBe('INSTALLER_DAMAGED verification');
  expect([existsSync(out), existsSync(`${out}~`)]).toEqual([false, false]);
});

test('who ends the check is heeded', async () => {
  const file = (await readInstaller(fileOf(bytes)))!;
  const ending = AbortSignal.abort(new Error('enough'));
  await expect(verifyInstaller(file, { tell: () => {}, signal: ending })).rejects.toThrow('enough');
});

test('who looks for bundles finds the one in an installer, and not without being told of installers', async () => {
  const path = fileOf(bytes);
  const found = await findBundles([path], bundleInInstaller);
  const [inspection] = await inspectBundles(found);
  expect(inspection).toMatchObject({ complete: true, parts: [{ part: 1, file: path, ok: true }] });
  expect(inspection!.bundle.facts.id).toBe(bundle.id);
  expect((await laterRefusal(() => findBundles([path]))).code).toBe('BUNDLE_NOT_FOUND');
});

test('a bundle in an installer is taken in as one that lies by itself', async () => {
  const { customer } = pair;
  const [first] = await importFrom(customer, fileOf(bytes));
  expect(first).toMatchObject({ entries: expect.any(Number) as number, failure: undefined });
  expect(first!.entries).toBeGreaterThan(0);
});

test('of a damaged installer nothing is taken in', async () => {
  const index = await findBundles([fileOf(flipped(places.index + 40))], bundleInInstaller);
  expect(index).toMatchObject({ bundles: [], spoilt: [{ unfit: 'damaged' }] });
  const content = await findBundles([fileOf(flipped(places.index - 5))], bundleInInstaller);
  expect((await inspectBundles(content))[0]).toMatchObject({ complete: false });
});
