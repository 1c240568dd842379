import { NugetError } from '../errors.ts';
import { failureOf, masked, wordsOf, type Asking } from '../source/documents.ts';
import { ask, type Answer } from '../source/exchange.ts';
import { failure, isPassing } from '../source/failures.ts';
import { fetchFromFeed, isListed } from '../source/http-source.ts';
import { backOff } from '../source/patience.ts';
import { isServiceIndex, shown } from '../source/repository.ts';
import { readServiceIndex, type ServiceIndex } from '../source/service-index.ts';
import { isThere } from './compare-content.ts';
import { packageForm } from './multipart.ts';
import type { PackageAtHand, Pushed } from './package-at-hand.ts';

/** Statuses that say that there is nothing to push to at this address. */
const wrongPlace = new Set([404, 405]);

/**
 * Pushes a package to an HTTP repository as the official client does. What is there already is compared first, and never
 * replaced: not every server refuses to.
 *
 * @throws NugetError SOURCE_CONTENT_DIFFERS, PUSH_REFUSED, PUSH_UNFINISHED, PUSH_NOT_SUPPORTED, and those of asking
 */
export async function pushToFeed(asking: Asking, given: PackageAtHand): Promise<Pushed> {
  const { endpoint, index } = await findEndpoint(asking);
  const look = (): Promise<boolean | undefined> => lookThere(asking, index, given);
  if (await look()) return { outcome: 'there', warnings: [] };
  const { patience, signal } = asking;
  for (let tried = 1; ; tried += 1) {
    let failed: NugetError;
    try {
      using answer = await put(asking, endpoint, given);
      const warnings = warningsOf(asking, answer);
      if (answer.status === 202) return await awaitListed(asking, index, given, warnings);
      if (answer.status >= 200 && answer.status < 300) return { outcome: 'taken', warnings };
      if (answer.status === 409) return await alreadyThere(asking, answer, look);
      if (!isPassing(answer.status)) throw await refusalOf(asking, endpoint, answer);
      failed = await failureOf(asking, answer);
    } catch (error) {
      if (!(error instanceof NugetError) || error.again !== 'soon' || error.code === 'PUSH_UNFINISHED')
        throw error;
      failed = error;
    }
    const wait = Number(failed.details['retryAfterMs'] ?? 0);
    if (tried >= patience.tries || wait > patience.longestPauseMs) throw failed;
    const { firstPauseMs: firstMs, longestPauseMs: mostMs } = patience;
    await patience.pause(Math.max(wait, backOff(tried, { firstMs, mostMs })), signal);
    // An answer that was lost on the way may have been a good one.
    if (await look()) return { outcome: 'taken', warnings: [] };
  }
}

async function findEndpoint(
  asking: Asking,
): Promise<{ readonly endpoint: URL; readonly index?: ServiceIndex }> {
  const { repository } = asking;
  const url = new URL(repository.url);
  if (!isServiceIndex(repository.url)) {
    // As the official client has it: a v2 source without a path means the usual one.
    if (url.pathname === '/') url.pathname = '/api/v2/package';
    return { endpoint: withSlash(url) };
  }
  const index = await readServiceIndex(asking);
  if (index.publish !== undefined) return { endpoint: withSlash(index.publish), index };
  throw failure(repository, {
    code: 'PUSH_NOT_SUPPORTED',
    because: 'it takes no packages: its service index names no place to push to (PackagePublish)',
    hint: 'Name the address to push to that its documentation tells.',
  });
}

function withSlash(url: URL): URL {
  const slashed = new URL(url);
  if (!slashed.pathname.endsWith('/')) slashed.pathname += '/';
  return slashed;
}

/** Whether the very content is there; undefined where the repository can't be asked what it has. */
async function lookThere(
  asking: Asking,
  index: ServiceIndex | undefined,
  given: PackageAtHand,
): Promise<boolean | undefined> {
  if (index === undefined || index.flat.length === 0) return undefined;
  return isThere(asking.repository, given, asking.limits, (target) =>
    fetchFromFeed(asking, index, given, target),
  );
}

function put(asking: Asking, endpoint: URL, { path, sizeBytes }: PackageAtHand): Promise<Answer> {
  const { repository, connections, patience, signal } = asking;
  const { contentType, body } = packageForm(path);
  const question = {
    method: 'PUT',
    url: endpoint,
    // The public gallery takes nothing from who does not say so.
    headers: { 'Content-Type': contentType, 'X-NuGet-Protocol-Version': '4.1.0' },
    body,
    withKey: true,
    withinMs: patience.documentMs + Math.ceil((sizeBytes / patience.slowestBytesPerSecond) * 1000),
  } as const;
  return ask(repository, connections, question, patience, signal);
}

function warningsOf({ repository }: Asking, answer: Answer): string[] {
  const warning = answer.header('x-nuget-warning');
  return warning === undefined ? [] : [masked(repository, warning).slice(0, 500)];
}

/** What was only accepted is there when it can be read. */
async function awaitListed(
  asking: Asking,
  index: ServiceIndex | undefined,
  given: PackageAtHand,
  warnings: readonly string[],
): Promise<Pushed> {
  const { patience, repository, signal } = asking;
  if (index === undefined || index.flat.length === 0) return { outcome: 'taken', warnings };
  for (let looked = 1; looked <= patience.looks; looked += 1) {
    if (await isListed(asking, index, given)) return { outcome: 'taken', warnings };
    const { firstPauseMs: firstMs, longestPauseMs: mostMs } = patience;
    if (looked < patience.looks) await patience.pause(backOff(looked, { firstMs, mostMs }), signal);
  }
  throw failure(repository, {
    code: 'PUSH_UNFINISHED',
    because: `it accepted ${given.id} ${given.version} and does not show it yet`,
    hint: 'It is still looking at it; push it again later: what is there is not sent twice.',
    details: { id: given.id, version: given.version },
  });
}

async function alreadyThere(
  asking: Asking,
  answer: Answer,
  look: () => Promise<boolean | undefined>,
): Promise<Pushed> {
  const { repository } = asking;
  const told = await wordsOf(repository, answer);
  const isSame = await look();
  if (isSame === true) return { outcome: 'there', warnings: [] };
  const says = told === '' ? '' : `: ${told}`;
  if (isSame === false)
    throw failure(repository, {
      code: 'PUSH_UNFINISHED',
      because: `it says that it has this version (409${says}) and does not show it`,
      hint: 'It is still looking at it, or somebody deleted it there, where a version that was deleted is not taken again.',
      details: { status: 409, told },
    });
  throw failure(repository, {
    code: 'PUSH_REFUSED',
    because: `it has this version already, and can't be asked whether it is the same (409${says})`,
    hint: 'Name its service index, which ends in /index.json, so that both can be compared.',
    details: { status: 409, told },
  });
}

async function refusalOf(asking: Asking, endpoint: URL, answer: Answer): Promise<NugetError> {
  const { repository } = asking;
  const { status } = answer;
  if (status === 401 || status === 403 || status === 407) return failureOf(asking, answer);
  const told = await wordsOf(repository, answer);
  const says = told === '' ? '' : `: ${told}`;
  if (wrongPlace.has(status))
    return failure(repository, {
      code: 'PUSH_NOT_SUPPORTED',
      because: `nothing takes packages at ${shown(endpoint)} (${status}${says})`,
      hint: 'Name the address to push to that its documentation tells.',
      details: { status, told, url: shown(endpoint) },
    });
  const hint =
    status === 413
      ? 'The package is larger than it takes: whoever runs it can raise that.'
      : 'What it says is what is to be mended; then push again.';
  return failure(repository, {
    code: 'PUSH_REFUSED',
    because: `it does not take this package (${status}${says})`,
    hint,
    details: { status, told },
  });
}
