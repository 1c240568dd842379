import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  openSource,
  pushPackage,
  type HttpRepository,
  type NugetError,
  type Patience,
} from '../../../src/nuget/index.ts';
import { packNupkg, readFileFacts, signPackage } from '../../../src/packages/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { selfSigned } from '../../support/certificates.ts';
import { nugetServer, onlyPart, type NugetServer, type Special } from '../../support/nuget-server.ts';
import { codeOf, laterRefusal } from '../../support/refusal.ts';
import { httpRepository, never, noPatience, packed, pushFile } from '../repositories.ts';

const key = 'orders.web/1.0.0';
const flatFile = '/v3/flat/orders.web/1.0.0/orders.web.1.0.0.nupkg';

let shared: ReturnType<typeof temporaryFolder>;
let file: string;
let bytes: Buffer;
beforeAll(async () => {
  shared = temporaryFolder();
  file = await packed(shared.file('Orders.Web.1.0.0.nupkg'));
  bytes = readFileSync(file);
});
afterAll(() => shared[Symbol.dispose]());

let server: NugetServer;
beforeEach(async () => {
  server = await nugetServer();
});
afterEach(() => server[Symbol.asyncDispose]());

type Wish = { readonly repository?: HttpRepository; readonly patience?: Patience; readonly path?: string };

function push({
  repository = httpRepository(server.index, { apiKey: 'sesame' }),
  patience = noPatience(),
  path = file,
}: Wish = {}) {
  return pushFile(repository, path, { signal: never, patience });
}

const puts = () => server.requests.filter(({ method }) => method === 'PUT');

/** What a push is refused with by a server that answers it in this way. */
async function refusedBy(special: Special, wish?: Wish): Promise<NugetError> {
  server.special = special;
  return (await laterRefusal(() => push(wish))) as NugetError;
}

const onPut =
  (reply: Awaited<ReturnType<Special>>): Special =>
  ({ method }) =>
    method === 'PUT' ? reply : undefined;

/** The same content in another file, as a repository makes it that signs what it takes. */
async function countersigned(): Promise<Buffer> {
  const path = shared.file('signed.nupkg');
  await signPackage(file, path, selfSigned('Repository'), { hash: 'sha256' });
  return readFileSync(path);
}

/** Another content of the same name. */
async function other(): Promise<Buffer> {
  return readFileSync(await packed(shared.file('other.nupkg'), { content: 'something else' }));
}

describe('a push', () => {
  test('arrives byte for byte, with the key, after a look whether it is there', async () => {
    expect(await push()).toEqual({ outcome: 'taken', warnings: [] });
    expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v3/index.json',
      `GET ${flatFile}`,
      'PUT /v3/push/',
    ]);
    expect(Buffer.from(server.packages.get(key)!).equals(bytes)).toBe(true);
    expect(server.requests.map(({ headers }) => headers['x-nuget-apikey'])).toEqual([
      undefined,
      undefined,
      'sesame',
    ]);
  });

  test('of what is there is none', async () => {
    await push();
    expect(await push()).toEqual({ outcome: 'there', warnings: [] });
    expect(puts()).toHaveLength(1);
  });

  test('of what is there in a file that the repository signed is none either', async () => {
    server.packages.set(key, await countersigned());
    expect(await push()).toEqual({ outcome: 'there', warnings: [] });
    // Also where the look before it came too early, and only the answer told.
    let looked = 0;
    server.special = ({ path }) => (path === flatFile && (looked += 1) === 1 ? { status: 404 } : undefined);
    expect(await push()).toEqual({ outcome: 'there', warnings: [] });
    expect(puts()).toHaveLength(1);
  });

  test('T-94 of another content than what is there is an alarm that names both, and replaces nothing', async () => {
    const there = await other();
    server.packages.set(key, there);
    const [ours, theirs] = [await readFileFacts(file), await readFileFacts(shared.file('other.nupkg'))];
    const error = await laterRefusal(() => push());
    expect(codeOf(error)).toBe('SOURCE_CONTENT_DIFFERS verification');
    expect(error.details).toMatchObject({ expected: ours.contentDigest, found: theirs.contentDigest });
    expect(error.message).toContain(ours.contentDigest);
    expect(error.message).toContain(theirs.contentDigest);
    expect(puts()).toEqual([]);
    let looked = 0;
    server.special = ({ path }) => (path === flatFile && (looked += 1) === 1 ? { status: 404 } : undefined);
    expect((await laterRefusal(() => push())).code).toBe('SOURCE_CONTENT_DIFFERS');
    expect(server.packages.get(key)).toBe(there);
  });

  test('passes on what the repository wants people to know, without our secrets', async () => {
    server.special = onPut({ status: 200, headers: { 'x-nuget-warning': 'the key sesame ends soon' } });
    expect(await push()).toEqual({ outcome: 'taken', warnings: ['the key *** ends soon'] });
  });

  test('that is only accepted is done when it can be read', async () => {
    let looked = 0;
    server.special = ({ method, path }) => {
      if (method === 'PUT') return { status: 202 };
      if (path !== '/v3/flat/orders.web/index.json' || (looked += 1) < 3) return undefined;
      return { body: '{"versions":["0.9.0","1.0.0"]}' };
    };
    const patience = noPatience();
    expect(await push({ patience })).toMatchObject({ outcome: 'taken' });
    expect(patience.pauses).toHaveLength(2);
    const never = await refusedBy(onPut({ status: 202 }), { patience: noPatience({ looks: 2 }) });
    expect(codeOf(never)).toBe('PUSH_UNFINISHED waiting');
  });

  test.each([
    [400, 'PUSH_REFUSED refused', 'never'],
    [401, 'SOURCE_UNAUTHORIZED refused', 'configured'],
    [403, 'SOURCE_FORBIDDEN refused', 'configured'],
    [404, 'PUSH_NOT_SUPPORTED refused', 'configured'],
    [405, 'PUSH_NOT_SUPPORTED refused', 'configured'],
    [413, 'PUSH_REFUSED refused', 'never'],
    [422, 'PUSH_REFUSED refused', 'never'],
  ])('answered %i is not tried again by itself, and says why', async (status, code, again) => {
    const error = await refusedBy(onPut({ status, body: 'because  of\nthe licence' }));
    expect([codeOf(error), error.again]).toEqual([code, again]);
    expect(error.message).toContain('because of the licence');
    expect(puts()).toHaveLength(1);
  });

  test.each([408, 429, 500, 502, 503])(
    'answered %i is tried again after a while, three times in all',
    async (status) => {
      const patience = noPatience();
      const error = await refusedBy(onPut({ status, headers: { 'retry-after': '7' } }), { patience });
      expect([codeOf(error), error.again]).toEqual(['SOURCE_FAILING refused', 'soon']);
      expect(puts()).toHaveLength(3);
      expect(patience.pauses).toEqual([7000, 7000]);
      expect(
        puts().every(({ body, headers }) => onlyPart(body, headers['content-type']!).content.equals(bytes)),
      ).toBe(true);
    },
  );

  test('whose answer is lost, or late, is done where it came through all the same', async () => {
    server.special = ({ method }, response) => {
      if (method !== 'PUT') return undefined;
      server.packages.set(key, bytes);
      response.destroy();
      return 'done';
    };
    expect(await push()).toMatchObject({ outcome: 'taken' });
    expect(puts()).toHaveLength(1);
  });

  test('that is taken for one that is there, and can not be read there, is not done', async () => {
    expect(codeOf(await refusedBy(onPut({ status: 409, body: 'deleted' })))).toBe('PUSH_UNFINISHED waiting');
  });

  test('is sent on where the answer says so, and not to another host', async () => {
    let first = true;
    server.special = ({ method }) => {
      if (method !== 'PUT' || !first) return undefined;
      first = false;
      return { status: 307, headers: { location: '/v3/push/elsewhere' } };
    };
    expect(await push()).toMatchObject({ outcome: 'taken' });
    expect(puts().map(({ path }) => path)).toEqual(['/v3/push/', '/v3/push/elsewhere']);
    await using away = await nugetServer();
    server.packages.clear();
    for (const [status, code] of [
      [307, 'SOURCE_CREDENTIAL_ELSEWHERE'],
      [301, 'SOURCE_REDIRECT_REFUSED'],
    ] as const) {
      const headers = { location: `${away.origin}/v3/push/` };
      expect((await refusedBy(onPut({ status, headers }))).code).toBe(code);
    }
    server.resources = [
      server.resources[0]!,
      { '@id': `${away.origin}/v3/push`, '@type': 'PackagePublish/2.0.0' },
    ];
    expect((await refusedBy(() => undefined)).code).toBe('SOURCE_CREDENTIAL_ELSEWHERE');
    expect(away.requests).toEqual([]);
  });
});

describe('an address to push to that is no service index', () => {
  test('takes pushes, to the usual path where it names none, and can not be compared with', async () => {
    server.special = onPut({ status: 201 });
    const repository = httpRepository(server.origin, { apiKey: 'sesame' });
    expect(await push({ repository })).toMatchObject({ outcome: 'taken' });
    expect(server.requests.map(({ path }) => path)).toEqual(['/api/v2/package/']);
    const named = httpRepository(`${server.origin}/nuget/packages?replace=false`, { apiKey: 'sesame' });
    await push({ repository: named });
    expect(server.requests.at(-1)!.path).toBe('/nuget/packages/?replace=false');
    using source = openSource(repository, { signal: never });
    expect(await source.look()).toMatchObject({ takesPushes: true });
    const target = { path: shared.file('fetched'), bytesMax: 1000 };
    const read = await laterRefusal(() => source.fetch({ id: 'Orders.Web', version: '1.0.0' }, target));
    expect(codeOf(read)).toBe('SOURCE_NOT_A_FEED refused');
    const error = await refusedBy(onPut({ status: 409 }), { repository });
    expect(codeOf(error)).toBe('PUSH_REFUSED refused');
  });
});

test('a file that lost its content since it was verified is given to nobody', async () => {
  const contentDigest = '1'.repeat(64);
  for (const path of [file, shared.file('damaged.nupkg', bytes.subarray(0, 500))]) {
    const give = () => pushPackage(httpRepository(server.index), { path, contentDigest }, { signal: never });
    expect(codeOf(await laterRefusal(give))).toBe('PUSH_FILE_DAMAGED verification');
  }
  expect(server.requests).toEqual([]);
});

test('a feed without a place to push to says so', async () => {
  server.resources = [server.resources[0]!];
  expect((await refusedBy(() => undefined)).code).toBe('PUSH_NOT_SUPPORTED');
});

test('a package larger than any buffer on the way arrives whole', async () => {
  const big = shared.file('big.nupkg');
  await packNupkg({
    id: 'Big',
    version: '1.0.0',
    outFile: big,
    files: [{ path: 'b.bin', bytes: randomBytes(3_000_000) }],
  });
  expect(await push({ path: big })).toMatchObject({ outcome: 'taken' });
  expect(Buffer.compare(server.packages.get('big/1.0.0')!, readFileSync(big))).toBe(0);
});
