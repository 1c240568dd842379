import { expect, test } from 'vitest';
import { addressLines } from '../../../src/guide/web/index.ts';

const url = 'http://127.0.0.1:40123/start/AbCdEfGhIjKlMnOpQrStUvWxYz012345';

test('the address stands alone on its line, whole on a screen of 80 columns', () => {
  const lines = addressLines(url, { machine: 'plant-7', account: 'operator' });
  expect(lines).toContain(`  ${url}`);
  expect(lines.filter((line) => line.length > 80)).toEqual([]);
});

test('who sits elsewhere is told the way there by SSH, with the same port at both ends', () => {
  const lines = addressLines(url, { machine: 'plant-7', account: 'operator' });
  expect(lines).toContain('  ssh -L 40123:127.0.0.1:40123 operator@plant-7');
});
