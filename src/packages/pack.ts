import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { clashingNames, unsafeName } from './zip/entry-names.ts';
import { PackageError } from './errors.ts';
import { isPackageId, type PackageIdentity } from './nupkg.ts';
import { signatureEntryName } from './signature-entry.ts';
import { normalizedVersion } from './version.ts';
import { writeWhole } from './write-whole.ts';

/** A file of the application: its path in the package (with `/`), and its bytes or where they are. */
export type PackedFile = { readonly path: string } & (
  | { readonly bytes: Uint8Array }
  | { readonly file: string }
);

export type PackInput = PackageIdentity & {
  readonly description?: string;
  readonly authors?: string;
  readonly files: readonly PackedFile[];
  readonly outFile: string;
};

/**
 * Writes an unsigned NuGet package. The same input gives the same bytes, whenever and wherever it is packed.
 *
 * Errors: `PACKAGE_INPUT_INVALID` for an id, version or path that no package may have or a source file that
 * is not there; `PACKAGE_NOT_WRITTEN`. The out file is there whole or not at all; an older one is replaced.
 */
export async function packNupkg(input: PackInput): Promise<void> {
  await checkInput(input);
  const files = input.files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  // The start of zip's calendar as a local time, which is what zip keeps: the same bytes in every time zone.
  const plain = { mtime: new Date(1980, 0, 1), mode: 0o100644, forceDosTimestamp: true };
  const zip = new ZipFile();
  const core = `package/services/metadata/core-properties/${coreName(input)}.psmdcp`;
  const parts: [string, string][] = [
    ['_rels/.rels', relationships(input, core)],
    [`${input.id}.nuspec`, nuspec(input)],
    ['[Content_Types].xml', contentTypes(files)],
    [core, coreProperties(input)],
  ];
  for (const [name, text] of parts.slice(0, 2)) zip.addBuffer(Buffer.from(text), name, plain);
  for (const each of files) {
    const name = encodedName(each.path);
    if ('bytes' in each) zip.addBuffer(Buffer.from(each.bytes), name, plain);
    else zip.addFile(each.file, name, plain);
  }
  for (const [name, text] of parts.slice(2)) zip.addBuffer(Buffer.from(text), name, plain);
  zip.end();
  await writeWhole(input.outFile, (temporary) => writeZip(zip, temporary));
}

async function writeZip(zip: ZipFile, temporary: string): Promise<void> {
  const out = createWriteStream(temporary, { flags: 'wx' });
  zip.on('error', (error) => out.destroy(error instanceof Error ? error : new Error(String(error))));
  await pipeline(zip.outputStream, out);
}

async function checkInput(input: PackInput): Promise<void> {
  if (!isPackageId(input.id)) throw invalid(`"${input.id}" is not a package id`);
  if (normalizedVersion(input.version) === undefined)
    throw invalid(`"${input.version}" is not a SemVer 2 version`);
  for (const each of input.files) {
    const because = each.path.endsWith('/') ? 'names a folder' : unsafeName(each.path);
    if (because !== undefined) throw invalid(`the path "${each.path}" ${because}`);
    if (isReserved(each.path)) throw invalid(`the path "${each.path}" belongs to the package itself`);
    if (
      'file' in each &&
      !(await stat(each.file).then(
        (facts) => facts.isFile(),
        () => false,
      ))
    )
      throw invalid(`there is no file ${each.file}`);
  }
  const clash = clashingNames(input.files.map((each) => each.path));
  if (clash !== undefined) throw invalid(`"${clash.names[0]}" and "${clash.names[1]}" ${clash.how}`);
}

/** Paths that mean something to NuGet; a file there would be lost when the package is unpacked. */
function isReserved(path: string): boolean {
  const lower = path.toLowerCase();
  return (
    lower === '[content_types].xml' ||
    lower === signatureEntryName ||
    lower.startsWith('_rels/') ||
    lower.startsWith('package/services/metadata/') ||
    lower.endsWith('.nuspec') ||
    lower.endsWith('.nupkg.sha512')
  );
}

function invalid(because: string): PackageError {
  return new PackageError('PACKAGE_INPUT_INVALID', `Cannot pack the package: ${because}`, {
    hint: 'Correct it and pack again; nothing was written.',
  });
}

/** A part name as OPC wants it: every byte that is not plain is written as `%XX`. */
function encodedName(path: string): string {
  const plainBytes = /[A-Za-z0-9._~!$&'()+,;=@/-]/;
  return path.replaceAll(/[^]/gu, (character) =>
    plainBytes.test(character) ? character : encodeURIComponent(character),
  );
}

function nuspec(input: PackInput): string {
  return xml(`<package xmlns="http://schemas.microsoft.com/packaging/2012/06/nuspec.xsd">
  <metadata>
    <id>${escaped(input.id)}</id>
    <version>${escaped(input.version)}</version>
    <authors>${escaped(input.authors ?? input.id)}</authors>
    <description>${escaped(input.description ?? input.id)}</description>
  </metadata>
</package>`);
}

function relationships(input: PackInput, core: string): string {
  const of = (type: string, target: string): string =>
    `  <Relationship Type="${type}" Target="/${escaped(target)}" Id="R${shortHash(target)}" />`;
  return xml(`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
${of('http://schemas.microsoft.com/packaging/2010/07/manifest', `${input.id}.nuspec`)}
${of('http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties', core)}
</Relationships>`);
}

function contentTypes(files: readonly PackedFile[]): string {
  const extensions = new Set(['nuspec', 'p7s']);
  const withoutExtension: string[] = [];
  for (const { path } of files) {
    const extension = /\.([A-Za-z0-9]+)$/.exec(path)?.[1];
    if (extension === undefined) withoutExtension.push(encodedName(path));
    else extensions.add(extension.toLowerCase());
  }
  const octets = 'ContentType="application/octet"';
  const defaults = [...extensions].toSorted().map((each) => `  <Default Extension="${each}" ${octets} />`);
  const overrides = withoutExtension.map((each) => `  <Override PartName="/${escaped(each)}" ${octets} />`);
  return xml(`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
  <Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml" />
  <Default Extension="psmdcp" ContentType="application/vnd.openxmlformats-package.core-properties+xml" />
${[...defaults.filter((each) => !/"(?:rels|psmdcp)"/.test(each)), ...overrides].join('\n')}
</Types>`);
}

function coreProperties(input: PackInput): string {
  return xml(`<coreProperties xmlns="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:creator>${escaped(input.authors ?? input.id)}</dc:creator>
  <dc:description>${escaped(input.description ?? input.id)}</dc:description>
  <dc:identifier>${escaped(input.id)}</dc:identifier>
  <version>${escaped(input.version)}</version>
</coreProperties>`);
}

const xml = (root: string): string => `<?xml version="1.0" encoding="utf-8"?>\n${root}\n`;

function escaped(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
  return text.replaceAll(/[&<>"]/g, (character) => names[character]!);
}

const coreName = (input: PackageIdentity): string => shortHash(`${input.id} ${input.version}`);
const shortHash = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);
