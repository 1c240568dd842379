import { join } from 'node:path';
import { addPackage } from '../../src/commands/index.ts';
import type { Instance } from '../../src/instance/index.ts';
import { requireVerified, signPackage } from '../../src/packages/index.ts';
import { buildZip, type RawEntry } from './build-nupkg.ts';
import { writeFileSync } from 'node:fs';
import { companyOf } from './instances.ts';
import { fingerprint } from './certificates.ts';

/** A package as a test wishes it; `more` stands in the metadata of its nuspec. */
export type PackageWish = {
  readonly id: string;
  readonly version: string;
  /** Ids and ranges, for any framework. */
  readonly needs?: readonly (readonly [id: string, range: string])[];
  readonly description?: string;
  readonly tags?: string;
  readonly files?: readonly RawEntry[];
};

/** The bytes of an unsigned package that a client can use: one library-shaped file, and what is needed beside it. */
export function packageBytes({ id, version, needs = [], files = [], ...texts }: PackageWish): Buffer {
  const dependencies = needs.map(([other, range]) => `<dependency id="${other}" version="${range}" />`);
  const nuspec = `<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd"><metadata>
<id>${id}</id><version>${version}</version><authors>Acme, Ltd</authors>
<description>${texts.description ?? `What ${id} does`}</description><tags>${texts.tags ?? 'orders'}</tags>
<dependencies><group targetFramework="net8.0">${dependencies.join('')}</group></dependencies>
</metadata></package>`;
  return buildZip([
    { name: `${id}.nuspec`, content: nuspec },
    { name: `content/${id}.txt`, content: `${id} ${version}` },
    ...files,
  ]);
}

/** Adds a package, signed by the instance's company, as `package add` does; gives its digest. */
export async function addOwnPackage(instance: Instance, folder: string, wish: PackageWish): Promise<string> {
  const company = companyOf(instance.identity.name);
  const file = join(folder, `${wish.id}.${wish.version.replace(/\+.*/, '')}.nupkg`);
  writeFileSync(file, packageBytes(wish));
  await signPackage(file, file, company, { hash: 'sha256' });
  const at = new Date(instance.clock.now());
  const trust = { fingerprints: new Set([fingerprint(company)]) };
  const { id, version, sha256, contentDigest, size, signature } = await requireVerified(file, { trust, at });
  await instance.blobs.putFile(file);
  const pin = { id, version, sha256, contentDigest, sizeBytes: size };
  instance.record(() => addPackage([], { pin, signer: signature!.signer!, link: null }));
  return sha256;
}
