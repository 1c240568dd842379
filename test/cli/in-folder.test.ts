import { expect, test } from 'vitest';
import { inFolder } from '../../src/cli/shell/in-folder.ts';

test('commands of this side name the folder that was named', () => {
  expect(inFolder('Decide: `crossgap approve d-1`, `crossgap approve d-1 --refuse`.', '/srv/my site')).toBe(
    "Decide: `crossgap approve d-1 --data '/srv/my site'`, `crossgap approve d-1 --refuse --data '/srv/my site'`.",
  );
});

test.each([
  'Let the other side type `crossgap link accept FILE`.',
  'Ask acme: crossgap bundle export --to LINK --part 2.',
  'See `crossgap deployment show d-1 --data /srv/b`.',
  'Wait for the run to be over.',
])('%s stays as it is', (hint) => {
  expect(inFolder(hint, '/srv/a')).toBe(hint);
});
