export { feedAddresses, hives, type Addresses, type Hive } from './served/addresses.ts';
export type { Describe } from './served/described.ts';
export { feedShelf, type FeedShelf, type ServedId, type ServedPackage } from './served/feed-shelf.ts';
export { versionList } from './served/flat-container.ts';
export {
  registrationIndex,
  registrationLeaf,
  registrationPage,
  type RegistrationFacts,
} from './served/registration.ts';
export { autocompleteAnswer, readSearchQuery, searchAnswer, type SearchQuery } from './served/search.ts';
export { serviceIndex } from './served/service-index.ts';
export { NugetError, type NugetErrorCode } from './errors.ts';
export { forgetDownload } from './source/download.ts';
export { failure } from './source/failures.ts';
export { backOff, usualPatience, type Patience } from './source/patience.ts';
export {
  type FolderRepository,
  type HttpRepository,
  type PackageName,
  type Repository,
} from './source/repository.ts';
export { openSource } from './source/open-source.ts';
export type { Source, SourceOptions } from './source/source.ts';
export { largestCarrier } from './push/compare-content.ts';
export type { Pushed } from './push/package-at-hand.ts';
export { pushPackage } from './push/push.ts';
