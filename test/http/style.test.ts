import { expect, test } from 'vitest';
import { style } from '../../src/http/style.ts';
import { palettes } from '../../src/web/index.ts';

test('the style sheet names colours only through the palette and reaches for nothing outside', () => {
  const used = [...style.matchAll(/var\(--([a-z-]+)\)/g)].map((match) => match[1]);
  expect(used.filter((name) => !(name! in palettes.light))).toEqual([]);
  expect(style).not.toMatch(/url\(|@import|@font-face|https?:/);
});
