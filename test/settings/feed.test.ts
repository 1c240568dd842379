import { expect, test } from 'vitest';
import { Settings } from '../../src/settings/index.ts';

const feed = (values: Record<string, unknown>) => Settings.safeParse({ feed: values });

test('the feed is served on the page’s address alone where nothing is written', () => {
  expect(Settings.parse({}).feed).toEqual({ serve: true });
});

test('the feed for other machines is written as a whole', () => {
  const written = {
    serve: true,
    url: 'https://packages.contoso.example/crossgap',
    'token-file': 'feed-token',
    listen: '0.0.0.0:7443',
    certificate: 'feed.pem',
    key: 'feed-key.pem',
  };
  expect(feed(written).data?.feed).toEqual(written);
  expect(feed({ listen: '[::]:7443' }).success).toBe(true);
  expect(feed({ url: 'http://localhost:8080' }).success).toBe(true);
});

test.each([
  [{ serve: 'yes' }, 'serve', /boolean/],
  [{ url: 'packages' }, 'url', /https:\/\/packages/],
  [{ url: 'ftp://a.example' }, 'url', /https:\/\/packages/],
  [{ url: 'https://user:secret@a.example' }, 'url', /https:\/\/packages/],
  [{ url: 'https://a.example/?x=1' }, 'url', /https:\/\/packages/],
  [{ url: 'http://a.example' }, 'url', /NU1302/],
  [{ listen: '7443' }, 'listen', /HOST:PORT/],
  [{ listen: ':::7443' }, 'listen', /HOST:PORT/],
  [{ listen: '0.0.0.0:7443', certificate: 'a.pem' }, 'key', /needs its key/],
  [{ listen: '0.0.0.0:7443', key: 'a.pem' }, 'certificate', /needs its certificate/],
  [{ certificate: 'a.pem', key: 'b.pem' }, 'listen', /HOST:PORT/],
  [{ 'token-file': '' }, 'token-file', /./],
])('%j is refused, and the setting named', (values, key, words) => {
  const { error } = feed(values);
  expect(error?.issues[0]?.path).toEqual(['feed', key]);
  expect(error?.issues[0]?.message).toMatch(words);
});

test('a setting the feed does not have is refused', () => {
  expect(feed({ token: 'a-token-that-is-long' }).error?.issues[0]).toMatchObject({ keys: ['token'] });
});
