import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkCertificates } from '../../../src/cli/doctor/check-certificates.ts';
import { checkClock } from '../../../src/cli/doctor/check-clock.ts';
import { checkLog } from '../../../src/cli/doctor/check-log.ts';
import { checkScripts } from '../../../src/cli/doctor/check-scripts.ts';
import type { Finding } from '../../../src/cli/doctor/finding.ts';
import { missingEngines } from '../../../src/executor/index.ts';
import { buildRelease } from '../../daemon/company.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { makePair, makeRelease, offer, settle, type Pair } from '../../support/instances.ts';

let root: ReturnType<typeof temporaryFolder>;
let pair: Pair;
beforeEach(async () => {
  root = temporaryFolder();
  pair = await makePair(root.path);
});
afterEach(() => {
  pair[Symbol.dispose]();
  root[Symbol.dispose]();
});

const levels = (findings: readonly Finding[]): string[] => findings.map(({ level }) => level);
const minutes = (count: number): number => count * 60_000;

test('a clock that is right is good, and so is one that is a little off', () => {
  expect(levels(checkClock(pair.vendor))).toEqual(['good']);
  pair.clock.advance(-minutes(4));
  expect(levels(checkClock(pair.vendor))).toEqual(['good']);
});

test('a clock that was set back is found by what was written here, and by what came', async () => {
  const { vendor, customer, link, clock } = pair;
  offer(vendor, makeRelease(vendor, '1.0.0'), [link]);
  await settle(pair);
  clock.advance(-minutes(10));
  expect(checkClock(customer)[0]).toMatchObject({
    level: 'advice',
    message: 'the clock of acme is 10 min ahead of our clock',
    hint: expect.stringContaining('timesyncd'),
  });
});

test('a server that tells another time is named', () => {
  const [found] = checkClock(pair.vendor, [{ name: 'wss://hub.example', aheadMs: -minutes(6) }]);
  expect(found?.message).toBe('the clock of wss://hub.example is 6 min behind ours');
  expect(levels(checkClock(pair.vendor, [{ name: 'hub', aheadMs: minutes(5) }]))).toEqual(['good']);
});

test('certificates that will end soon are told, ours and theirs, while there is time', () => {
  const { vendor, clock } = pair;
  expect(levels(checkCertificates(vendor))).toEqual(['good']);
  clock.advance(Date.UTC(2035, 11, 20) - clock.now());
  const [own, theirs] = checkCertificates(vendor);
  expect(own).toMatchObject({ level: 'advice', message: expect.stringContaining('ends on 2036-01-01') });
  expect(theirs).toMatchObject({ level: 'advice', link: 'contoso' });
  clock.advance(minutes(60 * 24 * 30));
  expect(checkCertificates(vendor)[0]!.message).toContain('was valid until');
});

test('a log that is as it was signed is good; one with a changed byte is wrong', async () => {
  const { vendor } = pair;
  expect(levels(await checkLog(vendor))).toEqual(['good']);
  for (const { name } of vendor.db
    .prepare(`SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entry'`)
    .all() as { name: string }[])
    vendor.db.exec(`DROP TRIGGER "${name}"`);
  vendor.db.exec(`DELETE FROM verified_position`);
  vendor.db.exec(`UPDATE entry SET signature = zeroblob(64) WHERE pos = 1`);
  const [found] = await checkLog(vendor);
  expect(found).toMatchObject({ level: 'wrong', about: 'log', code: expect.any(String) });
});

test('script engines that known processes ask for are looked for', async () => {
  const marks = root.file('marks', new Uint8Array());
  expect(await checkScripts(pair.vendor)).toEqual([]);
  await buildRelease(pair.vendor, '1.0.0', { marks });
  expect(levels(await checkScripts(pair.vendor))).toEqual(['good']);
  const path = process.env['PATH'];
  try {
    process.env['PATH'] = root.path;
    expect(await checkScripts(pair.vendor)).toMatchObject([
      { level: 'advice', message: 'Orders asks for Bash, and bash is not on this machine' },
    ]);
  } finally {
    process.env['PATH'] = path;
  }
});

test('an engine is missing where none of its programs is on the path', () => {
  expect(missingEngines(['bash', 'powershell'], { PATH: root.path }).map(({ name }) => name)).toEqual([
    'Bash',
    'PowerShell',
  ]);
});
