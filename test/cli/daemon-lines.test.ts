import { expect, test } from 'vitest';
import { daemonLine } from '../../src/cli/told/daemon-lines.ts';
import { spokenLog } from '../../src/log.ts';

const time = new Date(2026, 2, 3, 18, 4).getTime();

test.each([
  [
    { msg: 'exchanged', peer: 'contoso', entriesIn: 1, entriesOut: 0, blobBytesIn: 0, blobBytesOut: 0 },
    '18:04 contoso: 1 entry received',
  ],
  [
    { msg: 'exchanged', peer: 'contoso', entriesIn: 2, entriesOut: 3, blobBytesIn: 45_000, blobBytesOut: 0 },
    '18:04 contoso: 2 entries and 45.0 kB received, 3 entries sent',
  ],
  [
    { msg: 'deployment', deploymentId: 'd-4kq7mbx2wz', state: 'succeeded' },
    '18:04 d-4kq7mbx2wz: deployment: succeeded',
  ],
  [
    { msg: 'exchange hindered', peer: 'contoso', code: 'FOLDER_MISSING', err: { message: 'Cannot use /x' } },
    '18:04 contoso: exchange hindered: Cannot use /x [FOLDER_MISSING]',
  ],
])('an entry of the log is a line for people: %j', (entry, line) => {
  expect(daemonLine({ ...entry, time })).toBe(line);
});

test('that the page is up is told elsewhere', () => {
  expect(daemonLine({ msg: 'ready', time })).toBeUndefined();
});

test('what is blanked in the log is blanked in words too', () => {
  const entries: unknown[] = [];
  spokenLog({ level: 'info' }, (entry) => entries.push(entry)).info({ value: 'hunter2' }, 'said');
  expect(entries).toMatchObject([{ value: '[blanked]', msg: 'said' }]);
});
