import { expect, test } from 'vitest';
import { serviceIndex, versionList } from '../../../src/nuget/index.ts';
import { at, exampleShelf } from './served-examples.ts';

test('the service index names every part by an absolute address, under each name that clients look for', () => {
  const { version, resources } = serviceIndex(at) as {
    version: string;
    resources: { '@id': string; '@type': string }[];
  };
  expect(version).toBe('3.0.0');
  for (const { '@id': address } of resources) expect(address.startsWith(at.base)).toBe(true);
  const addressOf = new Map(resources.map((each) => [each['@type'], each['@id'].slice(at.base.length)]));
  expect(Object.fromEntries(addressOf)).toMatchObject({
    'PackageBaseAddress/3.0.0': 'flat/',
    RegistrationsBaseUrl: 'reg/',
    'RegistrationsBaseUrl/3.0.0-beta': 'reg/',
    'RegistrationsBaseUrl/3.4.0': 'reg-gz/',
    'RegistrationsBaseUrl/3.6.0': 'reg-semver2/',
    'SearchQueryService/3.0.0-beta': 'query',
    'SearchAutocompleteService/3.0.0-beta': 'autocomplete',
  });
  expect(addressOf.size).toBe(resources.length);
});

test('the list of versions has all of them, oldest first, normalised and in lower case', () => {
  const { shelf } = exampleShelf([
    { id: 'Acme.App', version: '1.10' },
    { id: 'acme.app', version: '1.2.0.0', isListed: false },
    { id: 'Acme.App', version: '2.0.0-RC.1+build' },
  ]);
  expect(versionList(shelf.find('ACME.APP')!)).toEqual({ versions: ['1.2.0', '1.10.0', '2.0.0-rc.1'] });
  expect(shelf.ids.map(({ id, key }) => [id, key])).toEqual([['Acme.App', 'acme.app']]);
});

test('a package is found whatever the case of its id and the spelling of its version', () => {
  const { shelf } = exampleShelf([{ id: 'Acme.App', version: '1.0.0-Beta.1' }]);
  const found = ['1.0.0-beta.1', '1.0-BETA.1', '01.0.0.0-beta.1+x'].map((version) =>
    shelf.findPackage('aCME.App', version),
  );
  expect(found.map((each) => each?.id)).toEqual(['Acme.App', 'Acme.App', 'Acme.App']);
  const missing = ['1.0.0', '1.0.0-beta.2', 'latest', ''].map((version) =>
    shelf.findPackage('Acme.App', version),
  );
  expect(missing).toEqual([undefined, undefined, undefined, undefined]);
  expect(shelf.findPackage('Acme', '1.0.0-beta.1')).toBeUndefined();
  expect(shelf.find('__proto__')).toBeUndefined();
});

test('of two packages that are one as NuGet sees it, the first is served', () => {
  const { shelf } = exampleShelf([
    { id: 'Acme.App', version: '1.0' },
    { id: 'ACME.APP', version: '1.0.0+other' },
  ]);
  expect(shelf.find('acme.app')?.versions.map(({ id }) => id)).toEqual(['Acme.App']);
});
