export {
  certificateFacts,
  shortestRsaBits,
  type CertificateFacts,
  type CompanyCertificate,
} from './certificate.ts';
export { readPfx } from './read-pfx.ts';
export { hasEncryptedKey, isPem, readPem, readPemCertificates, readPemChain } from './pem-certificate.ts';
export { newCompanyCertificate, type NewCertificate } from './new-certificate.ts';
export { fingerprintWords, sameWords, wordOfNone } from './fingerprint-words.ts';
export { IdentityError, type IdentityErrorCode } from './errors.ts';
export { agreementKey, rawPublicKey, verifyingKey, type VerifyingKey } from './public-key.ts';
export { readKeyFile, writeKeyFile } from './key-file.ts';
export {
  createInstanceKeys,
  earlierFolders,
  keepSealingKey,
  loadInstanceKeys,
  signingKey,
  type InstanceKeys,
  type SealingKey,
  type SigningKey,
} from './signing-key.ts';
export {
  introducedBy,
  introductionType,
  openIntroduction,
  sealIntroduction,
  type Introduction,
  type OpenedIntroduction,
} from './introduction.ts';
export {
  endorse,
  endorseFromSite,
  endorsementType,
  openSuccessor,
  siteEndorsementType,
  type Successor,
} from './endorsement.ts';
export { isSiteCertificate, newSiteCertificate } from './site-certificate.ts';
export { preAuthEncoding } from './pae.ts';
