import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createEncrypted, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { normalizedVersion, readFileFacts } from '../../src/packages/index.ts';
import { temporaryFolder } from './build-nupkg.ts';

/** A request as it came, its body whole. */
export type Recorded = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
};

/** What a server answers: a status, or more; `undefined` leaves the request to what a feed does. */
export type Reply = {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
};
export type Special = (
  request: Recorded,
  response: ServerResponse,
) => Reply | 'done' | undefined | Promise<Reply | 'done' | undefined>;

/** A small NuGet v3 feed on this machine: keeps what is pushed, notes what is asked, and can be told to misbehave. */
export type NugetServer = AsyncDisposable & {
  readonly origin: string;
  readonly index: string;
  readonly requests: Recorded[];
  /** By `id/version` in lower case: the file. */
  readonly packages: Map<string, Uint8Array>;
  /** Asked first, for each request. */
  special: Special;
  /** What it puts into its index besides, or instead. */
  resources: readonly { readonly '@id': string; readonly '@type': string }[];
};

export async function nugetServer(tls?: ServerOptions): Promise<NugetServer> {
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const recorded = { method, path: url, headers, body: Buffer.concat(pieces) };
      server.requests.push(recorded);
      void (async () => {
        const special = await server.special(recorded, response);
        if (special !== 'done') send(response, special ?? (await asFeed(server, recorded)));
      })();
    });
  };
  const listener = tls === undefined ? createServer(answer) : createEncrypted(tls, answer);
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const origin = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`;
  const server: NugetServer = {
    origin,
    index: `${origin}/v3/index.json`,
    requests: [],
    packages: new Map(),
    special: () => undefined,
    resources: [
      { '@id': `${origin}/v3/flat`, '@type': 'PackageBaseAddress/3.0.0' },
      { '@id': `${origin}/v3/push`, '@type': 'PackagePublish/2.0.0' },
    ],
    async [Symbol.asyncDispose]() {
      listener.close();
      listener.closeAllConnections();
      await once(listener, 'close');
    },
  };
  return server;
}

function send(response: ServerResponse, { status = 200, headers = {}, body = '' }: Reply): void {
  response.writeHead(status, headers);
  response.end(body);
}

const asJson = (value: unknown): Reply => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});

async function asFeed(
  { packages, resources }: NugetServer,
  { method, path: asked, body, headers }: Recorded,
): Promise<Reply> {
  const [path = ''] = asked.split('?');
  if (path === '/v3/index.json') return asJson({ version: '3.0.0', resources });
  const [, id, version, file] = /^\/v3\/flat\/([^/]+)\/([^/]+)(?:\/([^/]+))?$/.exec(path) ?? [];
  if (id !== undefined && version === 'index.json') {
    const versions = [...packages.keys()].flatMap((key) =>
      key.startsWith(`${id}/`) ? [key.slice(id.length + 1)] : [],
    );
    return versions.length === 0 ? { status: 404 } : asJson({ versions });
  }
  if (id !== undefined && file === `${id}.${version}.nupkg`) {
    const bytes = packages.get(`${id}/${version}`);
    return bytes === undefined ? { status: 404 } : { body: bytes };
  }
  if (method === 'PUT' && path.startsWith('/v3/push')) {
    const part = onlyPart(body, headers['content-type'] ?? '').content;
    const key = await packageIn(part);
    if (packages.has(key)) return { status: 409, body: 'The package exists already' };
    packages.set(key, part);
    return { status: 201 };
  }
  return { status: 404 };
}

/** The one part of a multipart body: its headers as they stand there, and its content. */
export function onlyPart(body: Buffer, contentType: string): { head: string; content: Buffer } {
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(contentType) ?? [];
  const open = Buffer.from(`--${boundary}\r\n`);
  const close = Buffer.from(`\r\n--${boundary}--\r\n`);
  if (!body.subarray(0, open.length).equals(open) || !body.subarray(-close.length).equals(close))
    throw new Error(`no multipart body of one part: ${contentType}`);
  const end = body.indexOf('\r\n\r\n');
  return {
    head: body.toString('latin1', open.length, end),
    content: body.subarray(end + 4, -close.length),
  };
}

/** `id/version` as they stand in a feed's addresses, from the nuspec in a package. */
async function packageIn(bytes: Buffer): Promise<string> {
  using folder = temporaryFolder();
  const { id, version } = await readFileFacts(folder.file('pushed.nupkg', bytes));
  return `${id.toLowerCase()}/${normalizedVersion(version)}`;
}
