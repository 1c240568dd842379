import {
  pushPackage,
  usualPatience,
  type HttpRepository,
  type Patience,
  type Pushed,
  type Repository,
  type SourceOptions,
} from '../../src/nuget/index.ts';
import { packNupkg, readFileFacts } from '../../src/packages/index.ts';

/** A patience that waits for nothing and notes how long it would have. */
export function noPatience(wish: Partial<Patience> = {}): Patience & { readonly pauses: number[] } {
  const pauses: number[] = [];
  return {
    ...usualPatience,
    pauses,
    pause: async (ms) => {
      pauses.push(ms);
    },
    ...wish,
  };
}

export function httpRepository(url: string, wish: Partial<HttpRepository> = {}): HttpRepository {
  return { kind: 'http', name: 'nexus', url, allowInsecure: false, credentialHosts: [], ...wish };
}

export const never = new AbortController().signal;

/** Packs a package of one small file, unsigned. */
export async function packed(
  outFile: string,
  { id = 'Orders.Web', version = '1.0.0', content = 'hello' } = {},
): Promise<string> {
  await packNupkg({ id, version, outFile, files: [{ path: 'content/a.txt', bytes: Buffer.from(content) }] });
  return outFile;
}

/** Pushes a file as the package that it is. */
export async function pushFile(
  repository: Repository,
  path: string,
  options: SourceOptions,
): Promise<Pushed> {
  const { contentDigest } = await readFileFacts(path);
  return pushPackage(repository, { path, contentDigest }, options);
}
