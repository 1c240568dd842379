import { once, type EventEmitter } from 'node:events';
import type { FileHandle } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { array, assert as assertLaw, asyncProperty, constantFrom, oneof, string } from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusServer } from '../../../src/http/index.ts';
import type { ServedPackage } from '../../../src/nuget/index.ts';
import { sha256, memoryFolder } from '../../support/build-nupkg.ts';
import { exampleSource } from '../example-source.ts';
import { acme } from '../example-views.ts';
import { connected, request } from '../raw-client.ts';
import { serve } from '../serve.ts';
import { ask, exampleFeed, jsonOf, type RawAnswer } from './example-feed.ts';

const big = { name: 'content/big.bin', content: Buffer.alloc(600_000, 'a long line of text '), stored: true };
const wishes = [
  { id: 'Acme.App', version: '1.0', files: [big] },
  { id: 'Acme.App', version: '1.1.0-Beta.2+b7' },
  { id: 'Acme.App', version: '2.0', isListed: false },
  { id: 'Acme.Core', version: '1.0.0', needs: [['Acme.App', '1.0']] as const },
];

describe('the feed on the server of the status page', () => {
  const folder = memoryFolder();
  const { feed, files } = exampleFeed(folder, wishes);
  let server: StatusServer;
  const get = (path: string, headers?: Record<string, string>, method?: string): Promise<RawAnswer> =>
    ask(server.address, `/nuget/v3/${path}`, headers, method);

  beforeAll(async () => {
    server = await serve(exampleSource(acme), { feed });
  });
  afterAll(async () => {
    await server.close();
    folder[Symbol.dispose]();
  });

  test('every part that the service index names answers, at the address it names', async () => {
    const index = await get('index.json');
    expect([index.status, index.headers['content-type']]).toEqual([200, 'application/json']);
    const { resources } = jsonOf(index) as { resources: { '@id': string; '@type': string }[] };
    const base = `${server.address}/nuget/v3/`;
    for (const { '@id': address, '@type': type } of resources) {
      expect(address.startsWith(base)).toBe(true);
      const [below, status] = type.startsWith('PackageBase')
        ? ['acme.app/index.json', 200]
        : type.startsWith('Registrations')
          ? ['acme.app/index.json', 200]
          : ['?q=acme', 200];
      expect([type, (await ask('', `${address}${below}`)).status]).toEqual([type, status]);
    }
  });

  test('a package is served byte for byte, whatever the spelling of its address', async () => {
    const paths = [
      'flat/acme.app/1.0.0/acme.app.1.0.0.nupkg',
      'flat/Acme.App/1.0/ACME.App.1.0.0.nupkg',
      'FLAT/ACME.APP/1.0.0.0/acme.app.1.0.NUPKG',
    ];
    for (const path of paths) {
      const answer = await get(path);
      expect([answer.status, answer.headers['content-type'], sha256(answer.body)]).toEqual([
        200,
        'application/octet-stream',
        sha256(files[0]!),
      ]);
      expect(answer.headers['content-length']).toBe(`${files[0]!.length}`);
      expect(answer.headers['content-encoding']).toBeUndefined();
    }
    const beta = await get('flat/acme.app/1.1.0-BETA.2%2Bb7/acme.app.1.1.0-beta.2.nupkg');
    expect(sha256(beta.body)).toBe(sha256(files[1]!));
  });

  test('many are streamed at once', async () => {
    const asked = Array.from({ length: 40 }, (_, index) =>
      get(`flat/acme.app/${['1.0.0', '2.0.0'][index % 2]!}/acme.app.${['1.0.0', '2.0.0'][index % 2]!}.nupkg`),
    );
    const found = (await Promise.all(asked)).map(({ body }) => sha256(body));
    expect(found).toEqual(found.map((_, index) => sha256(files[[0, 2][index % 2]!]!)));
  });

  test('a part of a package is given where a client goes on with what it has', async () => {
    const path = 'flat/acme.app/1.0.0/acme.app.1.0.0.nupkg';
    const etag = `"${sha256(files[0]!)}"`;
    const part = await get(path, { range: 'bytes=100-299', 'if-range': etag });
    expect([part.status, part.headers['content-range'], part.headers.etag]).toEqual([
      206,
      `bytes 100-299/${files[0]!.length}`,
      etag,
    ]);
    expect(part.body.equals(files[0]!.subarray(100, 300))).toBe(true);
    const whole = await get(path, { range: 'bytes=100-299', 'if-range': '"other"' });
    expect([whole.status, whole.body.length]).toEqual([200, files[0]!.length]);
    const outside = await get(path, { range: 'bytes=9999999-' });
    expect([outside.status, outside.headers['content-range'], outside.body.length]).toEqual([
      416,
      `bytes */${files[0]!.length}`,
      0,
    ]);
  });

  test('the nuspec is the one in the package', async () => {
    const answer = await get('flat/acme.core/1.0.0/acme.core.nuspec');
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/xml']);
    expect(answer.body.toString()).toContain('<id>Acme.Core</id>');
  });

  test('versions, registrations, searches and completions tell of the same packages', async () => {
    expect(jsonOf(await get('flat/acme.app/index.json'))).toEqual({
      versions: ['1.0.0', '1.1.0-beta.2', '2.0.0'],
    });
    const versionsIn = (answer: unknown): string[] =>
      (answer as { items: { items: { catalogEntry: { version: string } }[] }[] }).items.flatMap(({ items }) =>
        items.map(({ catalogEntry }) => catalogEntry.version),
      );
    const plain = { 'accept-encoding': 'identity' };
    expect(versionsIn(jsonOf(await get('reg/acme.app/index.json')))).toEqual(['1.0.0', '2.0.0']);
    const all = jsonOf(await get('reg-semver2/acme.app/index.json', plain));
    expect(versionsIn(all)).toEqual(['1.0.0', '1.1.0-Beta.2+b7', '2.0.0']);
    expect(jsonOf(await get('reg-semver2/ACME.App/2.0.json', plain))).toMatchObject({ listed: false });
    expect(jsonOf(await get('query?q=acme.app&prerelease=true&semVerLevel=2.0.0'))).toMatchObject({
      totalHits: 1,
      data: [{ id: 'Acme.App', version: '1.1.0-Beta.2+b7' }],
    });
    expect(jsonOf(await get('autocomplete?q=acme&take=1'))).toEqual({ totalHits: 2, data: ['Acme.App'] });
    expect(jsonOf(await get('autocomplete?id=acme.app'))).toEqual({ totalHits: 1, data: ['1.0.0'] });
    expect(jsonOf(await get('query?q=%E4%F6%&take=x'))).toEqual({ totalHits: 0, data: [] });
  });

  test('hives that are compressed as a rule come so, others where a client says it can read that', async () => {
    const coding = async (path: string, accept?: string): Promise<string | undefined> =>
      (await get(path, accept === undefined ? {} : { 'accept-encoding': accept })).headers[
        'content-encoding'
      ];
    expect(await coding('reg/acme.app/index.json')).toBeUndefined();
    expect(await coding('reg/acme.app/index.json', 'gzip')).toBe('gzip');
    for (const hive of ['reg-gz', 'reg-semver2']) {
      expect(await coding(`${hive}/acme.app/index.json`)).toBe('gzip');
      expect(await coding(`${hive}/acme.app/index.json`, 'identity')).toBeUndefined();
    }
    const [packed, plain] = [await get('reg-gz/acme.app/index.json'), await get('reg/acme.app/index.json')];
    expect(gunzipSync(packed.body).toString().replaceAll('/reg-gz/', '/reg/')).toBe(plain.body.toString());
    expect(packed.headers['vary']).toBe('accept-encoding');
  });

  const every = [
    'index.json',
    'flat/acme.app/index.json',
    'flat/acme.app/1.0.0/acme.app.1.0.0.nupkg',
    'flat/acme.app/1.0.0/acme.app.nuspec',
    'reg/acme.app/index.json',
    'reg-gz/acme.app/1.0.0.json',
    'reg-semver2/acme.app/index.json',
    'query?q=acme',
    'autocomplete?q=acme',
  ];

  test.each(every)(
    '%s has a tag by which it need not come twice, and HEAD tells the same without it',
    async (path) => {
      const first = await get(path);
      const { etag = '' } = first.headers;
      expect([first.status, first.body.length]).toEqual([200, Number(first.headers['content-length'])]);
      const again = await get(path, { 'if-none-match': etag });
      expect([again.status, again.body.length, again.headers.etag]).toEqual([304, 0, etag]);
      expect((await get(path, { 'if-none-match': '"other"' })).status).toBe(200);
      const head = await get(path, { range: 'bytes=0-1' }, 'HEAD');
      expect([head.status, head.body.length, head.headers['content-length'], head.headers.etag]).toEqual([
        200,
        0,
        first.headers['content-length'],
        etag,
      ]);
    },
  );

  test('what is not there is told in JSON, and never on a page', async () => {
    const paths = [
      '',
      'index.json/more',
      'nothing',
      'flat',
      'flat/nobody/index.json',
      'flat/acme.app',
      'flat/acme.app/9.9.9/acme.app.9.9.9.nupkg',
      'flat/acme.app/1.0.0/acme.app.2.0.0.nupkg',
      'flat/acme.app/1.0.0/acme.core.1.0.0.nupkg',
      'flat/acme.app/1.0.0/acme.app.1.0.0.zip',
      'flat/acme.app/1.0.0/acme.app.1.0.0.nupkg/more',
      'flat/acme.app/latest/acme.app.latest.nupkg',
      'flat/acme.app/1.0.0/other.nuspec',
      'reg/nobody/index.json',
      'reg/acme.app',
      'reg/acme.app/9.9.9.json',
      'reg/acme.app/1.1.0-beta.2.json',
      'reg/acme.app/page/1.0.0/9.0.0.json',
      'reg-other/acme.app/index.json',
      'query/more',
      'constructor',
      '__proto__/acme.app/index.json',
    ];
    for (const path of paths) {
      const answer = await get(path);
      expect([path, answer.status, answer.headers['content-type']]).toEqual([path, 404, 'application/json']);
      expect(jsonOf(answer)).toEqual({ error: 'There is no such thing in this feed' });
    }
    const head = await get('nothing', {}, 'HEAD');
    expect([head.status, head.body.length]).toEqual([404, 0]);
  });

  test.each(['PUT', 'POST', 'DELETE', 'PATCH', 'OPTIONS'])(
    '%s is refused: nothing changes by HTTP',
    async (method) => {
      const answer = await get('flat/acme.app/1.0.0/acme.app.1.0.0.nupkg', {}, method);
      expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
    },
  );

  test('addresses are made of the host a client used, where that is one of ours', async () => {
    const hosts = ['localhost:99', 'LOCALHOST'];
    const bases = await Promise.all(
      hosts.map(
        async (host) =>
          (jsonOf(await get('index.json', { host })) as { resources: { '@id': string }[] }).resources[0]![
            '@id'
          ],
      ),
    );
    expect(bases).toEqual(['http://localhost:99/nuget/v3/flat/', 'http://localhost/nuget/v3/flat/']);
    expect((await get('index.json', { host: 'evil.example' })).status).toBe(403);
  });
});

test('addresses are those configured, where something stands in front', async () => {
  using folder = memoryFolder();
  const { feed } = exampleFeed(folder, wishes.slice(1, 2), { url: 'https://intra.example/packages/' });
  await using server = await serve(exampleSource(acme), { feed });
  const { resources } = jsonOf(await ask(server.address, '/nuget/v3/index.json')) as {
    resources: { '@id': string }[];
  };
  expect(resources[0]!['@id']).toBe('https://intra.example/packages/nuget/v3/flat/');
  const page = await ask(server.address, '/');
  expect(page.body.toString()).toContain('https://intra.example/packages/nuget/v3/index.json');
});

test('T-93 with a token, nothing of the feed is read without it, and the page stays as it was', async () => {
  using folder = memoryFolder();
  const token = 'a-token-that-is-long';
  const { feed } = exampleFeed(folder, wishes.slice(1, 2), { tokens: [token] });
  await using server = await serve(exampleSource(acme), { feed });
  const authorization = `Basic ${Buffer.from(`anybody:${token}`).toString('base64')}`;
  for (const path of ['index.json', 'nothing', 'flat/acme.app/index.json', 'query']) {
    const refused = await ask(server.address, `/nuget/v3/${path}`);
    expect([path, refused.status, refused.headers['www-authenticate']]).toEqual([
      path,
      401,
      'Basic realm="crossgap packages", charset="UTF-8"',
    ]);
    expect((await ask(server.address, `/nuget/v3/${path}`, { authorization })).status).not.toBe(401);
  }
  expect((await ask(server.address, '/healthz')).status).toBe(200);
});

test('a client that goes away in the middle costs nothing, and its file is closed', async () => {
  using folder = memoryFolder();
  const huge = { name: 'content/huge.bin', content: Buffer.alloc(30_000_000, 'x'), stored: true };
  const { feed, source } = exampleFeed(folder, [{ id: 'Acme.Huge', version: '1.0.0', files: [huge] }]);
  const open = source.open.bind(source);
  const opened: FileHandle[] = [];
  Object.assign(source, {
    async open(each: ServedPackage) {
      const file = await open(each);
      if (file !== undefined) opened.push(file);
      return file;
    },
  });
  await using server = await serve(exampleSource(acme), { feed });
  const socket = await connected(server.address);
  const path = '/nuget/v3/flat/acme.huge/1.0.0/acme.huge.1.0.0.nupkg';
  socket.write(request(path, { host: '127.0.0.1' }));
  await once(socket, 'data');
  expect(opened.map(({ fd }) => fd >= 0)).toEqual([true]);
  // It is one, whatever its type says.
  const closed = once(opened[0] as unknown as EventEmitter, 'close');
  socket.destroy();
  await closed;
  expect(opened[0]!.fd).toBe(-1);
  expect((await ask(server.address, path, { range: 'bytes=0-9' })).status).toBe(206);
});

test('whatever is asked for, there is an answer that clients understand', async () => {
  using folder = memoryFolder();
  const { feed } = exampleFeed(folder, wishes.slice(1));
  await using server = await serve(exampleSource(acme), { feed });
  const part = oneof(
    constantFrom(
      'flat',
      'reg',
      'reg-semver2',
      'page',
      'query',
      'acme.app',
      'acme.core',
      '1.0.0',
      '2.0',
      'index.json',
    ),
    constantFrom(
      'acme.app.2.0.nupkg',
      '2.0.json',
      '%41cme.app',
      '%C3%A9',
      '%ff',
      '',
      '1.0.0+x',
      '__proto__',
      '..nupkg',
    ),
    string({ maxLength: 8 }).map(encodeURIComponent),
  );
  const query = oneof(
    constantFrom('', '?q=acme', '?skip=-1&take=%', '?q=%ff&id=acme.app'),
    string().map((text) => `?q=${encodeURIComponent(text)}`),
  );
  await assertLaw(
    asyncProperty(array(part, { maxLength: 5 }), query, async (parts, search) => {
      const answer = await ask(server.address, `/nuget/v3/${parts.join('/')}${search}`);
      expect([200, 404]).toContain(answer.status);
      expect(answer.headers['content-type']).not.toContain('html');
    }),
    { numRuns: 200 },
  );
});

test('a source that fails costs one answer', async () => {
  using folder = memoryFolder();
  const { feed, source } = exampleFeed(folder, wishes.slice(1, 2));
  const open = source.open.bind(source);
  let fails = true;
  Object.assign(source, {
    open: (each: Parameters<typeof open>[0]) => (fails ? Promise.reject(new Error('disk')) : open(each)),
  });
  await using server = await serve(exampleSource(acme), { feed });
  const path = '/nuget/v3/flat/acme.app/1.1.0-beta.2/acme.app.1.1.0-beta.2.nupkg';
  const failed = await ask(server.address, path);
  expect([failed.status, failed.body.toString()]).toEqual([
    500,
    '{"error":"This could not be read just now; the log of the daemon says why"}',
  ]);
  fails = false;
  expect((await ask(server.address, path)).status).toBe(200);
});

test('the page tells where the feed is', async () => {
  using folder = memoryFolder();
  await using server = await serve(exampleSource(acme), { feed: exampleFeed(folder, []).feed });
  const page = await ask(server.address, '/');
  expect(page.body.toString()).toContain(`${server.address}/nuget/v3/index.json`);
});

test('without a feed there is none, and the page tells of none', async () => {
  await using server = await serve(exampleSource(acme));
  expect((await ask(server.address, '/')).body.toString()).not.toContain('nuget');
  expect((await ask(server.address, '/nuget/v3/index.json')).status).toBe(404);
});
