import { describe, expect, test } from 'vitest';
import { palettes, readOn } from '../../src/http/palette.ts';
import { style } from '../../src/http/style.ts';
import { contrast } from './contrast.ts';

const channels = (hex: string): readonly [number, number, number] => {
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
  return [red!, green!, blue!];
};

describe.each(['light', 'dark'] as const)('in the %s scheme', (scheme) => {
  const colours = palettes[scheme];

  test('text has the contrast of WCAG AA on every ground it stands on', () => {
    const poor = readOn
      .map(([text, ground]) => ({
        pair: `${text} on ${ground}`,
        ratio: contrast(channels(colours[text]), channels(colours[ground])),
      }))
      .filter(({ ratio }) => ratio < 4.5);
    expect(poor).toEqual([]);
  });

  test('the edge of a field to type in is seen', () => {
    expect(contrast(channels(colours.edge), channels(colours.card))).toBeGreaterThan(3);
  });
});

test('the style sheet names colours only through the palette and reaches for nothing outside', () => {
  const used = [...style.matchAll(/var\(--([a-z-]+)\)/g)].map((match) => match[1]);
  expect(used.filter((name) => !(name! in palettes.light))).toEqual([]);
  expect(style).not.toMatch(/url\(|@import|@font-face|https?:/);
});
