import { normalizedVersion } from '../../packages/index.ts';
import { NugetError } from '../errors.ts';
import { askPatiently, failureOf, readDocument, type Asking } from './documents.ts';
import {
  askForRest,
  begunDownload,
  forgetDownload,
  goesOn,
  noteBegin,
  noteWhole,
  tagOf,
  type Begun,
} from './download.ts';
import type { Answer } from './exchange.ts';
import { failure } from './failures.ts';
import { receiveFile, type Target } from './receive-file.ts';
import type { PackageName } from './repository.ts';
import type { ServiceIndex } from './service-index.ts';

const listBytesMax = 16 << 20;

/**
 * Copies a package out of a v3 feed; false where it has none of that id and version. Its bytes are whatever the feed
 * gave: who asked looks at what they are.
 *
 * @throws NugetError
 */
export async function fetchFromFeed(
  asking: Asking,
  index: ServiceIndex,
  name: PackageName,
  target: Target,
): Promise<boolean> {
  return inTurn(asking, index, (base) => fetchFrom(asking, base, name, target));
}

/** Whether a v3 feed lists a package. @throws NugetError */
export async function isListed(asking: Asking, index: ServiceIndex, name: PackageName): Promise<boolean> {
  const { id, version } = urlForm(name);
  return inTurn(asking, index, async (base) => {
    const list = await readDocument(asking, new URL(`${id}/index.json`, base), listBytesMax);
    const versions = list?.['versions'];
    return Array.isArray(versions) && versions.some((each) => normalizedVersion(String(each)) === version);
  });
}

/** What one base can't tell, the next may. */
async function inTurn(
  { repository }: Asking,
  { flat }: ServiceIndex,
  look: (base: URL) => Promise<boolean>,
): Promise<boolean> {
  let failed: NugetError | undefined;
  for (const base of flat) {
    try {
      return await look(base);
    } catch (error) {
      if (!(error instanceof NugetError)) throw error;
      failed ??= error;
    }
  }
  if (failed !== undefined) throw failed;
  throw failure(repository, {
    code: 'SOURCE_NOT_A_FEED',
    because: 'its service index names no place to read packages from (PackageBaseAddress)',
    hint: 'Ask whoever runs it for the address of a NuGet v3 feed.',
  });
}

async function fetchFrom(
  asking: Asking,
  base: URL,
  name: PackageName,
  { path, bytesMax }: Target,
): Promise<boolean> {
  const { patience } = asking;
  const { id, version } = urlForm(name);
  const url = new URL(`${id}/${version}/${id}.${version}.nupkg`, base);
  const withinMs = patience.documentMs + Math.ceil((bytesMax / patience.slowestBytesPerSecond) * 1000);
  for (let tried = 1; ; tried += 1) {
    const begun = await begunDownload(path);
    const question = { method: 'GET', url, withinMs, ...(begun && { headers: askForRest(begun) }) } as const;
    using answer = await askPatiently(asking, question);
    if (answer.status === 404 || answer.status === 204) return false;
    const rest = begun !== undefined && goesOn(answer, begun) ? begun : undefined;
    if (begun !== undefined && rest === undefined && answer.status !== 200) {
      if (answer.status !== 206 && answer.status !== 416) throw await failureOf(asking, answer);
      // It has no such part, or gives another one: all of it is asked for.
      await forgetDownload(path);
      asking.onAgain?.({ ...name, keptBytes: 0, lostBytes: begun.sizeBytes });
      continue;
    }
    if (rest === undefined && answer.status !== 200) throw await failureOf(asking, answer);
    if (begun !== undefined)
      asking.onAgain?.({
        ...name,
        keptBytes: rest?.sizeBytes ?? 0,
        lostBytes: rest === undefined ? begun.sizeBytes : 0,
      });
    try {
      await receive(asking, answer, { path, bytesMax }, rest);
      await noteWhole(path);
      return true;
    } catch (error) {
      // What broke off on the way is asked for again: the rest of it, where the repository can tell the same file.
      const isPassing = error instanceof NugetError && error.code === 'SOURCE_UNREACHABLE';
      const grownBytes = ((await begunDownload(path))?.sizeBytes ?? 0) - (rest?.sizeBytes ?? 0);
      if (isPassing && grownBytes >= headwayBytes) tried = 0;
      if (!isPassing || tried >= patience.tries) throw error;
    }
  }
}

/** Who got so far is not given up: in the end it is all there. */
const headwayBytes = 8 << 20;

async function receive(
  { repository }: Asking,
  answer: Answer,
  { path, bytesMax }: Target,
  rest: Begun | undefined,
): Promise<void> {
  if (rest !== undefined) {
    const pieces = answer.body(Math.max(0, bytesMax - rest.sizeBytes));
    await receiveFile(repository, path, pieces, { goesOn: true, keepsBegin: true });
    return;
  }
  await forgetDownload(path);
  const etag = tagOf(answer);
  if (etag !== undefined) await noteBegin(path, etag);
  await receiveFile(repository, path, answer.body(bytesMax), {
    goesOn: false,
    keepsBegin: etag !== undefined,
  });
}

/** Id and version as they stand in addresses: lower case, the version normalised. */
export function urlForm({ id, version }: PackageName): { id: string; version: string } {
  return {
    id: encodeURIComponent(id.toLowerCase()),
    version: (normalizedVersion(version) ?? version).toLowerCase(),
  };
}
