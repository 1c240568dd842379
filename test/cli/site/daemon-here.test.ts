import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { isDoneElsewhere, lookAtDaemon } from '../../../src/cli/site/daemon-here.ts';
import { dataFolder } from '../../../src/instance/index.ts';
import { tryLock } from '../../../src/lock.ts';
import { freshFolder } from '../typed.ts';

const root = freshFolder();
let turn = 0;
let here: Parameters<typeof lookAtDaemon>[0];

beforeEach(() => {
  turn += 1;
  const folder = join(root, `data-${turn}`);
  mkdirSync(folder);
  here = { folder: dataFolder(folder), actor: 'ann' };
});

/** A lock as a daemon of another process holds it. */
function daemonAtWork(): ReturnType<typeof tryLock> {
  const lock = tryLock(here.folder.daemonLock, 'run');
  const holder = { pid: 4711, who: 'run by crossgap', since: '2026-03-02T09:15:00.000Z' };
  writeFileSync(`${here.folder.daemonLock}.holder`, JSON.stringify(holder));
  return lock;
}

test('where nobody holds the place of a daemon, or this process does, the work is done here', () => {
  expect(isDoneElsewhere(here)).toBe(false);
  using _ours = tryLock(here.folder.daemonLock, 'deployment d-4kq7mbx2wz');
  expect(isDoneElsewhere(here)).toBe(false);
  expect(lookAtDaemon(here)).toMatchObject({
    state: 'good',
    found: expect.stringMatching(/^none runs here/),
  });
});

test('a daemon at work is named, and one that ended in any way is none', () => {
  {
    using _daemon = daemonAtWork();
    expect(isDoneElsewhere(here)).toBe(true);
    expect(lookAtDaemon(here)).toMatchObject({
      state: 'good',
      found: 'process 4711, since 2026-03-02 09:15:00 UTC, does the work, and is followed',
    });
  }
  // What a killed one wrote down stays.
  writeFileSync(`${here.folder.daemonLock}.holder`, '{"pid":4711}');
  expect(isDoneElsewhere(here)).toBe(false);
});

test.runIf(process.getuid?.() === 0)('a daemon of another account is told with whose eyes was looked', () => {
  using _daemon = daemonAtWork();
  chownSync(`${here.folder.daemonLock}.holder`, 4242, 4242);
  expect(lookAtDaemon(here)).toMatchObject({
    state: 'note',
    found: expect.stringContaining(
      'under another account (uid 4242): what was looked at here was looked at as ann',
    ) as string,
  });
});
