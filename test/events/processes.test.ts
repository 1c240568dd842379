import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createDatabase } from '../../src/db/index.ts';
import { openGoldenLog } from './child.ts';
import { goldenFeed, goldenInstance, goldenIntroduction, goldenLink, makeGolden } from './golden.ts';
import { by, companyFingerprint, deliver, makeInstance, note, tempFolder } from './instance.ts';

const program = join(import.meta.dirname, 'child.ts');
const goldenEntries = makeGolden().map(({ hex, signature }) => ({
  bytes: Buffer.from(hex, 'hex'),
  signature: Buffer.from(signature, 'hex'),
}));

/** A folder with the database of the golden instance, its self feed open. */
function prepared(): string {
  const folder = tempFolder();
  createDatabase({ path: join(folder, 'crossgap.db'), clock: { now: () => 0 } });
  const { log, close } = openGoldenLog(folder, 'author');
  log.openFeed({ audience: goldenInstance, introduction: goldenIntroduction, ...by });
  log.saveHead();
  close();
  return folder;
}

function run(fault: string, ...parameters: string[]): { signal: string | null; said: string[] } {
  const { signal, stdout } = spawnSync(process.execPath, [program, ...parameters], {
    encoding: 'utf8',
    env: { ...process.env, CROSSGAP_FAULT: fault },
  });
  return { signal, said: stdout.split('\n').filter((line) => line !== '') };
}

/** What an author's log holds after a restart; it must be whole, and able to go on. */
async function afterRestart(folder: string): Promise<string[]> {
  const { log, close } = openGoldenLog(folder, 'author');
  try {
    expect(log.standing()).toEqual({ state: 'good' });
    log.write((tx) => tx.append(log.feedTo(goldenInstance), note('after'), by));
    log.saveHead();
    const report = await log.verify({ full: true });
    expect(report.ok).toBe(true);
    const entries = log.read({ after: 0, limit: 1000 });
    expect(entries.map(({ header }) => header.seq)).toEqual(entries.map((_, at) => at + 1));
    return entries.flatMap(({ event }) =>
      event.known && event.name === 'note.made' ? [event.data.text] : [],
    );
  } finally {
    close();
  }
}

const authorFaults = [
  ['a1', 'log.append.begin:3', 2],
  ['a2', 'log.append.inserted:3', 2],
  ['a3', 'log.append.committed:3', 3],
  ['a4', 'side-file.written:3', 3],
  ['a4', 'side-file.renamed:3', 3],
  ['a5', 'side-file.saved:3', 3],
] as const;

for (const [id, fault, held] of authorFaults)
  test(`T-35 ${id} a process killed at ${fault} loses nothing it acknowledged, and the next one goes on`, async () => {
    const folder = prepared();
    const { signal, said } = run(fault, 'append', folder, '5', 'note');
    expect(signal).toBe('SIGKILL');
    expect(said).toEqual(['note 0', 'note 1']);
    const kept = Array.from({ length: held }, (_, at) => `note ${at}`);
    expect(await afterRestart(folder)).toEqual([...kept, 'after']);
  });

test('T-35 T-36 a receiver killed twice takes the same entries again and ends whole', async () => {
  const folder = tempFolder();
  createDatabase({ path: join(folder, 'crossgap.db'), clock: { now: () => 0 } });
  for (const fault of ['log.receive.inserted:3', 'log.receive.committed:4'])
    expect(run(fault, 'receive', folder).signal).toBe('SIGKILL');
  const { log, close } = openGoldenLog(folder, 'receiver');
  expect(log.entryCount()).toBe(16);
  await log.receive(goldenEntries);
  const held = log.readFeed(goldenFeed, { epoch: 1, seq: 1 }, 1000);
  expect(held.map(({ bytes }) => Buffer.from(bytes))).toEqual(goldenEntries.map(({ bytes }) => bytes));
  expect(log.gaps()).toEqual([]);
  expect((await log.verify({ full: true })).ok).toBe(true);
  close();
});

test('two processes append to one feed at once, and every entry follows the one before it', async () => {
  const folder = prepared();
  const labels = ['x', 'y'];
  const children = labels.map((label) =>
    spawn(process.execPath, [program, 'append', folder, '30', label], {
      stdio: ['ignore', 'ignore', 'inherit'],
    }),
  );
  const exits = await Promise.all(children.map((child) => once(child, 'exit')));
  expect(exits.map(([code]) => code as number)).toEqual([0, 0]);
  const texts = await afterRestart(folder);
  expect(texts).toHaveLength(61);
  for (const label of labels)
    expect(texts.filter((text) => text.startsWith(label))).toEqual(
      Array.from({ length: 30 }, (_, at) => `${label} ${at}`),
    );
  const { log, close } = openGoldenLog(folder, 'author');
  expect(readFileSync(join(folder, 'head'), 'latin1')).toContain(
    log.pointAt(log.feedTo(goldenInstance))!.hash,
  );
  close();
});

/** Copies a database with its journal as a power cut would leave it. */
function copied(from: string): string {
  const folder = tempFolder();
  for (const name of ['crossgap.db', 'crossgap.db-wal', 'head'])
    copyFileSync(join(from, name), join(folder, name));
  return folder;
}

test('T-28 a journal that is cut or damaged anywhere is noticed before a number is used twice', () => {
  const folder = prepared();
  const author = openGoldenLog(folder, 'author');
  const feed = author.log.feedTo(goldenInstance);
  for (let at = 0; at < 12; at += 1) author.log.write((tx) => tx.append(feed, note(`note ${at}`), by));
  author.log.saveHead();
  const wal = readFileSync(join(folder, 'crossgap.db-wal'));
  const frame = 24 + wal.readUInt32BE(8);
  const frames = Math.floor((wal.length - 32) / frame);
  expect(frames).toBeGreaterThan(24);
  const damages: ((path: string, start: number) => void)[] = [
    (path, start) => truncateSync(path, start),
    (path, start) => truncateSync(path, start + 1000),
    (path, start) => {
      const flipped = Buffer.from(wal);
      flipped[start + 100]! ^= 4;
      writeFileSync(path, flipped);
    },
  ];
  for (let at = 0; at < frames; at += 1) {
    const place = copied(folder);
    damages[at % 3]!(join(place, 'crossgap.db-wal'), 32 + at * frame);
    const { log, close } = openGoldenLog(place, 'author');
    const whole = log.pointAt(feed)?.seq === 13;
    expect(log.standing().state).toBe(whole ? 'good' : 'ROLLED_BACK');
    if (!whole)
      expect(() => log.write((tx) => tx.append(feed, note('x'), by))).toThrow(
        expect.objectContaining({ code: 'ROLLED_BACK' }),
      );
    close();
  }
  author.close();
});

test('T-33 a disk that is full while entries come in loses nothing, and they come in once there is room', async () => {
  const receiver = makeInstance('receiver');
  receiver.pins.set(goldenLink, { author: goldenInstance, certificateFingerprint: companyFingerprint });
  await deliver(receiver, goldenEntries.slice(0, 3));
  const pages = receiver.db.pragma('page_count', { simple: true }) as number;
  receiver.db.pragma(`max_page_count = ${pages + 4}`);
  await expect(receiver.log.receive(goldenEntries)).rejects.toMatchObject({ code: 'DISK_FULL' });
  expect(receiver.log.entryCount()).toBe(3);
  receiver.db.pragma('max_page_count = 1000000');
  expect((await deliver(receiver, goldenEntries)).filter((verdict) => verdict === 'accepted')).toHaveLength(
    goldenEntries.length - 3,
  );
  expect((await receiver.log.verify({ full: true })).ok).toBe(true);
});
