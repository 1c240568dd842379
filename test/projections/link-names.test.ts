import { expect, test } from 'vitest';
import { linkCalled, linkNames } from '../../src/projections/index.ts';

const link = (id: string, name: string, state: 'confirmed' | 'removed') => ({ link: id, name, state });
const old = link('a1b2c3d4e5f6', 'contoso', 'removed');
const now = link('0f0e0d0c0b0a', 'contoso', 'confirmed');

test('a removed link is told from the one that has its name now', () => {
  expect([...linkNames([old, now]).values()]).toEqual(['contoso (removed, a1b2c3d4)', 'contoso']);
});

test('a name means the living link, an id any, and a name nobody has no link', () => {
  expect(linkCalled([old, now], 'contoso')).toBe(now);
  expect(linkCalled([old, now], old.link)).toBe(old);
  expect(linkCalled([old], 'contoso')).toBe(old);
  expect(linkCalled([old, now], 'metro')).toBeUndefined();
});
