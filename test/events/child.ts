/*
 * A process of its own for tests of what happens when one is killed or several write at once:
 * node test/events/child.ts append FOLDER COUNT LABEL, or: node test/events/child.ts receive FOLDER
 */
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { join } from 'node:path';
import { openDatabase } from '../../src/db/index.ts';
import { openLog, type Log } from '../../src/events/index.ts';
import { goldenInstance, goldenLink, makeGolden } from './golden.ts';
import { by, companyFingerprint, goldenSigner, note, testCatalog, type TestEvent } from './known.ts';

export const receiverInstance = 'ee'.repeat(16);

/** The log of the golden instance, or of one that receives from it. */
export function openGoldenLog(
  folder: string,
  who: 'author' | 'receiver',
): { log: Log<TestEvent>; close: () => void } {
  const clock = { now: () => Date.now() };
  const db = openDatabase({ path: join(folder, 'crossgap.db'), clock });
  const log = openLog({
    db,
    clock,
    catalog: testCatalog,
    sideFile: join(folder, 'head'),
    ...(who === 'author'
      ? { instanceId: goldenInstance, signer: goldenSigner }
      : { instanceId: receiverInstance }),
    pinFor: (link) =>
      link === goldenLink
        ? { author: goldenInstance, certificateFingerprint: companyFingerprint }
        : undefined,
  });
  return { log, close: () => void db.close() };
}

const [mode, folder, count, label] = process.argv.slice(2);

// Who is killed leaves to the next one what it has compiled before.
if (import.meta.main) flushCompileCache();

if (mode === 'append' && folder !== undefined) {
  const { log, close } = openGoldenLog(folder, 'author');
  const feed = log.feedTo(goldenInstance);
  for (let at = 0; at < Number(count); at += 1) {
    log.write((tx) => tx.append(feed, note(`${label} ${at}`), by));
    log.saveHead();
    writeSync(1, `${label} ${at}\n`);
  }
  close();
}

if (mode === 'receive' && folder !== undefined) {
  const { log, close } = openGoldenLog(folder, 'receiver');
  const entries = makeGolden().map(({ hex, signature }) => ({
    bytes: Buffer.from(hex, 'hex'),
    signature: Buffer.from(signature, 'hex'),
  }));
  for (let from = 0; from < entries.length; from += 4) await log.receive(entries.slice(from, from + 4));
  close();
}
