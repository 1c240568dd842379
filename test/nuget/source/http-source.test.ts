import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ensureHubAuthority } from '../../../src/hub/index.ts';
import { newServerCertificate } from '../../../src/hub/server-certificate.ts';
import { openSource, type HttpRepository, type NugetError, type Patience } from '../../../src/nuget/index.ts';
import type { DownloadAgain } from '../../../src/nuget/source/source.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { connectProxy } from '../../support/connect-proxy.ts';
import { nugetServer, type NugetServer, type Reply } from '../../support/nuget-server.ts';
import { codeOf, laterRefusal } from '../../support/refusal.ts';
import { httpRepository, never, noPatience } from '../repositories.ts';

const wanted = { id: 'Orders.Web', version: '1.0.0.0+build7' };
const file = '/v3/flat/orders.web/1.0.0/orders.web.1.0.0.nupkg';
const bytes = Buffer.from('whatever the feed has under this name');

let server: NugetServer;
let folder: ReturnType<typeof temporaryFolder>;
beforeEach(async () => {
  server = await nugetServer();
  server.packages.set('orders.web/1.0.0', bytes);
  folder = temporaryFolder();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

type Wish = { readonly patience?: Patience; readonly bytesMax?: number; readonly signal?: AbortSignal };

async function fetched(
  repository: HttpRepository = httpRepository(server.index),
  { patience = noPatience(), bytesMax = 1000, signal = never }: Wish = {},
): Promise<Buffer | undefined> {
  using source = openSource(repository, { signal, patience });
  const path = folder.file('fetched');
  return (await source.fetch(wanted, { path, bytesMax })) ? readFileSync(path) : undefined;
}

/** The refusal of a fetch from a server that answers one path in this way. */
async function refusedWhere(
  path: string,
  reply: Reply,
  repository?: HttpRepository,
  wish?: Wish,
): Promise<NugetError> {
  server.special = (request) => (request.path === path ? reply : undefined);
  const error = await laterRefusal(() => fetched(repository, wish));
  expect(existsSync(folder.file('fetched'))).toBe(false);
  return error as NugetError;
}

describe('a v3 feed', () => {
  test('gives the file under an id and a version, whatever their case and form', async () => {
    expect(await fetched()).toEqual(bytes);
    expect(server.requests.map(({ path }) => path)).toEqual(['/v3/index.json', file]);
    expect(server.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  test.each([404, 204])('that answers %i has no such package, which is no failure', async (status) => {
    server.special = ({ path }) => (path === file ? { status } : undefined);
    expect(await fetched()).toBeUndefined();
  });

  test('is asked in a second place where the first has no answer', async () => {
    const flat = { '@id': `${server.origin}/broken`, '@type': 'PackageBaseAddress/Versioned' };
    server.resources = [flat, ...server.resources];
    server.special = ({ path }) => (path.startsWith('/broken/') ? { status: 500 } : undefined);
    expect(await fetched()).toEqual(bytes);
  });

  test('may name its places as lists, with others between them that nobody understands', async () => {
    server.special = ({ path }) => {
      if (path !== '/v3/index.json') return undefined;
      const resources = [
        7,
        { '@type': 'PackageBaseAddress/3.0.0' },
        { '@id': '/relative/', '@type': 'PackageBaseAddress/3.0.0' },
        { '@id': [`${server.origin}/v3/flat/`], '@type': ['Other/1.0.0', 'PackageBaseAddress/3.0.0'] },
      ];
      return { body: `\uFEFF${JSON.stringify({ version: '3.1.0-beta', resources })}` };
    };
    expect(await fetched()).toEqual(bytes);
  });

  test('that packs its answers though nobody asked is understood', async () => {
    server.special = ({ path }) =>
      path === file ? { headers: { 'content-encoding': 'gzip' }, body: gzipSync(bytes) } : undefined;
    expect(await fetched()).toEqual(bytes);
  });
});

describe('what a feed answers instead of a package is named:', () => {
  test.each<[string, string, Reply, string]>([
    ['401 at its index', '/v3/index.json', { status: 401 }, 'SOURCE_UNAUTHORIZED refused'],
    ['401 at a file', file, { status: 401, body: 'log in' }, 'SOURCE_UNAUTHORIZED refused'],
    ['403', file, { status: 403 }, 'SOURCE_FORBIDDEN refused'],
    ['no index', '/v3/index.json', { status: 404 }, 'SOURCE_NOT_A_FEED refused'],
    [
      'a page to log in at',
      '/v3/index.json',
      { body: '<!DOCTYPE html><p>' },
      'SOURCE_ANSWER_UNFIT verification',
    ],
    ['no JSON', '/v3/index.json', { body: 'null' }, 'SOURCE_ANSWER_UNFIT verification'],
    [
      'a v2 feed',
      '/v3/index.json',
      { body: '{"version":"2.0.0","resources":[]}' },
      'SOURCE_NOT_A_FEED refused',
    ],
    [
      'an index without a place',
      '/v3/index.json',
      { body: '{"version":"3.0.0","resources":[]}' },
      'SOURCE_NOT_A_FEED refused',
    ],
    ['an odd status', file, { status: 418 }, 'SOURCE_ANSWER_UNFIT verification'],
    [
      'a packing nobody knows',
      file,
      { headers: { 'content-encoding': 'lzma' }, body: 'x' },
      'SOURCE_ANSWER_UNFIT verification',
    ],
    ['503', file, { status: 503, body: 'later' }, 'SOURCE_FAILING refused'],
    ['a redirect to nowhere', file, { status: 302 }, 'SOURCE_REDIRECT_REFUSED refused'],
    [
      'a redirect to a file',
      file,
      { status: 302, headers: { location: 'file:///etc/passwd' } },
      'SOURCE_REDIRECT_REFUSED refused',
    ],
    [
      'redirects without end',
      file,
      { status: 302, headers: { location: file } },
      'SOURCE_REDIRECT_REFUSED refused',
    ],
  ])('%s', async (_what, path, reply, code) => {
    expect(codeOf(await refusedWhere(path, reply))).toBe(code);
  });

  test('T-89 more bytes than were wanted, of which none are kept', async () => {
    const error = await refusedWhere(file, { body: Buffer.alloc(1001) });
    expect(codeOf(error)).toBe('SOURCE_ANSWER_TOO_LARGE verification');
    const packed = { headers: { 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(5_000_000)) };
    expect((await refusedWhere(file, packed)).code).toBe('SOURCE_ANSWER_TOO_LARGE');
  });

  test('T-89 bytes without end, and an index without end', async () => {
    for (const [path, bytesMax] of [
      [file, 100_000],
      ['/v3/index.json', 1000],
    ] as const) {
      server.special = (request, response) => {
        if (request.path !== path) return undefined;
        const pour = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536, 32)));
        };
        response.on('drain', pour).on('error', () => undefined);
        pour();
        return 'done';
      };
      const { code } = await laterRefusal(() => fetched(undefined, { bytesMax }));
      expect(code).toBe('SOURCE_ANSWER_TOO_LARGE');
    }
  });

  test('nothing, for too long', async () => {
    server.special = ({ path }) => (path === file ? 'done' : undefined);
    const patience = noPatience({ idleMs: 500, tries: 2 });
    const error = await laterRefusal(() => fetched(undefined, { patience }));
    expect(codeOf(error)).toBe('SOURCE_SLOW refused');
    expect(server.requests.filter(({ path }) => path === file)).toHaveLength(2);
  });

  test('T-89 half of it and then nothing; a byte now and then is given up as well', async () => {
    server.special = ({ path }, response) => {
      if (path !== file) return undefined;
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      return 'done';
    };
    const idle = noPatience({ idleMs: 30 });
    expect((await laterRefusal(() => fetched(undefined, { patience: idle }))).code).toBe('SOURCE_SLOW');
    server.special = ({ path }, response) => {
      if (path !== file) return undefined;
      const drip = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(drip));
      return 'done';
    };
    const slow = noPatience({ documentMs: 60, slowestBytesPerSecond: 1e9 });
    expect((await laterRefusal(() => fetched(undefined, { patience: slow }))).code).toBe('SOURCE_SLOW');
    expect(existsSync(folder.file('fetched'))).toBe(false);
  });

  test('half of it and a connection that ends, which is asked for again from the beginning where it has no tag', async () => {
    let asked = 0;
    server.special = ({ path }, response) => {
      if (path !== file || (asked += 1) > 2) return undefined;
      response.writeHead(200, { 'content-length': String(bytes.length) });
      response.write(bytes.subarray(0, 5), () => response.destroy());
      return 'done';
    };
    expect(await fetched()).toEqual(bytes);
    asked = -10;
    expect((await laterRefusal(() => fetched())).code).toBe('SOURCE_UNREACHABLE');
  });

  describe('T-90 half of a file that has a tag:', () => {
    const [tag, middle] = ['"one"', 5];
    const whole = { headers: { etag: tag }, body: bytes };
    const rest: Reply = {
      status: 206,
      headers: { etag: tag, 'content-range': `bytes ${middle}-${bytes.length - 1}/${bytes.length}` },
      body: bytes.subarray(middle),
    };
    const again: DownloadAgain[] = [];
    const asked = (): unknown[] =>
      server.requests
        .filter(({ path }) => path === file)
        .map(({ headers }) => [headers.range, headers['if-range']]);
    const fetchedAgain = async (tries = 3): Promise<Buffer | undefined> => {
      const options = { signal: never, patience: noPatience({ tries }) };
      using source = openSource(httpRepository(server.index), {
        ...options,
        onAgain: (each) => again.push(each),
      });
      const path = folder.file('fetched');
      return (await source.fetch(wanted, { path, bytesMax: 1000 })) ? readFileSync(path) : undefined;
    };
    /** Breaks off the first answer in the middle; the next ones are these. */
    const breaksOff = (...next: Reply[]): void => {
      again.splice(0);
      const left = [...next];
      let isFirst = true;
      server.special = ({ path }, response) => {
        if (path !== file) return undefined;
        if (!isFirst) return left.shift();
        isFirst = false;
        response.writeHead(200, { etag: tag, 'content-length': String(bytes.length) });
        response.write(bytes.subarray(0, middle));
        // What was not read yet is lost with the connection.
        const end = (): void => {
          const there = statSync(folder.file('fetched'), { throwIfNoEntry: false });
          if (there?.size === middle) response.destroy();
          else setImmediate(end);
        };
        end();
        return 'done';
      };
    };

    test('the rest is asked for and put behind it, also by another process later', async () => {
      breaksOff(rest);
      expect(await fetchedAgain()).toEqual(bytes);
      expect(asked()).toEqual([
        [undefined, undefined],
        [`bytes=${middle}-`, tag],
      ]);
      breaksOff(rest);
      expect((await laterRefusal(() => fetchedAgain(1))).code).toBe('SOURCE_UNREACHABLE');
      expect(readFileSync(folder.file('fetched'))).toEqual(bytes.subarray(0, middle));
      expect(await fetchedAgain(1)).toEqual(bytes);
      expect(again).toEqual([{ ...wanted, keptBytes: middle, lostBytes: 0 }]);
    });

    test.each<[string, Reply[]]>([
      ['of a file that became another one', [whole]],
      ['that is not there', [{ status: 416 }, whole]],
      ['from another place', [{ ...rest, headers: { 'content-range': 'bytes 4-9/10' } }, whole]],
      ['of another file', [{ ...rest, headers: { ...rest.headers, etag: '"two"' } }, whole]],
      ['that is packed', [{ ...rest, headers: { ...rest.headers, 'content-encoding': 'gzip' } }, whole]],
    ])('a rest %s is not taken: it begins again, and says so', async (_what, next) => {
      breaksOff(...next);
      expect(await fetchedAgain()).toEqual(bytes);
      expect(again).toEqual([{ ...wanted, keptBytes: 0, lostBytes: middle }]);
    });

    test('of more than was wanted nothing is kept', async () => {
      breaksOff({ ...rest, body: Buffer.alloc(1000) });
      expect((await laterRefusal(() => fetchedAgain())).code).toBe('SOURCE_ANSWER_TOO_LARGE');
      expect(readdirSync(folder.path)).toEqual([]);
    });
  });

  test('something that is no HTTP at all, and nobody there', async () => {
    const other = createServer((socket) =>
      socket
        .on('error', () => undefined)
        .resume()
        .end('SSH-2.0-OpenSSH_9.6\r\n'),
    );
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const repository = httpRepository(`http://127.0.0.1:${port}/index.json`);
    expect((await laterRefusal(() => fetched(repository))).code).toBe('SOURCE_ANSWER_UNFIT');
    other.close();
    await once(other, 'close');
    const error = await laterRefusal(() => fetched(repository));
    expect(codeOf(error)).toBe('SOURCE_UNREACHABLE refused');
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a name that nobody knows', async () => {
    const repository = httpRepository('https://nuget.invalid/v3/index.json');
    const error = await laterRefusal(() => fetched(repository));
    expect(error.message).toContain('nuget.invalid is not known here');
  });
});

describe('a feed that has no answer at the moment', () => {
  test('is asked again after a pause that grows, and as long as it asks for itself', async () => {
    let asked = 0;
    server.special = ({ path }) => {
      if (path !== file || (asked += 1) > 2) return undefined;
      return asked === 1 ? { status: 503 } : { status: 429, headers: { 'retry-after': '17' } };
    };
    const patience = noPatience();
    expect(await fetched(undefined, { patience })).toEqual(bytes);
    const [first, second] = patience.pauses;
    expect(first).toBeGreaterThanOrEqual(250);
    expect(first).toBeLessThanOrEqual(500);
    expect(second).toBe(17_000);
  });

  test('is not waited for longer than a person would, and says how long it asks for', async () => {
    const patience = noPatience();
    const reply = { status: 429, headers: { 'retry-after': '3600' } };
    const error = await refusedWhere(file, reply, undefined, { patience });
    expect(error.details).toMatchObject({ status: 429, retryAfterMs: 3_600_000 });
    expect(patience.pauses).toEqual([]);
  });

  test('is asked nothing more where the question is taken back', async () => {
    const stop = new AbortController();
    const patience = noPatience({
      pause: async (_ms, signal) => {
        stop.abort(new Error('taken back'));
        signal.throwIfAborted();
      },
    });
    server.special = ({ path }) => (path === file ? { status: 500 } : undefined);
    await expect(fetched(undefined, { patience, signal: stop.signal })).rejects.toThrow('taken back');
    expect(server.requests.filter(({ path }) => path === file)).toHaveLength(1);
  });
});

describe('who we are', () => {
  const known = { user: 'crossgap', password: 'pässword:1' };
  const basic = `Basic ${Buffer.from('crossgap:pässword:1').toString('base64')}`;

  test('is told with every question, without waiting to be asked', async () => {
    expect(await fetched(httpRepository(server.index, known))).toEqual(bytes);
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
  });

  test('T-88 is never repeated, even where the feed quotes it', async () => {
    const repository = httpRepository(server.index, known);
    const reply = {
      status: 403,
      body: `<p>pässword:1 is wrong</p>`,
      headers: { 'content-type': 'text/html; charset=utf-8' },
    };
    const error = await refusedWhere(file, reply, repository);
    expect(error.message).toContain('*** is wrong');
    expect(JSON.stringify([error.message, error.details])).not.toContain('pässword');
  });

  test('T-88 is told to no other host, neither by a redirect nor by the index, unless a person names it', async () => {
    await using other = await nugetServer();
    other.special = () => ({ body: bytes });
    const away = `${other.origin}${file}`;
    server.special = ({ path }) => (path === file ? { status: 307, headers: { location: away } } : undefined);
    expect(await fetched(httpRepository(server.index, known))).toEqual(bytes);
    server.resources = [{ '@id': `${other.origin}/flat/`, '@type': 'PackageBaseAddress/3.0.0' }];
    expect(await fetched(httpRepository(server.index, known))).toEqual(bytes);
    expect(other.requests).toHaveLength(2);
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    expect(server.requests[0]!.headers.authorization).toBe(basic);
  });
});

describe('the way to a feed', () => {
  test('without TLS is taken on this machine only, unless a person allows it', async () => {
    const error = await laterRefusal(() => fetched(httpRepository('http://nuget.invalid/v3/index.json')));
    expect(codeOf(error)).toBe('SOURCE_INSECURE refused');
    const allowed = httpRepository('http://nuget.invalid/v3/index.json', { allowInsecure: true });
    expect((await laterRefusal(() => fetched(allowed))).code).toBe('SOURCE_UNREACHABLE');
    server.resources = [{ '@id': 'http://nuget.invalid/flat/', '@type': 'PackageBaseAddress/3.0.0' }];
    expect((await laterRefusal(() => fetched())).code).toBe('SOURCE_INSECURE');
  });

  test('with TLS is taken by the authority that the settings name, also through a proxy, and never back out of it', async () => {
    const authority = ensureHubAuthority(folder.path, { name: 'contoso', now: Date.now() });
    const pem = newServerCertificate({ authority, hosts: ['127.0.0.1'], now: Date.now() });
    await using secure = await nugetServer({ key: pem, cert: pem });
    secure.packages.set('orders.web/1.0.0', bytes);
    const error = await laterRefusal(() => fetched(httpRepository(secure.index)));
    expect(codeOf(error)).toBe('SOURCE_TLS_REFUSED refused');
    const believed = httpRepository(secure.index, { ca: authority.pem });
    expect(await fetched(believed)).toEqual(bytes);
    await using proxy = await connectProxy();
    expect(await fetched({ ...believed, proxy: proxy.url })).toEqual(bytes);
    expect(proxy.asked).toEqual([new URL(secure.origin).host]);
    // Who we are is told to another host where a person named it, and only there.
    server.resources = [{ '@id': `${secure.origin}/v3/flat/`, '@type': 'PackageBaseAddress/3.0.0' }];
    const away = httpRepository(server.index, { ca: authority.pem, user: 'crossgap', password: 'x' });
    const credentialHosts = [new URL(secure.origin).host];
    for (const repository of [away, { ...away, credentialHosts }])
      expect(await fetched(repository)).toEqual(bytes);
    const told = secure.requests.slice(-2).map(({ headers }) => headers.authorization !== undefined);
    expect(told).toEqual([false, true]);
    const clear = `${server.origin}${file}`;
    secure.special = ({ path }) =>
      path === file ? { status: 302, headers: { location: clear } } : undefined;
    const out = await laterRefusal(() => fetched(believed));
    expect([out.code, out.message]).toEqual([
      'SOURCE_REDIRECT_REFUSED',
      expect.stringContaining('out of TLS'),
    ]);
  });

  test('through a proxy that refuses, or is none, is told in its words', async () => {
    const through = (proxy: string) => httpRepository('https://nuget.invalid/index.json', { proxy });
    await using refusing = await connectProxy('403 Forbidden');
    const error = await laterRefusal(() => fetched(through(refusing.url)));
    expect([error.code, error.message]).toEqual([
      'SOURCE_UNREACHABLE',
      expect.stringContaining('answers 403 to CONNECT'),
    ]);
    const none = await laterRefusal(() => fetched(through(server.origin)));
    expect(none.code).toBe('SOURCE_UNREACHABLE');
  });
});
