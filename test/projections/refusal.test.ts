import { expect, test } from 'vitest';
import { refusalInWords, type WantedBlob } from '../../src/projections/index.ts';

const blob = (final: boolean, parts: string[], problems: string[]): WantedBlob => ({
  digest: '',
  link: '',
  sizeBytes: 1,
  what: 'the process',
  pin: null,
  reported: false,
  refused: { what: 'x', parts, problems },
  refusals: 1,
  final,
  removed: false,
  files: [],
  refusalReported: false,
});

test('changed bytes are told by the part that was changed, as far as it is known', () => {
  const why = ['its bytes are not those that were announced'];
  expect(refusalInWords(blob(false, ['a', 'b'], why))).toBe(
    'the process: a, b were changed on the way; it has been asked for again',
  );
  expect(refusalInWords(blob(false, ['the process'], why))).toBe(
    'the process was changed on the way; it has been asked for again',
  );
});

test('what is wrong by itself is told with the reason, and not asked for again', () => {
  expect(refusalInWords(blob(true, ['the process'], ['it is not signed']))).toBe(
    'the process was refused: it is not signed',
  );
});
