import type { Addresses } from './addresses.ts';

/** The first document a client reads: which parts the feed has, and where. Every part is there under each name a client knows. */
export function serviceIndex(at: Addresses): object {
  const resources: [string, ...string[]][] = [
    [at.flat, 'PackageBaseAddress/3.0.0'],
    [
      at.hive('reg'),
      'RegistrationsBaseUrl',
      'RegistrationsBaseUrl/3.0.0-beta',
      'RegistrationsBaseUrl/3.0.0-rc',
    ],
    [at.hive('reg-gz'), 'RegistrationsBaseUrl/3.4.0'],
    [at.hive('reg-semver2'), 'RegistrationsBaseUrl/3.6.0'],
    [
      at.query,
      'SearchQueryService',
      'SearchQueryService/3.0.0-beta',
      'SearchQueryService/3.0.0-rc',
      'SearchQueryService/3.5.0',
    ],
    [
      at.autocomplete,
      'SearchAutocompleteService',
      'SearchAutocompleteService/3.0.0-beta',
      'SearchAutocompleteService/3.0.0-rc',
      'SearchAutocompleteService/3.5.0',
    ],
  ];
  return {
    version: '3.0.0',
    resources: resources.flatMap(([address, ...types]) =>
      types.map((type) => ({ '@id': address, '@type': type })),
    ),
  };
}
