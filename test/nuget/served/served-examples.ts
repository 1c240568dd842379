import {
  feedAddresses,
  feedShelf,
  type Describe,
  type FeedShelf,
  type ServedPackage,
} from '../../../src/nuget/index.ts';
import { parseNuspec, parseVersion, type Nuspec } from '../../../src/packages/index.ts';

export const at = feedAddresses('https://packages.contoso.example/nuget/v3/');

/** A package as a test wishes it: id and version, and what stands in its nuspec besides. */
export type Wish = {
  readonly id: string;
  readonly version: string;
  readonly isListed?: boolean;
  readonly metadata?: string;
};

/** A shelf of these packages, and what describes them; `asked` are the packages that had to be. */
export function exampleShelf(wishes: readonly Wish[]): {
  readonly shelf: FeedShelf;
  readonly describe: Describe;
  readonly asked: string[];
} {
  const asked: string[] = [];
  const nuspecs = new Map<string, Nuspec>();
  const packages = wishes.map(({ id, version, isListed = true, metadata = '' }, index): ServedPackage => {
    const sha256 = index.toString(16).padStart(64, '0');
    const text = `<package><metadata><id>${id}</id><version>${version}</version>${metadata}</metadata></package>`;
    nuspecs.set(sha256, parseNuspec(id, Buffer.from(text)));
    const publishedAt = Date.UTC(2026, 0, 1 + index);
    return { id, version: parseVersion(version)!, isListed, publishedAt, sha256, sizeBytes: 1000 };
  });
  const describe: Describe = ({ id, version, sha256 }) => {
    asked.push(`${id} ${version.numbers.join('.')}`);
    return Promise.resolve(nuspecs.get(sha256));
  };
  return { shelf: feedShelf(packages), describe, asked };
}
