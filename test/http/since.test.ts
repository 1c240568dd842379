import { expect, test } from 'vitest';
import { since } from '../../src/http/since.ts';

const now = '2026-03-03T14:05:11.000Z';

test('the exact time stands behind the words', () => {
  expect(since('2026-03-03T14:02:11.000Z', now).markup).toBe(
    '<time datetime="2026-03-03T14:02:11.000Z" title="2026-03-03 14:02:11 UTC">3 min ago</time>',
  );
});

test('what is no time is shown as it came, as text', () => {
  expect(since('<yesterday>', now).markup).toBe(
    '<time datetime="&lt;yesterday&gt;" title="&lt;yesterday&gt;">at an unreadable time</time>',
  );
});
