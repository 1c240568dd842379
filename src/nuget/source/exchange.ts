import { request as requestClear, type IncomingMessage } from 'node:http';
import { request as requestEncrypted } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { programVersion } from '../../installation.ts';
import type { NugetError } from '../errors.ts';
import type { Connections } from './connections.ts';
import { connectionFailure, failure, slowFailure } from './failures.ts';
import type { Patience } from './patience.ts';
import { isLoopback, type HttpRepository, shown } from './repository.ts';

/** One question to a repository. */
export type Question = {
  readonly method: 'GET' | 'PUT';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** The body from its beginning, each time it is sent. */
  readonly body?: () => AsyncIterable<Uint8Array>;
  /** Whether the API key goes with it. */
  readonly withKey?: boolean;
  /** How long it may take in all. */
  readonly withinMs: number;
};

/** What came back: head and body, which has to be read or let go of. */
export type Answer = Disposable & {
  readonly status: number;
  readonly url: URL;
  /** Whether it was told who asks. */
  readonly wasKnown: boolean;
  header(name: string): string | undefined;
  /** The body as it was meant, at most `bytesMax` of it. @throws NugetError SOURCE_ANSWER_TOO_LARGE, and what breaks it off */
  body(bytesMax: number): AsyncIterable<Uint8Array>;
};

const redirectsMax = 5;
/** A body is only sent again where the answer says that the same is to be done elsewhere. */
const sameMethod = new Set([307, 308]);
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Asks a repository once, following redirects. Who we are is told to the repository's own address, and to hosts that
 * the settings name, wherever an answer leads.
 *
 * @throws NugetError SOURCE_UNREACHABLE, SOURCE_SLOW, SOURCE_TLS_REFUSED, SOURCE_INSECURE, SOURCE_REDIRECT_REFUSED,
 * SOURCE_CREDENTIAL_ELSEWHERE, SOURCE_ANSWER_UNFIT
 */
export async function ask(
  repository: HttpRepository,
  connections: Connections,
  question: Question,
  patience: Patience,
  stop: AbortSignal,
): Promise<Answer> {
  let url = question.url;
  const deadline = AbortSignal.timeout(question.withinMs);
  const signal = AbortSignal.any([stop, deadline]);
  for (let hops = 0; ; hops += 1) {
    refuseInsecure(repository, url);
    const isKnown = mayBeTold(repository, url);
    if (question.withKey === true && !isKnown) throw credentialElsewhere(repository, url);
    let asked: Asked;
    try {
      asked = await send(repository, connections, { ...question, url }, patience.idleMs, signal);
    } catch (error) {
      if (stop.aborted) throw stop.reason;
      throw deadline.aborted ? slowFailure(repository, url, question.withinMs) : error;
    }
    const { message, letGo } = asked;
    if (!redirects.has(message.statusCode ?? 0)) {
      const wasKnown = isKnown && repository.user !== undefined;
      return answerOf(repository, asked, { url, wasKnown, stop, deadline, withinMs: question.withinMs });
    }
    letGo();
    url = follow(repository, question, url, message, hops);
  }
}

function follow(
  repository: HttpRepository,
  { method }: Question,
  url: URL,
  { headers, statusCode }: IncomingMessage,
  hops: number,
): URL {
  const { location } = headers;
  const refuse = (because: string, hint = 'Name the address it leads to in the [[source]] itself.') =>
    failure(repository, {
      code: 'SOURCE_REDIRECT_REFUSED',
      because: `it leads from ${url.host} ${because}`,
      hint,
      details: { from: shown(url), to: location?.replace(/\?.*$/s, '') ?? null },
    });
  if (location === undefined || !URL.canParse(location, url.href)) throw refuse('to nowhere');
  const next = new URL(location, url);
  if (next.protocol !== 'https:' && next.protocol !== 'http:') throw refuse(`to ${next.protocol}`);
  if (url.protocol === 'https:' && next.protocol === 'http:') throw refuse(`out of TLS, to ${next.host}`);
  if (hops + 1 > redirectsMax) throw refuse(`further and further, ${redirectsMax} times`);
  if (method === 'PUT' && !sameMethod.has(statusCode ?? 0))
    throw refuse(`to ${next.host}, and a push is not sent twice on a ${statusCode}`);
  return next;
}

/** Without TLS only on this machine, or where a person allowed it. @throws NugetError SOURCE_INSECURE */
function refuseInsecure(repository: HttpRepository, url: URL): void {
  if (url.protocol === 'https:' || isLoopback(url.hostname) || repository.allowInsecure) return;
  throw failure(repository, {
    code: 'SOURCE_INSECURE',
    because: `${url.host} is to be asked without TLS, so that anybody on the way can read and change it`,
    hint: 'Name an address that begins with https, or write `allow-insecure = true` in the [[source]].',
    details: { url: shown(url) },
  });
}

/** Whether a place may be told who we are: the repository's own address, or a host the settings name. */
export function mayBeTold(repository: HttpRepository, url: URL): boolean {
  if (url.origin === new URL(repository.url).origin) return true;
  return (
    url.protocol === 'https:' &&
    repository.credentialHosts.some((host) => host.toLowerCase() === url.host.toLowerCase())
  );
}

function credentialElsewhere(repository: HttpRepository, url: URL): NugetError {
  return failure(repository, {
    code: 'SOURCE_CREDENTIAL_ELSEWHERE',
    because: `it wants its key to be told to ${url.origin}, which is another place than ${new URL(repository.url).origin}`,
    hint: `If that is right, write \`credential-hosts = ["${url.host}"]\` in the [[source]].`,
    details: { url: shown(url) },
  });
}

function headersFor(repository: HttpRepository, question: Question): Record<string, string> {
  const { user, password, apiKey } = repository;
  const basic = Buffer.from(`${user ?? ''}:${password ?? ''}`).toString('base64');
  return {
    'User-Agent': `crossgap/${programVersion()}`,
    'Accept-Encoding': 'identity',
    ...(user !== undefined && mayBeTold(repository, question.url) && { Authorization: `Basic ${basic}` }),
    ...(question.withKey === true && apiKey !== undefined && { 'X-NuGet-ApiKey': apiKey }),
    ...question.headers,
  };
}

/** The answer's head, and how to have no more of it, nor send more of the question. */
type Asked = { readonly message: IncomingMessage; readonly letGo: () => void };

/** What goes wrong is told in words. */
function send(
  repository: HttpRepository,
  connections: Connections,
  question: Question,
  idleMs: number,
  signal: AbortSignal,
): Promise<Asked> {
  const { url, method, body } = question;
  const { promise, resolve, reject } = Promise.withResolvers<Asked>();
  const start = url.protocol === 'https:' ? requestEncrypted : requestClear;
  const request = start(url, {
    method,
    headers: headersFor(repository, question),
    agent: connections.agentFor(url),
    signal,
  });
  let answer: IncomingMessage | undefined;
  request.setTimeout(idleMs, () => (answer ?? request).destroy(slowFailure(repository, url, idleMs)));
  request.on('response', (message) => {
    answer = message;
    // Errors are told by whoever reads; nobody may be reading yet.
    message.on('error', () => {});
    resolve({
      message,
      letGo() {
        message.destroy();
        if (!request.writableFinished) request.destroy();
      },
    });
  });
  request.on('error', (error) => reject(connectionFailure(repository, url, error)));
  if (body === undefined) request.end();
  else
    pipeline(Readable.from(body(), { objectMode: false }), request).catch((error: unknown) => {
      // Who refuses a push may say so and hang up before all of it came; what was said counts.
      reject(connectionFailure(repository, url, error));
    });
  return promise;
}

type Circumstances = {
  readonly url: URL;
  readonly wasKnown: boolean;
  readonly stop: AbortSignal;
  readonly deadline: AbortSignal;
  readonly withinMs: number;
};

function answerOf(
  repository: HttpRepository,
  { message, letGo }: Asked,
  { url, wasKnown, stop, deadline, withinMs }: Circumstances,
): Answer {
  const tooLarge = (bytesMax: number): NugetError =>
    failure(repository, {
      code: 'SOURCE_ANSWER_TOO_LARGE',
      because: `${shown(url)} is larger than ${bytesMax} bytes`,
      hint: 'Nothing of it was kept. See what the repository has there.',
      details: { url: shown(url), bytesMax },
    });
  return {
    status: message.statusCode ?? 0,
    url,
    wasKnown,
    header(name) {
      const value = message.headers[name];
      return Array.isArray(value) ? value[0] : value;
    },
    async *body(bytesMax) {
      let bytes = 0;
      try {
        for await (const piece of decoded(repository, message)) {
          bytes += piece.length;
          if (bytes > bytesMax) throw tooLarge(bytesMax);
          yield piece;
        }
      } catch (error) {
        if (stop.aborted) throw stop.reason;
        throw deadline.aborted
          ? slowFailure(repository, url, withinMs)
          : connectionFailure(repository, url, error);
      } finally {
        letGo();
      }
    },
    [Symbol.dispose]: letGo,
  };
}

/** Some servers pack what nobody asked them to. */
async function* decoded(repository: HttpRepository, message: IncomingMessage): AsyncGenerator<Buffer> {
  const coding = (message.headers['content-encoding'] ?? 'identity').toLowerCase();
  if (coding === 'identity' || coding === '') {
    yield* message as AsyncIterable<Buffer>;
    return;
  }
  const decoder = decoders[coding];
  if (decoder === undefined)
    throw failure(repository, {
      code: 'SOURCE_ANSWER_UNFIT',
      because: `its answer is packed as ${JSON.stringify(coding.slice(0, 40))}, which nobody asked for`,
      hint: 'See what stands between here and the repository, and changes its answers.',
    });
  const unpacked = decoder();
  const packing = pipeline(message, unpacked);
  // Told by what reads it, too.
  packing.catch(() => {});
  yield* unpacked as AsyncIterable<Buffer>;
  await packing;
}

const decoders: Readonly<Record<string, () => ReturnType<typeof createGunzip>>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};
