import type { ZipLimits } from '../../packages/index.ts';
import { NugetError } from '../errors.ts';
import { ask, type Answer, type Question } from './exchange.ts';
import type { Connections } from './connections.ts';
import { failure, isPassing, statusFailure } from './failures.ts';
import { backOff, retryAfter, type Patience } from './patience.ts';
import { shown, type HttpRepository } from './repository.ts';
import type { DownloadAgain } from './source.ts';

/** A repository that is asked things: its settings, its open connections, and how patient we are with it. */
export type Asking = {
  readonly repository: HttpRepository;
  readonly connections: Connections;
  readonly patience: Patience;
  readonly signal: AbortSignal;
  readonly now: () => number;
  readonly limits?: ZipLimits | undefined;
  readonly onAgain?: ((again: DownloadAgain) => void) | undefined;
};

const toldMax = 2000;
/** Nobody waits longer than this for one answer; whoever is told to comes again later. */
const waitedMax = 60_000;

/**
 * Asks until there is an answer that is no passing failure, a few times in all.
 *
 * @throws NugetError the last failure
 */
export async function askPatiently(asking: Asking, question: Question): Promise<Answer> {
  const { repository, connections, patience, signal } = asking;
  for (let tried = 1; ; tried += 1) {
    let error: unknown;
    try {
      const answer = await ask(repository, connections, question, patience, signal);
      if (!isPassing(answer.status)) return answer;
      error = await failureOf(asking, answer);
    } catch (cause) {
      if (!(cause instanceof NugetError) || cause.again !== 'soon') throw cause;
      error = cause;
    }
    const asked = error instanceof NugetError ? error.details['retryAfterMs'] : undefined;
    const wait = typeof asked === 'number' ? asked : 0;
    if (tried >= patience.tries || wait > waitedMax) throw error;
    const { firstPauseMs: firstMs, longestPauseMs: mostMs } = patience;
    await patience.pause(Math.max(wait, backOff(tried, { firstMs, mostMs })), signal);
  }
}

/** What an answer that is no success means, with what it says; the answer is let go of. */
export async function failureOf({ repository, now }: Asking, answer: Answer): Promise<NugetError> {
  const told = await wordsOf(repository, answer);
  const wait = retryAfter(answer.header('retry-after'), now());
  return statusFailure(repository, answer.url, answer.status, {
    told,
    wasKnown: answer.wasKnown,
    ...(wait !== undefined && { retryAfterMs: wait }),
  });
}

/** What an answer says to people, cut to a length that fits a line, without anything that we keep secret. */
export async function wordsOf(repository: HttpRepository, answer: Answer): Promise<string> {
  using _answer = answer;
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const piece of answer.body(toldMax * 4)) {
      pieces.push(piece);
      bytes += piece.length;
      if (bytes > toldMax) break;
    }
  } catch (error) {
    // What was said until it broke off is all there is; the status tells the rest.
    if (!(error instanceof NugetError)) throw error;
  }
  const isMarkup = /html|xml/i.test(answer.header('content-type') ?? '');
  const text = Buffer.concat(pieces).toString('utf8').slice(0, toldMax);
  const words = (isMarkup ? text.replaceAll(/<(style|script)\b[^]*?<\/\1>|<[^>]*>/gi, ' ') : text)
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return masked(repository, words).slice(0, 500);
}

/** A text without the repository's password and key, should it repeat them. */
export function masked({ password, apiKey }: HttpRepository, text: string): string {
  return [password, apiKey]
    .filter((secret) => secret !== undefined && secret.length > 0)
    .reduce((left: string, secret) => left.replaceAll(secret!, '***'), text);
}

/** The JSON object at `url`; undefined where the answer is 404 or 204. @throws NugetError SOURCE_ANSWER_UNFIT */
export async function readDocument(
  asking: Asking,
  url: URL,
  bytesMax: number,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const { repository, patience } = asking;
  const accept = { Accept: 'application/json' };
  const question: Question = { method: 'GET', url, headers: accept, withinMs: patience.documentMs };
  using answer = await askPatiently(asking, question);
  if (answer.status === 404 || answer.status === 204) return undefined;
  if (answer.status !== 200) throw await failureOf(asking, answer);
  const pieces: Uint8Array[] = [];
  for await (const piece of answer.body(bytesMax)) pieces.push(piece);
  const text = Buffer.concat(pieces)
    .toString('utf8')
    .replace(/^\uFEFF/, '');
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below: what is no JSON is no object either.
  }
  const looksLike = /^\s*</.test(text) ? 'a web page' : 'something else';
  throw failure(repository, {
    code: 'SOURCE_ANSWER_UNFIT',
    because: `${shown(url)} is ${looksLike} where a JSON object belongs`,
    hint: 'Check the address in the [[source]]; a page to log in at, or a proxy that filters, answers like this.',
    details: { url: shown(url), begins: masked(repository, text.slice(0, 80)) },
  });
}
