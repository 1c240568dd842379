import { createHmac, randomBytes } from 'node:crypto';
import forge from 'node-forge';

const iterations = 10_000;

/** A certificate for code signing over an RSA key of its own, and the PFX that holds both. */
export type SelfSigned = { readonly der: Uint8Array; readonly pfx: Uint8Array };

/** `pem` is the RSA key in PKCS #1; without a password the PFX opens with an empty one. */
export function selfSigned(
  pem: string,
  {
    commonName,
    unit,
    notBefore,
    notAfter,
  }: { commonName: string; unit?: string | undefined; notBefore: Date; notAfter: Date },
  password: string,
): SelfSigned {
  const key = forge.pki.privateKeyFromPem(pem);
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.setRsaPublicKey(key.n, key.e);
  // A leading 01 keeps the number positive and its encoding of one length.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  const part = (shortName: string, value: string) => ({
    shortName,
    value,
    valueTagClass: forge.asn1.Type.UTF8,
  });
  const name = [part('CN', commonName), ...(unit === undefined ? [] : [part('OU', unit)])];
  certificate.setSubject(name as unknown as forge.pki.CertificateField[]);
  certificate.setIssuer(name as unknown as forge.pki.CertificateField[]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: false, critical: true },
    { name: 'keyUsage', digitalSignature: true, critical: true },
    { name: 'extKeyUsage', codeSigning: true },
    { name: 'subjectKeyIdentifier' },
  ]);
  certificate.sign(key, forge.md.sha256.create());
  const der = Buffer.from(forge.asn1.toDer(forge.pki.certificateToAsn1(certificate)).getBytes(), 'binary');
  return { der, pfx: writePfx(key, certificate, password) };
}

function writePfx(
  key: forge.pki.rsa.PrivateKey,
  certificate: forge.pki.Certificate,
  password: string,
): Buffer {
  // PBES2 takes the password in UTF-8, the checksum in UTF-16: node-forge would give both the same characters.
  const pfx = forge.pkcs12.toPkcs12Asn1(key, [certificate], forge.util.encodeUtf8(password), {
    algorithm: 'aes256',
    count: iterations,
    saltSize: 16,
    prfAlgorithm: 'sha256',
    useMac: false,
  } as Parameters<typeof forge.pkcs12.toPkcs12Asn1>[3]);
  const parts = pfx.value as forge.asn1.Asn1[];
  const content = forge.asn1.toDer(authenticatedSafe(parts)).getBytes();
  parts.push(checksum(content, password));
  return Buffer.from(forge.asn1.toDer(pfx).getBytes(), 'binary');
}

/** What the checksum covers: the octets inside the content info. */
function authenticatedSafe(pfx: readonly forge.asn1.Asn1[]): forge.asn1.Asn1 {
  const [, contentInfo] = pfx;
  const [, explicit] = contentInfo!.value as forge.asn1.Asn1[];
  const [octets] = explicit!.value as forge.asn1.Asn1[];
  return forge.asn1.fromDer(octets!.value as string);
}

function checksum(content: string, password: string): forge.asn1.Asn1 {
  const { asn1 } = forge;
  const salt = randomBytes(16).toString('binary');
  const macKey = forge.pkcs12.generateKey(
    password,
    forge.util.createBuffer(salt),
    3,
    iterations,
    32,
    forge.md.sha256.create(),
  );
  const digest = createHmac('sha256', Buffer.from(macKey.getBytes(), 'binary'))
    .update(Buffer.from(content, 'binary'))
    .digest('binary');
  const node = (type: number, value: string | forge.asn1.Asn1[]): forge.asn1.Asn1 =>
    asn1.create(asn1.Class.UNIVERSAL, type, Array.isArray(value), value);
  const sha256 = forge.pki.oids['sha256']!;
  return node(asn1.Type.SEQUENCE, [
    node(asn1.Type.SEQUENCE, [
      node(asn1.Type.SEQUENCE, [
        node(asn1.Type.OID, asn1.oidToDer(sha256).getBytes()),
        node(asn1.Type.NULL, ''),
      ]),
      node(asn1.Type.OCTETSTRING, digest),
    ]),
    node(asn1.Type.OCTETSTRING, salt),
    node(asn1.Type.INTEGER, asn1.integerToDer(iterations).getBytes()),
  ]);
}
