import { Readable, Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { CliError } from '../../src/cli/errors.ts';
import { reportFailure } from '../../src/cli/shell/report.ts';
import { terminal } from '../../src/cli/terminal.ts';
import { ProcessFileError } from '../../src/process/index.ts';

function reported(error: unknown, json = false, isOneFile = false): { exitCode: number; stderr: string } {
  let stderr = '';
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      stderr += chunk.toString();
      done();
    },
  });
  const talking = terminal({ stdin: Readable.from([]), stdout: sink, stderr: sink, env: {} });
  return { exitCode: reportFailure(error, { terminal: talking, json, isOneFile, version: '1.2.3' }), stderr };
}

const expected = new CliError('LOG_BROKEN', 'Cannot vouch for the log: entry 3 was changed', {
  hint: 'Restore the last backup.',
  details: { seq: 3, hash: new Uint8Array([255]) },
});

test('an expected failure says what, why and what to do next', () => {
  expect(reported(expected)).toEqual({
    exitCode: 4,
    stderr:
      'crossgap: Cannot vouch for the log: entry 3 was changed [LOG_BROKEN]\n     try: Restore the last backup.\n',
  });
});

test('for machines the last line is a document of it', () => {
  const last = reported(expected, true).stderr.trimEnd().split('\n').at(-1)!;
  expect(JSON.parse(last)).toEqual({
    error: {
      code: 'LOG_BROKEN',
      message: 'Cannot vouch for the log: entry 3 was changed',
      hint: 'Restore the last backup.',
      details: { seq: 3, hash: 'ff' },
    },
  });
});

test('every problem of a process file is told, each on its line', () => {
  const at = (line: number, message: string) => ({ line, column: 1, message, hint: 'Mend it.' });
  const { stderr } = reported(new ProcessFileError('p.yaml', [at(2, 'first'), at(5, 'second')]));
  expect(stderr).toContain('line 2, column 1: first');
  expect(stderr).toContain('     line 5, column 1: second. Mend it.\n');
});

test('what is not expected is a bug, told with its stack and how to report it', () => {
  const { exitCode, stderr } = reported(new TypeError('never'));
  expect(exitCode).toBe(1);
  expect(stderr).toContain('[UNEXPECTED]');
  expect(stderr).toContain('TypeError: never');
  expect(stderr).toContain('crossgap 1.2.3, Node');
  expect(stderr).toContain('try: Report it');
});

test('where one file is all of the program, a damaged copy of it is thought of first', () => {
  expect(reported(new TypeError('never')).stderr).not.toContain('SHA-256');
  const { stderr } = reported(new TypeError('never'), false, true);
  expect(stderr).toContain('try: Compare the SHA-256 of the file with the transport sheet');
  expect(stderr).toContain('if it is the same, report it with');
});

test('something thrown that is no error is told too', () => {
  expect(reported('odd').stderr).toContain('odd');
});

test.each([
  ['ENOSPC', 'DISK_FULL', 'the disk is full (/data/runs/log.txt)'],
  ['EDQUOT', 'DISK_FULL', 'the quota of this account is used up (/data/runs/log.txt)'],
  ['SQLITE_FULL', 'DISK_FULL', 'the disk is full (/data/runs/log.txt)'],
  ['EROFS', 'DISK_FAILED', 'the disk is read-only (/data/runs/log.txt)'],
  ['EIO', 'DISK_FAILED', 'the disk reports an error (/data/runs/log.txt)'],
])('what a disk refuses by %s is no bug, also where something else went wrong by it', (system, code, why) => {
  const refused = Object.assign(new Error('write'), { code: system, path: '/data/runs/log.txt' });
  for (const error of [refused, new Error('the run could not be told of', { cause: refused })]) {
    const { exitCode, stderr } = reported(error);
    expect(exitCode).toBe(3);
    expect(stderr).toMatch(
      new RegExp(`^crossgap: Cannot go on: (.*) \\[${code}\\]\n     try: .* goes on where it was\\.\n$`),
    );
    expect(stderr).toContain(why);
  }
});

test('what is neither expected nor of the disk is told as a bug', () => {
  const error = Object.assign(new Error('no such process'), { code: 'ESRCH' });
  expect(reported(error)).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('[UNEXPECTED]') as string,
  });
});
