import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { folderTransport, type Parcel } from '../../src/sync/index.ts';
import { requires, requiresSmallDisk } from '../support/requires.ts';
import { acme, asOrdinaryUser, contoso, folderPair, link, wary, type FolderPair } from './folder-support.ts';
import { filesBelow, never } from './link-support.ts';
import {
  entriesParcel,
  keepsTheTransportContract,
  someBlob,
  takeAll,
  textsOf,
} from './transport-contract.ts';

keepsTheTransportContract('a shared folder', () => Promise.resolve(folderPair()));

describe('a folder between two instances', () => {
  let pair: FolderPair;
  beforeEach(() => {
    pair = folderPair();
  });
  afterEach(async () => {
    await pair[Symbol.asyncDispose]();
  });
  const send = (parcel: Parcel): Promise<void> => pair.here.send(parcel, never);
  const names = (): string[] => filesBelow(pair.root).map((path) => path.slice(pair.root.length + 1));

  test('holds each side in a subfolder of its own, in short names that sort', async () => {
    const blob = someBlob(9000, 8192);
    await send({ kind: 'head', bytes: Buffer.from('head') });
    for (const parcel of [entriesParcel(1, 2), ...blob.parcels]) await send(parcel);
    await pair.there.send(entriesParcel(1, 1), never);
    const [ours, theirs] = [`crossgap-${link}/${acme}`, `crossgap-${link}/${contoso}`];
    expect(names()).toEqual([
      `${ours}/blobs/${blob.named.digest}/0000000000000.cgp`,
      `${ours}/blobs/${blob.named.digest}/0000000008192.cgp`,
      `${ours}/entries/0001-000000000001-000000000002.cgp`,
      `${ours}/head.cgp`,
      `${theirs}/entries/0001-000000000001-000000000001.cgp`,
    ]);
  });

  test('tells nobody where it is mounted', async () => {
    for (const parcel of [entriesParcel(1, 2), ...someBlob(9000, 8192).parcels]) await send(parcel);
    for (const path of filesBelow(pair.root)) {
      const content = readFileSync(path);
      for (const told of [dirname(pair.root), 'mounted elsewhere', process.cwd()])
        expect(content.includes(told)).toBe(false);
    }
  });

  test('does not mind a file system that knows no upper case', async () => {
    for (const parcel of [entriesParcel(1, 2), ...someBlob(9000, 8192).parcels]) await send(parcel);
    expect(names()).toEqual(names().map((name) => name.toLowerCase()));
  });

  test('keeps the links that share it apart', async () => {
    const other = { folder: pair.root, link: 'b2'.repeat(16), ...wary };
    await using theirs = folderTransport({ ...other, self: acme, peer: contoso });
    await send(entriesParcel(1, 1));
    await theirs.send(entriesParcel(5, 1), never);
    await theirs.settle({ epoch: 1, seq: 9, owed: new Set() });
    expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(['entry 1/1']);
  });

  test('gives nothing, and waits, while the other instance is not known', async () => {
    await using alone = folderTransport({ folder: pair.root, link, self: contoso, peer: undefined });
    await send(entriesParcel(1, 1));
    expect((await takeAll(alone)).parcels).toEqual([]);
    const ending = new AbortController();
    const woken = alone.arrival(ending.signal);
    ending.abort();
    await woken;
    await alone.arrival(ending.signal);
  });

  test('merges small files of entries, and removes the ones that are in a larger one', async () => {
    for (let seq = 1; seq <= 9; seq++) await send(entriesParcel(seq, 1));
    expect(names()).toEqual([`crossgap-${link}/${acme}/entries/0001-000000000001-000000000009.cgp`]);
    expect(textsOf((await takeAll(pair.there)).parcels)).toHaveLength(9);
  });

  test('begins a new file when the last one is large, and at a new epoch', async () => {
    for (const parcel of [entriesParcel(1, 30), entriesParcel(31, 1), entriesParcel(1, 1, 2)])
      await send(parcel);
    expect(names().map((name) => name.slice(-33))).toEqual(
      [
        '0001-000000000001-000000000030.cgp',
        '0001-000000000031-000000000031.cgp',
        '0002-000000000001-000000000001.cgp',
      ].map((name) => name.slice(-33)),
    );
  });

  test('sweeps what an earlier run left unfinished, and nothing of the other side', async () => {
    await send(entriesParcel(1, 1));
    await pair.there.send(entriesParcel(1, 1), never);
    const others = join(dirname(pair.own), contoso, '.new-of-another');
    for (const path of [join(pair.own, '.new-0011223344'), others]) writeFileSync(path, 'half a parcel');
    await pair.open(acme, contoso).send(entriesParcel(2, 1), never);
    expect(readdirSync(pair.own).filter((name) => name.startsWith('.'))).toEqual([]);
    expect(existsSync(others)).toBe(true);
  });

  test('writes again what was damaged where it lies', async () => {
    const blob = someBlob(5000, 5000);
    const chunk = { ...blob.named, offset: 0, length: 5000 };
    for (const parcel of [entriesParcel(1, 2), ...blob.parcels]) await send(parcel);
    for (const path of filesBelow(pair.own)) writeFileSync(path, readFileSync(path).fill(7, 30, 33));
    await pair.here.settle({ epoch: 0, seq: 0, owed: new Set([blob.named.digest]) });
    expect(await pair.here.carriedTo({ epoch: 1, seq: 1 })).toBe(0);
    expect(await pair.here.carriesChunk(chunk)).toBe(false);
    for (const parcel of [entriesParcel(1, 2), ...blob.parcels]) await send(parcel);
    expect((await takeAll(pair.there, { wanted: [blob.named] })).unreadable).toEqual([]);
  });

  test('does not take a file of entries for another one of its own', async () => {
    await send(entriesParcel(1, 30));
    await send(entriesParcel(31, 30));
    const [first, second] = filesBelow(join(pair.own, 'entries'));
    writeFileSync(second!, readFileSync(first!));
    await pair.here.settle({ epoch: 0, seq: 0, owed: new Set() });
    expect(await pair.here.carriedTo({ epoch: 1, seq: 1 })).toBe(30);
    const { unreadable } = await takeAll(pair.there);
    expect(unreadable).toEqual([]);
  });

  test('a renamed file is named and not taken', async () => {
    await send(entriesParcel(1, 2));
    const [path] = filesBelow(join(pair.own, 'entries'));
    renameSync(path!, join(dirname(path!), '0001-000000000005-000000000006.cgp'));
    expect(await takeAll(pair.there)).toEqual({
      parcels: [],
      unreadable: ['PARCEL_FOREIGN entries/0001-000000000005-000000000006.cgp'],
    });
  });

  test('a file that is still being filled is not taken, and wakes the reader when it is whole', async () => {
    await send(entriesParcel(1, 2));
    const [path] = filesBelow(join(pair.own, 'entries'));
    const whole = readFileSync(path!);
    // Laid out in full, as some tools do, then filled in place: no name changes.
    writeFileSync(path!, Buffer.alloc(whole.length));
    expect((await takeAll(pair.there)).unreadable).toEqual([expect.stringContaining('PARCEL_UNFINISHED')]);
    await takeAll(pair.there);
    const woken = pair.there.arrival(never);
    writeFileSync(path!, whole);
    await woken;
    expect((await takeAll(pair.there)).parcels).toHaveLength(1);
  });

  test('a damaged file is handed over when it stayed so, which wakes the reader', async () => {
    await send(entriesParcel(1, 2));
    const [path] = filesBelow(join(pair.own, 'entries'));
    writeFileSync(path!, readFileSync(path!).fill(7, 40, 41));
    let time = 0;
    const there = pair.open(contoso, acme, { now: () => time, damagedAfterMs: 10_000 });
    expect((await takeAll(there)).unreadable).toEqual([expect.stringContaining('PARCEL_DAMAGED')]);
    time = 9_999;
    expect((await takeAll(there)).unreadable).toEqual([expect.stringContaining('PARCEL_DAMAGED')]);
    const woken = there.arrival(never);
    time = 10_000;
    await woken;
    expect(textsOf((await takeAll(there)).parcels)).toHaveLength(2);
    expect(await takeAll(there)).toEqual({ parcels: [], unreadable: [] });
  });

  test('needs no looking where the system announces what arrives', async () => {
    if (process.platform !== 'linux') return;
    const blob = someBlob(5000, 5000);
    const there = pair.open(contoso, acme, { pollMs: 3_600_000 });
    for (const parcel of [entriesParcel(1, 1), ...blob.parcels, entriesParcel(2, 1)]) {
      await takeAll(there, { wanted: [blob.named] });
      const woken = there.arrival(never);
      await send(parcel);
      await woken;
    }
  });

  test('a pipe that lies among the parcels is not waited for', async () => {
    if (!requires('mkfifo', 'a pipe among the parcels')) return;
    await send(entriesParcel(1, 2));
    execFileSync('mkfifo', [join(pair.own, 'entries', '0001-000000000003-000000000004.cgp')]);
    expect((await takeAll(pair.there)).unreadable).toEqual([expect.stringContaining('PARCEL_FOREIGN')]);
  });

  test('a link that was planted in the place of our subfolder is not followed', async () => {
    const trap = join(dirname(pair.root), 'trap');
    mkdirSync(trap);
    mkdirSync(dirname(pair.own));
    symlinkSync(trap, pair.own);
    await expect(send(entriesParcel(1, 1))).rejects.toMatchObject({ code: 'FOLDER_UNSAFE' });
    expect(readdirSync(trap)).toEqual([]);
    rmSync(pair.own);
    await send(entriesParcel(1, 1));
  });

  test('a folder that is not there is named, never made, and used when it is back', async () => {
    const away = `${pair.root} away`;
    await send(entriesParcel(1, 1));
    renameSync(pair.root, away);
    for (const attempt of [
      () => send(entriesParcel(2, 1)),
      () => pair.here.settle({ epoch: 0, seq: 0, owed: new Set() }),
      () => takeAll(pair.there),
    ])
      await expect(attempt()).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
    expect(existsSync(pair.root)).toBe(false);
    renameSync(away, pair.root);
    await send(entriesParcel(2, 1));
    expect(textsOf((await takeAll(pair.there)).parcels)).toEqual(['entry 1/1', 'entry 1/2']);
  });

  test('an unplugged folder that comes back wakes the reader', async () => {
    const away = `${pair.root} away`;
    await send(entriesParcel(1, 1));
    renameSync(pair.root, away);
    await expect(takeAll(pair.there)).rejects.toMatchObject({ code: 'FOLDER_MISSING' });
    const woken = pair.there.arrival(never);
    renameSync(away, pair.root);
    await woken;
    expect((await takeAll(pair.there)).parcels).toHaveLength(1);
  });

  test('a folder that may not be written is named, and used when it may', async () => {
    chmodSync(dirname(pair.root), 0o755);
    chmodSync(pair.root, 0o555);
    await asOrdinaryUser(async () => {
      await expect(send(entriesParcel(1, 1))).rejects.toMatchObject({ code: 'FOLDER_NOT_WRITABLE' });
    });
    chmodSync(pair.root, 0o777);
    await asOrdinaryUser(() => send(entriesParcel(1, 1)));
    expect((await takeAll(pair.there)).parcels).toHaveLength(1);
  });

  test('the other side is read where it is mounted read-only', async () => {
    await send(entriesParcel(1, 2));
    chmodSync(dirname(pair.root), 0o755);
    for (const path of [pair.root, dirname(pair.own), pair.own, join(pair.own, 'entries')])
      chmodSync(path, 0o555);
    await asOrdinaryUser(async () => {
      expect(textsOf((await takeAll(pair.there)).parcels)).toHaveLength(2);
    });
  });

  test('a folder of the other side that may not be read is named; a file is, and hinders no other', async () => {
    await send(entriesParcel(1, 30));
    await send(entriesParcel(31, 30));
    const entries = join(pair.own, 'entries');
    chmodSync(dirname(pair.root), 0o755);
    chmodSync(filesBelow(entries)[0]!, 0);
    await asOrdinaryUser(async () => {
      const { parcels, unreadable } = await takeAll(pair.there);
      expect(textsOf(parcels)).toHaveLength(30);
      expect(unreadable).toEqual([expect.stringContaining('0001-000000000001-000000000030.cgp')]);
    });
    chmodSync(entries, 0);
    await asOrdinaryUser(async () => {
      await expect(takeAll(pair.there)).rejects.toMatchObject({ code: 'FOLDER_NOT_READABLE' });
    });
  });

  test('a full folder is named, leaves nothing half written, and goes on when there is space', async () => {
    if (!requiresSmallDisk('a full folder')) return;
    const parcels = someBlob(400_000, 50_000).parcels;
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', pair.root]);
    try {
      const sendAll = async (): Promise<void> => {
        for (const parcel of parcels) await send(parcel);
      };
      await expect(sendAll()).rejects.toMatchObject({ code: 'FOLDER_FULL' });
      const { unreadable } = await takeAll(pair.there, { wanted: [someNamed(parcels[0]!)] });
      expect(unreadable).toEqual([]);
      expect(filesBelow(pair.own).filter((path) => path.includes('.new-'))).toEqual([]);
      execFileSync('mount', ['-o', 'remount,size=2m', pair.root]);
      await sendAll();
      expect(filesBelow(pair.own)).toHaveLength(parcels.length);
    } finally {
      execFileSync('umount', [pair.root]);
    }
  });
});

function someNamed(parcel: Parcel & { kind: 'blob' }) {
  const { digest, sizeBytes, attempt } = parcel;
  return { digest, sizeBytes, attempt };
}
