import { normalizedVersion } from '../../packages/index.ts';
import { NugetError } from '../errors.ts';
import { askPatiently, failureOf, readDocument, type Asking } from './documents.ts';
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
    using answer = await askPatiently(asking, { method: 'GET', url, withinMs });
    if (answer.status === 404 || answer.status === 204) return false;
    if (answer.status !== 200) throw await failureOf(asking, answer);
    try {
      await receiveFile(asking.repository, path, answer.body(bytesMax));
      return true;
    } catch (error) {
      // What broke off on the way is asked for again, from the beginning.
      const isPassing = error instanceof NugetError && error.code === 'SOURCE_UNREACHABLE';
      if (!isPassing || tried >= patience.tries) throw error;
    }
  }
}

/** Id and version as they stand in addresses: lower case, the version normalised. */
export function urlForm({ id, version }: PackageName): { id: string; version: string } {
  return {
    id: encodeURIComponent(id.toLowerCase()),
    version: (normalizedVersion(version) ?? version).toLowerCase(),
  };
}
