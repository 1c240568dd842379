import { expect, test } from 'vitest';
import { spokenLog } from '../src/log.ts';
import { SyncError } from '../src/sync/index.ts';

type Line = { readonly err: Record<string, unknown> };

function logged(error: Error): Line {
  const lines: Line[] = [];
  spokenLog({ level: 'info' }, (entry) => lines.push(entry as Line)).warn({ err: error }, 'hindered');
  return lines[0]!;
}

test('an expected error is logged in words with its evidence, without the stack', () => {
  const cause = new Error('ENOENT');
  const facts = { hint: 'Plug it in.', details: { folder: '/mnt/x' }, cause };
  const error = new SyncError('FOLDER_MISSING', 'Cannot use the folder /mnt/x: it is not there', facts);
  expect(logged(error).err).toEqual({
    code: 'FOLDER_MISSING',
    message: 'Cannot use the folder /mnt/x: it is not there',
    hint: 'Plug it in.',
    details: { folder: '/mnt/x' },
  });
});

test('one that nobody expected is logged with its stack', () => {
  expect(logged(new TypeError('x is not a function')).err).toMatchObject({
    type: 'TypeError',
    message: 'x is not a function',
    stack: expect.stringContaining('log.test.ts'),
  });
});

test('what a full disk refused is logged in words too', () => {
  const error = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
  expect(logged(error).err).toMatchObject({
    code: 'DISK_FULL',
    message: 'Cannot go on: the disk is full',
    hint: expect.stringMatching(/^Make room/) as string,
  });
});
