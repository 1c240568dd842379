import { fullVersionText, rangeText, type DependencyGroup } from '../../packages/index.ts';
import { hives, type Addresses, type Hive } from './addresses.ts';
import { described, isSemVer2Package, type Describe, type DescribedPackage } from './described.ts';
import { versionKey, type ServedId, type ServedPackage } from './feed-shelf.ts';

/** From so many versions on, an index names its pages instead of holding them. */
const inlinedBelow = 128;
const pageLength = 64;

/** What the registrations of one id in one hive are made of. */
export type RegistrationFacts = {
  readonly at: Addresses;
  readonly hive: Hive;
  readonly id: ServedId;
  readonly describe: Describe;
};

/** All that the hive tells of an id; undefined where it has no version of it. */
export async function registrationIndex(facts: RegistrationFacts): Promise<object | undefined> {
  const pages = await pagesOf(facts);
  if (pages.length === 0) return undefined;
  const { at, hive, id } = facts;
  const isInlined = pages.reduce((sum, page) => sum + page.length, 0) < inlinedBelow;
  return {
    '@id': at.registration(hive, id),
    '@type': ['catalog:CatalogRoot', 'PackageRegistration', 'catalog:Permalink'],
    count: pages.length,
    items: pages.map((page) => (isInlined ? pageOf(facts, page) : pageHead(facts, page))),
  };
}

/** The page of a long index from the version `lower` to `upper`, both as in its address. */
export async function registrationPage(
  facts: RegistrationFacts,
  lower: string,
  upper: string,
): Promise<object | undefined> {
  const pages = await pagesOf(facts);
  const found = pages.find(
    (page) =>
      versionKey(page[0]!) === lower.toLowerCase() && versionKey(page.at(-1)!) === upper.toLowerCase(),
  );
  return found && pageOf(facts, found);
}

/** What is told of one version alone. */
export async function registrationLeaf(
  facts: RegistrationFacts,
  wanted: ServedPackage,
): Promise<object | undefined> {
  const [each] = await inHive(facts, [wanted]);
  if (each === undefined) return undefined;
  const { at, hive, id } = facts;
  return {
    '@id': at.leaf(hive, each),
    '@type': ['Package', 'http://schema.nuget.org/catalog#Permalink'],
    catalogEntry: at.leaf(hive, each),
    listed: each.isListed,
    packageContent: at.content(each),
    published: new Date(each.publishedAt).toISOString(),
    registration: at.registration(hive, id),
  };
}

async function pagesOf(facts: RegistrationFacts): Promise<DescribedPackage[][]> {
  const packages = await inHive(facts, facts.id.versions);
  const pages: DescribedPackage[][] = [];
  for (let at = 0; at < packages.length; at += pageLength) pages.push(packages.slice(at, at + pageLength));
  return pages;
}

async function inHive(
  { hive, describe }: RegistrationFacts,
  packages: readonly ServedPackage[],
): Promise<DescribedPackage[]> {
  const all = await described(packages, describe);
  return hives[hive].hasSemVer2 ? all : all.filter((each) => !isSemVer2Package(each));
}

function pageHead({ at, hive, id }: RegistrationFacts, page: readonly DescribedPackage[]): object {
  const [lower, upper] = [versionKey(page[0]!), versionKey(page.at(-1)!)];
  return {
    '@id': at.page(hive, id, lower, upper),
    '@type': 'catalog:CatalogPage',
    count: page.length,
    lower,
    upper,
  };
}

function pageOf(facts: RegistrationFacts, page: readonly DescribedPackage[]): object {
  const { at, hive, id } = facts;
  return {
    ...pageHead(facts, page),
    parent: at.registration(hive, id),
    items: page.map((each) => ({
      '@id': at.leaf(hive, each),
      '@type': 'Package',
      catalogEntry: catalogEntry(facts, each),
      packageContent: at.content(each),
      registration: at.registration(hive, id),
    })),
  };
}

function catalogEntry({ at, hive, id }: RegistrationFacts, each: DescribedPackage): object {
  const { nuspec } = each;
  return {
    '@id': at.leaf(hive, each),
    '@type': 'PackageDetails',
    id: nuspec.id,
    version: fullVersionText(each.version),
    title: nuspec.title,
    authors: nuspec.authors ?? '',
    description: nuspec.description ?? '',
    summary: nuspec.summary,
    tags: nuspec.tags,
    language: nuspec.language,
    projectUrl: nuspec.projectUrl,
    iconUrl: nuspec.iconUrl,
    licenseUrl: nuspec.licenseUrl,
    licenseExpression: nuspec.license?.type === 'expression' ? nuspec.license.text : undefined,
    minClientVersion: nuspec.minClientVersion,
    requireLicenseAcceptance: nuspec.requireLicenseAcceptance,
    listed: each.isListed,
    published: new Date(each.publishedAt).toISOString(),
    packageContent: at.content(each),
    dependencyGroups: nuspec.dependencyGroups.map(dependencyGroup),
    packageTypes: nuspec.packageTypes,
    registration: at.registration(hive, id),
  };
}

function dependencyGroup({ targetFramework, dependencies }: DependencyGroup): object {
  return {
    '@type': 'PackageDependencyGroup',
    targetFramework,
    dependencies: dependencies.map(({ id, range }) => ({ id, range: range ? rangeText(range) : '(, )' })),
  };
}
