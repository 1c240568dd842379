export { extractPackage, removePartialExtraction, type ExtractOptions } from './extract.ts';
export {
  chunkListBytesMax,
  decodeChunkList,
  encodeChunkList,
  partNamed,
  piecesInBoth,
  type ChunkList,
  type Piece,
} from './blobs/chunk-list.ts';
export { chunkShelf, type ChunkShelf } from './blobs/chunk-shelf.ts';
export { cutPackage } from './blobs/cut-package.ts';
export { explainDamage } from './zip/damage.ts';
export { PackageError, type PackageErrorCode } from './errors.ts';
export { refuseOtherName } from './file-name.ts';
export { isPackageId, packageFileName, samePackage, type PackageIdentity } from './nupkg.ts';
export {
  parseNuspec,
  readPackageNuspec,
  type Dependency,
  type DependencyGroup,
  type Nuspec,
} from './nuspec.ts';
export { readFileFacts, type FileFacts } from './file-facts.ts';
export { openPackageContent, type PackageContent } from './package-content.ts';
export { packNupkg, type PackedFile, type PackInput } from './pack.ts';
export { type SignOptions } from './sign-package.ts';
export { openTrust } from './open-trust.ts';
export { openBlobStore, type BlobStore } from './blobs/store.ts';
export { defaultZipLimits, type ZipLimits } from './zip/zip-layout.ts';
export { type Problem } from './problems.ts';
export { isInRange, isSemVer2Range, parseRange, rangeText, type VersionRange } from './version-range.ts';
export {
  compareVersions,
  fullVersionText,
  isSemVer2,
  normalizedVersion,
  parseVersion,
  versionText,
  type PackageVersion,
} from './version.ts';
export {
  countersignPackage,
  prepareVerification,
  requireSignable,
  requireVerified,
  revocationFacts,
  signPackage,
  unsignPackage,
  verifyPackage,
} from './by-signature.ts';
export { signerCommand, type SignerCommand } from './signature/signer-command.ts';
export { type HashName } from './signature/oids.ts';
export { type KeyElsewhere, type PackageSigner, type ToSign } from './signature/package-signer.ts';
export { type TimestampAuthority } from './signature/timestamp-request.ts';
export { type PackageReport, type VerifyOptions } from './verify-package.ts';
export {
  type PackageTrust,
  type RevocationFile,
  type TrustedRepository,
  type TrustedSigner,
  type TrustRequirements,
  type TrustRules,
} from './signature/trust.ts';
export { revocationListBytesMax } from './signature/revocation-list.ts';
export { type RevocationFacts } from './revocation-facts.ts';
