import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { replaceFile } from '../src/replace-file.ts';
import { temporaryFolder } from './support/build-nupkg.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

describe('a file that is replaced', () => {
  test('has the new content, for its owner only, and leaves nothing beside it', () => {
    const path = folder.file('address', Buffer.from('an old and longer content'));
    chmodSync(path, 0o644);
    replaceFile(path, 'new');
    expect(readFileSync(path, 'utf8')).toBe('new');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder.path)).toEqual(['address']);
  });

  test('holds a large content whole', () => {
    const bytes = new Uint8Array(20 * 1024 * 1024).fill(7);
    replaceFile(folder.file('plan'), bytes);
    expect(readFileSync(folder.file('plan')).equals(bytes)).toBe(true);
  });

  test('is made where there was none', () => {
    replaceFile(folder.file('plan'), new Uint8Array([1, 2]));
    expect([...readFileSync(folder.file('plan'))]).toEqual([1, 2]);
  });

  test('that was a link becomes a file, and what it led to stays as it was', () => {
    const target = folder.file('target', Buffer.from('mine'));
    symlinkSync(target, folder.file('address'));
    replaceFile(folder.file('address'), 'new');
    expect(readFileSync(target, 'utf8')).toBe('mine');
    expect(readFileSync(folder.file('address'), 'utf8')).toBe('new');
  });

  test('keeps its old content where the new one can not take its place', () => {
    const path = folder.file('address');
    mkdirSync(path);
    writeFileSync(join(path, 'inside'), 'x');
    expect(() => replaceFile(path, 'new')).toThrow('address');
    expect(readFileSync(join(path, 'inside'), 'utf8')).toBe('x');
    expect(readdirSync(folder.path)).toEqual(['address']);
  });
});
