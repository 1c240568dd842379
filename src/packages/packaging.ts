import { signatureEntryName } from './signature-entry.ts';

/** What a package carries for NuGet and not for the application it brings. */
export function isPackaging(name: string): boolean {
  return (
    name === signatureEntryName ||
    name === '[Content_Types].xml' ||
    name.startsWith('_rels/') ||
    name.startsWith('package/services/metadata/') ||
    /\.nuspec$/i.test(name) ||
    /\.nupkg\.sha512$/i.test(name)
  );
}
