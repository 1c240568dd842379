import { describe, expect, test } from 'vitest';
import { palettes, readOn } from '../../src/web/palette.ts';
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
