import {
  constants,
  createPrivateKey,
  generateKeyPairSync,
  privateEncrypt,
  X509Certificate,
  type KeyObject,
} from 'node:crypto';
import forge from 'node-forge';
import {
  certificateFacts,
  newCompanyCertificate,
  type CompanyCertificate,
} from '../../src/identity/index.ts';

export type CertificateWish = {
  readonly commonName: string;
  readonly issuer?: CompanyCertificate;
  /** `undefined` leaves the extension out: any purpose. */
  readonly purposes?: readonly ('codeSigning' | 'timeStamping' | 'serverAuth')[];
  readonly otherPurpose?: string;
  readonly isAuthority?: boolean;
  readonly keyBits?: number;
  readonly validFrom?: Date;
  readonly validTo?: Date;
  readonly signedWith?: 'sha1' | 'sha256';
  readonly withKeyIdentifier?: boolean;
  readonly usages?: Readonly<Record<string, boolean>>;
  /** Where the list of revoked certificates is said to be; nothing listens there. */
  readonly distributionPoint?: string;
  /** Where its issuer and an answer about it are said to be. */
  readonly issuerAddress?: string;
};

const day = 86_400_000;
const keys = new Map<string, string>();

/** A key is made once per name and size: making one takes longer than anything that is tested with it. */
function privateKeyPem(name: string, bits: number): string {
  const known = keys.get(`${name} ${bits}`);
  if (known !== undefined) return known;
  const pair = generateKeyPairSync('rsa', { modulusLength: bits });
  const pem = pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
  keys.set(`${name} ${bits}`, pem);
  return pem;
}

/** A real X.509 certificate with its private key, and above it the chain of its issuer. */
export function makeCertificate(wish: CertificateWish): CompanyCertificate {
  const pem = privateKeyPem(wish.commonName, wish.keyBits ?? 2048);
  const key = forge.pki.privateKeyFromPem(pem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  certificate.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  certificate.validity.notBefore = wish.validFrom ?? new Date(Date.now() - day);
  certificate.validity.notAfter = wish.validTo ?? new Date(Date.now() + 365 * day);
  const subject = [{ shortName: 'CN', value: wish.commonName }];
  certificate.setSubject(subject);
  const issuer = wish.issuer && forgeCertificate(wish.issuer.chain[0]!);
  certificate.setIssuer(issuer?.subject.attributes ?? subject);
  certificate.setExtensions(extensions(wish));
  const privateKey = createPrivateKey(pem);
  const digest = wish.signedWith === 'sha1' ? forge.md.sha1.create() : forge.md.sha256.create();
  certificate.sign(nativeKey(wish.issuer?.privateKey ?? privateKey), digest);
  const der = Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'binary');
  return { chain: [der, ...(wish.issuer?.chain ?? [])], privateKey };
}

/** What PKCS #1 puts in front of a digest to say which it is. */
const digestInfo = new Map([
  ['sha1', '3021300906052b0e03021a05000414'],
  ['sha256', '3031300d060960864801650304020105000420'],
]);

/** A key of node:crypto where forge wants one of its own: theirs takes a tenth of a second for a signature. */
function nativeKey(key: KeyObject): forge.pki.rsa.PrivateKey {
  const sign = (md: forge.md.MessageDigest & { algorithm: string }): string => {
    const prefix = Buffer.from(digestInfo.get(md.algorithm)!, 'hex');
    const signed = Buffer.concat([prefix, Buffer.from(md.digest().bytes(), 'binary')]);
    return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, signed).toString('binary');
  };
  return { sign } as unknown as forge.pki.rsa.PrivateKey;
}

function extensions(wish: CertificateWish): object[] {
  const authority = wish.isAuthority ?? false;
  const usages =
    wish.usages ?? (authority ? { keyCertSign: true, cRLSign: true } : { digitalSignature: true });
  const list: object[] = [
    { name: 'basicConstraints', cA: authority, critical: true },
    { name: 'keyUsage', critical: true, ...usages },
  ];
  if (wish.withKeyIdentifier ?? true) list.push({ name: 'subjectKeyIdentifier' });
  if (wish.purposes !== undefined || wish.otherPurpose !== undefined) {
    const named = Object.fromEntries((wish.purposes ?? []).map((purpose) => [purpose, true]));
    const other = wish.otherPurpose === undefined ? {} : { [wish.otherPurpose]: true };
    // RFC 3161 wants it critical for who stamps times, and the real time stamp tool refuses another.
    const critical = wish.purposes?.join() === 'timeStamping';
    list.push({ name: 'extKeyUsage', critical, ...named, ...other });
  }
  const address = (text: string): forge.asn1.Asn1 =>
    forge.asn1.create(forge.asn1.Class.CONTEXT_SPECIFIC, 6, false, text);
  const sequence = (...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 =>
    forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, parts);
  const tagged = (...parts: forge.asn1.Asn1[]): forge.asn1.Asn1 =>
    forge.asn1.create(forge.asn1.Class.CONTEXT_SPECIFIC, 0, true, parts);
  const oid = (text: string): forge.asn1.Asn1 =>
    forge.asn1.create(
      forge.asn1.Class.UNIVERSAL,
      forge.asn1.Type.OID,
      false,
      forge.asn1.oidToDer(text).getBytes(),
    );
  if (wish.distributionPoint !== undefined)
    list.push({
      id: '2.5.29.31',
      value: sequence(sequence(tagged(tagged(address(wish.distributionPoint))))),
    });
  if (wish.issuerAddress !== undefined)
    list.push({
      id: '1.3.6.1.5.5.7.1.1',
      value: sequence(
        sequence(oid('1.3.6.1.5.5.7.48.1'), address(wish.issuerAddress)),
        sequence(oid('1.3.6.1.5.5.7.48.2'), address(wish.issuerAddress)),
      ),
    });
  return list;
}

function forgeCertificate(der: Uint8Array): forge.pki.Certificate {
  return forge.pki.certificateFromAsn1(forge.asn1.fromDer(Buffer.from(der).toString('binary')));
}

/** A self-signed certificate for signing code, as `init --new-certificate` makes one. */
export function selfSigned(commonName: string, wish: Partial<CertificateWish> = {}): CompanyCertificate {
  return makeCertificate({ commonName, purposes: ['codeSigning'], ...wish });
}

const companies = new Map<string, Promise<Uint8Array>>();

/**
 * The PFX of a company, as `init --new-certificate` writes it. One for each name: to make one takes longer than all else
 * that an `init` does.
 */
export function companyPfx(name: string): Promise<Uint8Array> {
  const known =
    companies.get(name) ??
    newCompanyCertificate({ commonName: name, validFrom: new Date(), validYears: 10 }).then(({ pfx }) => pfx);
  companies.set(name, known);
  return known;
}

/** SHA-256 of the DER of the n-th certificate of the chain, lower-case hex; the first is the signer's own. */
export function fingerprint(certificate: CompanyCertificate, at = 0): string {
  return certificateFacts(certificate.chain.at(at)!).fingerprint;
}

export function pem(certificate: CompanyCertificate, at = 0): string {
  return new X509Certificate(certificate.chain.at(at)!).toString();
}
