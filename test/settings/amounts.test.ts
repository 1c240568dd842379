import { describe, expect, test } from 'vitest';
import { Settings } from '../../src/settings/schema.ts';

const sync = (values: Record<string, unknown>) => Settings.safeParse({ sync: values });

describe('what blobs may use', () => {
  test('is written as people write it', () => {
    const written = {
      'blob-rate': '2 MB/s',
      'blob-quota': '1.5GiB',
      'disk-reserve': '0 B',
      'blob-window': '20:00-06:00',
    };
    expect(sync(written).data?.sync).toMatchObject({
      'blob-rate': 2_000_000,
      'blob-quota': 1.5 * 2 ** 30,
      'disk-reserve': 0,
      'blob-window': { from: 1200, to: 360 },
    });
  });

  test('is everything but a reserve on the disk where nothing is written', () => {
    const { sync: usual } = Settings.parse({});
    expect(usual['disk-reserve']).toBe(100_000_000);
    for (const key of ['blob-rate', 'blob-quota', 'blob-window'] as const) expect(usual[key]).toBeUndefined();
  });

  test.each([
    ['blob-rate', '2 MB', /blob-rate|20 MB\/s/],
    ['blob-rate', '0 B/s', /20 MB\/s/],
    ['blob-rate', 'fast', /20 MB\/s/],
    ['blob-quota', '20 GB/s', /20 MB/],
    ['blob-quota', '20 parsecs', /20 MB/],
    ['blob-quota', '-1 GB', /20 MB/],
    ['blob-window', '8-18', /20:00-06:00/],
    ['blob-window', '24:00-06:00', /20:00-06:00/],
    ['blob-window', '20:00', /20:00-06:00/],
  ])('%s = %s is refused with an example', (key, value, words) => {
    const { error } = sync({ [key]: value });
    expect(error?.issues[0]?.path).toEqual(['sync', key]);
    expect(error?.issues[0]?.message).toMatch(words);
  });
});
