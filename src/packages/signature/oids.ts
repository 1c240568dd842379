/** The object identifiers that occur in package signatures, by the names of the RFCs and of NuGet's client. */
export const oids = {
  data: '1.2.840.113549.1.7.1',
  signedData: '1.2.840.113549.1.7.2',
  tstInfo: '1.2.840.113549.1.9.16.1.4',

  contentType: '1.2.840.113549.1.9.3',
  messageDigest: '1.2.840.113549.1.9.4',
  signingTime: '1.2.840.113549.1.9.5',
  countersignature: '1.2.840.113549.1.9.6',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  timeStampToken: '1.2.840.113549.1.9.16.2.14',
  commitmentType: '1.2.840.113549.1.9.16.2.16',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
  proofOfOrigin: '1.2.840.113549.1.9.16.6.1',
  proofOfReceipt: '1.2.840.113549.1.9.16.6.2',
  serviceIndexUrl: '1.3.6.1.4.1.311.84.2.1.1.1',
  packageOwners: '1.3.6.1.4.1.311.84.2.1.1.2',

  rsaEncryption: '1.2.840.113549.1.1.1',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  anyPurpose: '2.5.29.37.0',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  lifetimeSigning: '1.3.6.1.4.1.311.10.3.13',

  revocationReason: '2.5.29.21',
  invalidityDate: '2.5.29.24',
  deltaList: '2.5.29.27',
  issuingPoint: '2.5.29.28',
  distributionPoints: '2.5.29.31',
} as const;

export type HashName = 'sha256' | 'sha384' | 'sha512';

const hashOids: Record<HashName, string> = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
};
const rsaWithHash: Record<HashName, string> = {
  sha256: '1.2.840.113549.1.1.11',
  sha384: '1.2.840.113549.1.1.12',
  sha512: '1.2.840.113549.1.1.13',
};
const hashNames: readonly HashName[] = ['sha256', 'sha384', 'sha512'];

export const hashOid = (name: HashName): string => hashOids[name];

/** The hash of an object identifier; undefined for any that is not allowed in a package signature. */
export const hashOfOid = (oid: string): HashName | undefined =>
  hashNames.find((name) => hashOids[name] === oid);

/** The hash of `sha…WithRSAEncryption`. */
export const hashOfRsaOid = (oid: string): HashName | undefined =>
  hashNames.find((name) => rsaWithHash[name] === oid);
