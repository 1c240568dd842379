import { SaxesParser } from 'saxes';
import { PackageError } from './errors.ts';
import type { PackageFile } from './zip/package-file.ts';
import { readEntry } from './zip/zip-archive.ts';
import type { ZipLayout } from './zip/zip-layout.ts';

/** Who a package says it is, in its own nuspec. */
export type PackageIdentity = { readonly id: string; readonly version: string };

const nuspecBytesMax = 1 << 20;
const depthMax = 32;
const idPattern = /^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_]+)*$/;
const idLengthMax = 100;
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const versionPattern = new RegExp(
  `^(\\d{1,9})(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?(?:\\.(\\d{1,9}))?(?:-(${identifiers}))?(?:\\+${identifiers})?$`,
);

/** Whether this may be the id of a package: letters, digits and `_`, parted by single dots and dashes. */
export function isPackageId(text: string): boolean {
  return text.length <= idLengthMax && idPattern.test(text);
}

/**
 * The version in the form in which two equal versions are one text: three numbers without leading zeros, a fourth
 * only where it is not 0, the pre-release part in lower case, no build metadata. Undefined where `text` is no
 * SemVer 2 version as NuGet reads it.
 */
export function normalizedVersion(text: string): string | undefined {
  const found = versionPattern.exec(text);
  if (found === null) return undefined;
  const [major, minor, patch, revision] = found.slice(1, 5).map((part) => Number(part ?? 0));
  const numbers = `${major}.${minor}.${patch}${revision === 0 ? '' : `.${revision}`}`;
  const preRelease = found[5];
  const badNumber = preRelease?.split('.').some((part) => /^0\d+$/.test(part));
  if (badNumber) return undefined;
  return preRelease === undefined ? numbers : `${numbers}-${preRelease.toLowerCase()}`;
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

/**
 * Id and version from the one nuspec at the root of the archive; the file's own name says nothing.
 *
 * Errors: `PACKAGE_NUSPEC_INVALID`, and those of reading an entry.
 */
export function readIdentity(file: PackageFile, layout: ZipLayout): PackageIdentity {
  const path = file.path;
  const nuspecs = layout.entries.filter(({ name }) => /^[^/]+\.nuspec$/i.test(name));
  if (nuspecs.length !== 1) {
    const count = nuspecs.length === 0 ? 'there is no nuspec' : `there are ${nuspecs.length} nuspecs`;
    throw nuspecInvalid(path, `${count} at its root`);
  }
  const fields = metadataFields(path, nuspecText(path, readEntry(file, nuspecs[0]!, nuspecBytesMax)));
  const [id, version] = [fields.get('id'), fields.get('version')];
  if (id === undefined || !isPackageId(id))
    throw nuspecInvalid(path, 'its id is missing or not a package id');
  if (version === undefined || normalizedVersion(version) === undefined)
    throw nuspecInvalid(path, 'its version is missing or not a SemVer 2 version');
  return { id, version };
}

function nuspecText(path: string, bytes: Buffer): string {
  const isUtf16 = bytes[0] === 0xff && bytes[1] === 0xfe;
  try {
    return new TextDecoder(isUtf16 ? 'utf-16le' : 'utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw nuspecInvalid(path, 'it is not UTF-8 text', cause);
  }
}

/** The text of the elements directly below `package/metadata`. */
function metadataFields(path: string, text: string): Map<string, string> {
  const fields = new Map<string, string>();
  const open: string[] = [];
  let content = '';
  const parser = new SaxesParser({ xmlns: true });
  parser.on('doctype', () => {
    throw nuspecInvalid(path, 'it has a DOCTYPE');
  });
  parser.on('error', (error) => {
    throw nuspecInvalid(path, `it is not XML: ${error.message}`);
  });
  parser.on('opentag', ({ local }) => {
    open.push(local);
    content = '';
    if (open.length > depthMax) throw nuspecInvalid(path, 'it is nested too deeply');
  });
  parser.on('text', (piece) => {
    content += piece;
  });
  parser.on('cdata', (piece) => {
    content += piece;
  });
  parser.on('closetag', ({ local }) => {
    const isField = open.length === 3 && open[0] === 'package' && open[1] === 'metadata';
    open.pop();
    if (!isField) return;
    if (fields.has(local)) throw nuspecInvalid(path, `it says ${local} twice`);
    fields.set(local, content.trim());
  });
  parser.write(text).close();
  return fields;
}

function nuspecInvalid(path: string, because: string, cause?: unknown): PackageError {
  return new PackageError('PACKAGE_NUSPEC_INVALID', `Cannot read the nuspec of ${path}: ${because}`, {
    hint: 'Pack it as a NuGet package with one nuspec that names its id and version.',
    details: { file: path, because },
    cause,
  });
}
