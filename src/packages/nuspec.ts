import type { PackageFile } from './zip/package-file.ts';
import { childrenNamed, nuspecInvalid, readNuspecXml, type NuspecElement } from './nuspec-xml.ts';
import { isPackageId, type PackageIdentity } from './nupkg.ts';
import { parseRange, type VersionRange } from './version-range.ts';
import { parseVersion } from './version.ts';
import { openZip, readEntry } from './zip/zip-archive.ts';
import type { ZipLayout, ZipLimits } from './zip/zip-layout.ts';

/** A package that is wanted beside this one; without a range any version will do. */
export type Dependency = {
  readonly id: string;
  readonly range?: VersionRange;
  readonly include?: string;
  readonly exclude?: string;
};

/** Dependencies for one target framework, or for any. */
export type DependencyGroup = {
  readonly targetFramework?: string;
  readonly dependencies: readonly Dependency[];
};

/** What a package says of itself. Long texts are cut; what is not said is not there. */
export type Nuspec = PackageIdentity & {
  readonly title?: string;
  readonly authors?: string;
  readonly description?: string;
  readonly summary?: string;
  readonly tags: readonly string[];
  readonly releaseNotes?: string;
  readonly copyright?: string;
  readonly language?: string;
  readonly projectUrl?: string;
  readonly iconUrl?: string;
  /** A file in the package. */
  readonly icon?: string;
  readonly licenseUrl?: string;
  readonly license?: { readonly type: 'expression' | 'file'; readonly text: string };
  /** A file in the package. */
  readonly readme?: string;
  readonly requireLicenseAcceptance: boolean;
  readonly developmentDependency: boolean;
  readonly serviceable: boolean;
  readonly minClientVersion?: string;
  readonly dependencyGroups: readonly DependencyGroup[];
  /** At least one; a package that says nothing is a `Dependency`. */
  readonly packageTypes: readonly { readonly name: string; readonly version?: string }[];
  readonly repository?: {
    readonly type?: string;
    readonly url?: string;
    readonly branch?: string;
    readonly commit?: string;
  };
};

const nuspecBytesMax = 1 << 20;
const shortMax = 400;
const longMax = 4000;
const notesMax = 35_000;
const tagsMax = 100;
const dependenciesMax = 5000;

/** The bytes of the one nuspec at the root of the archive. Errors: `PACKAGE_NUSPEC_INVALID`, and those of reading an entry. */
export function nuspecBytes(file: PackageFile, layout: ZipLayout): Buffer {
  const nuspecs = layout.entries.filter(({ name }) => /^[^/]+\.nuspec$/i.test(name));
  const [only] = nuspecs;
  if (only === undefined || nuspecs.length > 1) {
    const count = only === undefined ? 'there is no nuspec' : `there are ${nuspecs.length} nuspecs`;
    throw nuspecInvalid(file.path, `${count} at its root`);
  }
  return readEntry(file, only, nuspecBytesMax);
}

/**
 * Id and version from the one nuspec at the root of the archive; the file's own name says nothing.
 *
 * Errors: `PACKAGE_NUSPEC_INVALID`, and those of reading an entry.
 */
export function readIdentity(file: PackageFile, layout: ZipLayout): PackageIdentity {
  return identityOf(file.path, readNuspecXml(file.path, nuspecBytes(file, layout)));
}

/**
 * What the package at `path` says of itself, and the bytes in which it says so. The package is not verified by this.
 *
 * Errors: those of opening an archive, `PACKAGE_NUSPEC_INVALID`.
 */
export async function readPackageNuspec(
  path: string,
  limits?: ZipLimits,
): Promise<{ readonly nuspec: Nuspec; readonly bytes: Buffer }> {
  using archive = await openZip(path, limits);
  const bytes = nuspecBytes(archive.file, archive.layout);
  return { nuspec: parseNuspec(path, bytes), bytes };
}

/** Reads a nuspec; `path` is the package it is told of. Errors: `PACKAGE_NUSPEC_INVALID`. */
export function parseNuspec(path: string, bytes: Uint8Array): Nuspec {
  const metadata = readNuspecXml(path, bytes);
  const identity = identityOf(path, metadata);
  const field = (name: string): NuspecElement | undefined => childrenNamed(metadata, name)[0];
  const text = (name: string, lengthMax = shortMax): string | undefined => cut(field(name)?.text, lengthMax);
  const says = (name: string): boolean => field(name)?.text.toLowerCase() === 'true';
  return withoutUndefined({
    ...identity,
    title: text('title'),
    authors: text('authors', longMax),
    description: text('description', longMax),
    summary: text('summary', longMax),
    tags: (text('tags', longMax) ?? '')
      .split(/[\s,;]+/)
      .filter((tag) => tag !== '')
      .slice(0, tagsMax),
    releaseNotes: text('releaseNotes', notesMax),
    copyright: text('copyright', longMax),
    language: text('language'),
    projectUrl: address(text('projectUrl', longMax)),
    iconUrl: address(text('iconUrl', longMax)),
    icon: text('icon'),
    licenseUrl: address(text('licenseUrl', longMax)),
    license: licenseOf(field('license')),
    readme: text('readme'),
    requireLicenseAcceptance: says('requireLicenseAcceptance'),
    developmentDependency: says('developmentDependency'),
    serviceable: says('serviceable'),
    minClientVersion: cut(metadata?.attributes.get('minClientVersion'), shortMax),
    dependencyGroups: dependencyGroups(path, field('dependencies')),
    packageTypes: packageTypes(field('packageTypes')),
    repository: repositoryOf(field('repository')),
  });
}

function identityOf(path: string, metadata: NuspecElement | undefined): PackageIdentity {
  const [id] = childrenNamed(metadata, 'id');
  const [version] = childrenNamed(metadata, 'version');
  if (id === undefined || !isPackageId(id.text))
    throw nuspecInvalid(path, 'its id is missing or not a package id');
  if (version === undefined || parseVersion(version.text) === undefined)
    throw nuspecInvalid(path, 'its version is missing or not a SemVer 2 version');
  return { id: id.text, version: version.text };
}

/** Groups win where there is any; a plain list is one for any framework. A dependency without a name is none. */
function dependencyGroups(path: string, element: NuspecElement | undefined): DependencyGroup[] {
  const groups = childrenNamed(element, 'group');
  const count = [element, ...groups].reduce((sum, each) => sum + childrenNamed(each, 'dependency').length, 0);
  if (count > dependenciesMax)
    throw nuspecInvalid(path, `it names more than ${dependenciesMax} dependencies`);
  if (groups.length > 0)
    return groups.map((group) =>
      withoutUndefined({
        targetFramework: cut(group.attributes.get('targetFramework')?.trim(), shortMax),
        dependencies: dependenciesOf(group),
      }),
    );
  const dependencies = dependenciesOf(element);
  return dependencies.length === 0 ? [] : [{ dependencies }];
}

function dependenciesOf(element: NuspecElement | undefined): Dependency[] {
  return childrenNamed(element, 'dependency').flatMap(({ attributes }) => {
    const id = attributes.get('id')?.trim() ?? '';
    if (id === '' || id.length > 100) return [];
    // What can't be read as a range is read as any version, as the client does.
    const range = parseRange(attributes.get('version') ?? '');
    const include = cut(attributes.get('include')?.trim(), shortMax);
    return [
      withoutUndefined({ id, range, include, exclude: cut(attributes.get('exclude')?.trim(), shortMax) }),
    ];
  });
}

function packageTypes(element: NuspecElement | undefined): Nuspec['packageTypes'] {
  const types = childrenNamed(element, 'packageType').flatMap(({ attributes }) => {
    const name = cut(attributes.get('name')?.trim(), shortMax);
    const version = cut(attributes.get('version')?.trim(), shortMax);
    return name === undefined ? [] : [withoutUndefined({ name, version })];
  });
  return types.length === 0 ? [{ name: 'Dependency' }] : types;
}

function licenseOf(element: NuspecElement | undefined): Nuspec['license'] {
  const type = element?.attributes.get('type')?.toLowerCase();
  const text = cut(element?.text, longMax);
  return text !== undefined && (type === 'expression' || type === 'file') ? { type, text } : undefined;
}

function repositoryOf(element: NuspecElement | undefined): Nuspec['repository'] {
  if (element === undefined) return undefined;
  const attribute = (name: string): string | undefined => cut(element.attributes.get(name), longMax);
  const [type, url] = [attribute('type'), address(attribute('url'))];
  return withoutUndefined({ type, url, branch: attribute('branch'), commit: attribute('commit') });
}

/** At most so many characters; nothing where nothing is said. */
function cut(text: string | undefined, lengthMax: number): string | undefined {
  if (text === undefined || text === '') return undefined;
  return text.length <= lengthMax ? text : `${text.slice(0, lengthMax - 1).toWellFormed()}…`;
}

/** Only what leads to a page: an address that runs something is left out. */
function address(text: string | undefined): string | undefined {
  return text !== undefined && /^(?:https?|git|ssh):\/\//i.test(text) && URL.canParse(text)
    ? text
    : undefined;
}

/** The same fields, of which those that may be undefined may be missing instead. */
type Said<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

function withoutUndefined<T extends object>(value: T): Said<T> {
  const said = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(said) as Said<T>;
}
