import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { refusalLines, Refusal } from '../../../src/installer/bootstrap/errors.ts';
import { unpack } from '../../../src/installer/bootstrap/unpack.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-unpack-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const contents = new Map([
  ['bin/crossgap.js', 'start'],
  ['dist/cli/main.js', 'main'],
  ['package.json', '{}'],
]);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const packed = {
  file: '/media/stick/orders-installer',
  manifest: {
    format: 1 as const,
    version: '1.0.0',
    platform: 'linux-x64',
    runtime: '24.0.0',
    native: 'native.node',
    files: [...contents].map(([path, text]) => ({ path, sizeBytes: text.length, sha256: sha256(text) })),
  },
  bytesOf: (path: string) => Buffer.from(contents.get(path)!),
};

let place: string;
let folder: string;
let told: string[];
const go = (): void => unpack(folder, packed, (line) => told.push(line));
beforeEach(() => {
  place = join(mkdtempSync(join(root, 'data-')), 'program');
  folder = join(place, 'digest');
  told = [];
});

test('the program is unpacked as a whole, for its owner alone', () => {
  go();
  for (const [path, text] of contents) expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
  expect(readdirSync(place)).toEqual(['digest']);
  expect(statSync(place).mode & 0o777).toBe(0o700);
  expect(statSync(join(folder, 'package.json')).mode & 0o777).toBe(0o600);
});

test('what lies there unchanged is not written again', () => {
  go();
  const before = statSync(folder).ino;
  go();
  expect(statSync(folder).ino).toBe(before);
  expect(told).toEqual([]);
});

test.each<[string, () => void]>([
  ['a byte that was changed', () => writeFileSync(join(folder, 'dist/cli/main.js'), 'mean')],
  ['a file that is gone', () => rmSync(join(folder, 'package.json'))],
  ['a file more', () => writeFileSync(join(folder, 'dist/package.json'), '{"type":"commonjs"}')],
  [
    'a link in the place of a file',
    () => {
      rmSync(join(folder, 'package.json'));
      writeFileSync(join(place, 'elsewhere'), '{}');
      symlinkSync(join(place, 'elsewhere'), join(folder, 'package.json'));
    },
  ],
])('%s is put back, and told', (_, change) => {
  go();
  change();
  go();
  expect(told.join()).toContain('was changed since it was unpacked');
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  expect(found).toHaveLength(contents.size);
  for (const [path, text] of contents) expect(readFileSync(join(folder, path), 'utf8')).toBe(text);
});

test.each([true, false])(
  'a damaged executable is refused, and nothing is put in any place (there: %s)',
  (isThere) => {
    if (isThere) go();
    const before = isThere ? statSync(folder).ino : undefined;
    const bytesOf = (path: string) =>
      path === 'dist/cli/main.js' ? Buffer.from('maim') : packed.bytesOf(path);
    const damaged = () => unpack(folder, { ...packed, bytesOf }, (line) => told.push(line));
    expect(damaged).toThrow(
      expect.objectContaining({
        code: 'INSTALLER_DAMAGED',
        exitCode: exitCodes.verification,
        message: expect.stringContaining('its program is damaged: dist/cli/main.js in it') as string,
        hint: expect.stringContaining('compare its SHA-256 with the transport sheet') as string,
      }),
    );
    expect(told).toEqual([]);
    expect(readdirSync(place)).toEqual(isThere ? ['digest'] : []);
    expect(statSync(folder, { throwIfNoEntry: false })?.ino).toBe(before);
  },
);

test('what is left where somebody was ended is removed once nobody can be at it', () => {
  go();
  for (const name of ['new-old', 'new-fresh']) mkdirSync(join(place, name));
  utimesSync(join(place, 'new-old'), 0, 0);
  rmSync(folder, { recursive: true });
  go();
  expect(readdirSync(place).toSorted()).toEqual(['digest', 'new-fresh']);
});

test('a file in the way is named, and what to do', () => {
  writeFileSync(join(place, '..', 'file'), '');
  folder = join(place, '..', 'file', 'program', 'digest');
  expect(go).toThrow('a file is in the way');
});

test('a file that has the name of the program is left alone, and named', () => {
  mkdirSync(place);
  writeFileSync(folder, 'in the way');
  expect(go).toThrow('a file is in the way');
  expect(existsSync(folder)).toBe(true);
});

test.runIf(process.geteuid?.() === 0)('a folder that another account could change is refused', () => {
  go();
  chownSync(place, 12_345, 12_345);
  expect(go).toThrow('it belongs to another account (number 12345)');
});

test.runIf(process.geteuid?.() === 0)(
  'a data folder of another account is refused before anything is put there',
  () => {
    const data = join(place, '..');
    chownSync(data, 12_345, 12_345);
    expect(go).toThrow('it belongs to another account (number 12345)');
    expect(readdirSync(data)).toEqual([]);
  },
);

test('a folder in which other things lie is left as it is', () => {
  const data = join(place, '..');
  mkdirSync(join(data, 'program'));
  writeFileSync(join(data, 'letter.txt'), 'dear');
  expect(go).toThrow('other things lie there');
  expect([readdirSync(data).toSorted(), readdirSync(place)]).toEqual([['letter.txt', 'program'], []]);
  writeFileSync(join(data, 'crossgap.db'), '');
  go();
  expect(existsSync(folder)).toBe(true);
});

test('an empty data folder is made its own; in one that is used others can write no more', () => {
  const data = join(place, '..');
  chmodSync(data, 0o755);
  go();
  expect(statSync(data).mode & 0o777).toBe(0o700);
  chmodSync(data, 0o777);
  go();
  expect(statSync(data).mode & 0o777).toBe(0o755);
});

test('a folder that others may enter is closed to them', () => {
  go();
  chmodSync(place, 0o755);
  go();
  expect(statSync(place).mode & 0o777).toBe(0o700);
});

test('a refusal is told as any error of the program is', () => {
  const error = new Refusal('DATA_FOLDER_UNUSABLE', 'Cannot keep it: no space', 'Make room.', { path: '/x' });
  const { lines, exitCode } = refusalLines(error, true);
  expect(exitCode).toBe(3);
  expect(lines.slice(0, 2)).toEqual([
    'crossgap: Cannot keep it: no space [DATA_FOLDER_UNUSABLE]',
    '     try: Make room.',
  ]);
  expect(JSON.parse(lines[2]!)).toEqual({
    error: {
      code: 'DATA_FOLDER_UNUSABLE',
      message: 'Cannot keep it: no space',
      hint: 'Make room.',
      details: { path: '/x' },
    },
  });
  expect(refusalLines(error, false).lines).toHaveLength(2);
  const bug = refusalLines(new TypeError('a bug'), true);
  expect([bug.exitCode, bug.lines.at(-1)]).toEqual([1, expect.stringContaining('the transport sheet')]);
});

test('a full disk below a site is not a reason to name another folder, which would be another site', () => {
  const full = (): never => {
    throw Object.assign(new Error('write'), { code: 'ENOSPC' });
  };
  const hintOf = (): string => {
    try {
      unpack(folder, { ...packed, bytesOf: full }, () => {});
    } catch (error) {
      return (error as Refusal).hint;
    }
    return 'nothing was refused';
  };
  expect(hintOf()).toBe('Make room (the program takes 15 MB), or name a folder on another disk with --data.');
  writeFileSync(join(place, '..', 'crossgap.db'), '');
  expect(hintOf()).toBe(
    'Make room (the program takes 15 MB), then start it again: another folder would be another site.',
  );
});
