import { normalizedVersion } from './version.ts';

/** Who a package says it is, in its own nuspec. */
export type PackageIdentity = { readonly id: string; readonly version: string };

const idPattern = /^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;
const idLengthMax = 100;

/** Whether this may be the id of a package: letters, digits and `_`, parted by single dots and dashes. */
export function isPackageId(text: string): boolean {
  return text.length <= idLengthMax && idPattern.test(text);
}

/** Whether two packages are the same one as NuGet sees it: id without case, version normalised. */
export function samePackage(a: PackageIdentity, b: PackageIdentity): boolean {
  return (
    a.id.toLowerCase() === b.id.toLowerCase() && normalizedVersion(a.version) === normalizedVersion(b.version)
  );
}

/** The file name the package has in any feed. */
export function packageFileName(identity: PackageIdentity): string {
  return `${identity.id}.${normalizedVersion(identity.version) ?? identity.version}.nupkg`;
}
