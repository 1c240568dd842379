import { open } from 'node:fs/promises';
import { request, type IncomingHttpHeaders } from 'node:http';
import { feedHandler, type FeedHandler, type FeedSource } from '../../../src/http/index.ts';
import { silentLog } from '../../../src/log.ts';
import { feedShelf, type ServedPackage } from '../../../src/nuget/index.ts';
import { parseVersion, readPackageNuspec } from '../../../src/packages/index.ts';
import { sha256, type memoryFolder } from '../../support/build-nupkg.ts';
import { packageBytes, type PackageWish } from '../../support/feed.ts';

export type ExampleFeed = {
  readonly feed: FeedHandler;
  readonly source: FeedSource;
  /** The bytes of the packages, as wished for. */
  readonly files: readonly Buffer[];
};

/** A feed of these packages, whose files lie in `folder`. */
export function exampleFeed(
  folder: ReturnType<typeof memoryFolder>,
  wishes: readonly (PackageWish & { readonly isListed?: boolean })[],
  facts: { readonly tokens?: readonly string[]; readonly url?: string } = {},
): ExampleFeed {
  const files = wishes.map(packageBytes);
  const paths = new Map<string, string>();
  const packages = wishes.map(({ id, version, isListed = true }, index): ServedPackage => {
    const [bytes, digest] = [files[index]!, sha256(files[index]!)];
    paths.set(digest, folder.file(`${digest}.nupkg`, bytes));
    const publishedAt = Date.UTC(2026, 0, 1 + index);
    return {
      id,
      version: parseVersion(version)!,
      isListed,
      publishedAt,
      sha256: digest,
      sizeBytes: bytes.length,
    };
  });
  const shelf = feedShelf(packages);
  const source: FeedSource = {
    shelf: () => shelf,
    describe: async (each) => (await readPackageNuspec(paths.get(each.sha256)!)).nuspec,
    nuspecBytes: async (each) => (await readPackageNuspec(paths.get(each.sha256)!)).bytes,
    open: (each) => open(paths.get(each.sha256)!),
  };
  const feed = feedHandler({ source, tokens: facts.tokens ?? [], url: facts.url, log: silentLog() });
  return { feed, source, files };
}

export type RawAnswer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** As it came over the wire, compressed where it was. */
  readonly body: Buffer;
};

/** Asks with exactly these headers, and unpacks nothing. */
export function ask(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${address}${path}`, { headers, method }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) }),
      );
    });
    asked.on('error', reject).end();
  });
}

export const jsonOf = ({ body }: RawAnswer): unknown => JSON.parse(body.toString('utf8'));
