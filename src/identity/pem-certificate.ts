/**
 * A company certificate in PEM (RFC 7468): blocks between `-----BEGIN …-----` and `-----END …-----` in any order, in
 * one file or with the private key in another. Text around the blocks is not looked at, as OpenSSL writes some.
 */
import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { keyTooShort, readCertificate, shortestRsaBits, type CompanyCertificate } from './certificate.ts';
import { IdentityError } from './errors.ts';
import { orderChain } from './order-chain.ts';

type PemBlock = { readonly label: string; readonly text: string };

const blockPattern = /-----BEGIN ([A-Z0-9 ]+)-----\r?\n[\s\S]*?-----END \1-----/g;
const keyLabel = /(^| )PRIVATE KEY$/;

/** Whether a file is PEM, which is text, rather than a PFX, which is not. */
export function isPem(bytes: Uint8Array): boolean {
  return Buffer.from(bytes).includes('-----BEGIN ');
}

/** Whether the private key in a PEM file can be read only with a password. */
export function hasEncryptedKey(pem: string): boolean {
  return keyBlocks(pem).some(isEncrypted);
}

/**
 * The certificate that belongs to the private key, and those that issued it as far as they are there. `keyPem` is the
 * file of the key where it stands apart. `password` is only asked for by an encrypted key (PKCS #8, or OpenSSL's own).
 *
 * @throws {IdentityError} PEM_UNREADABLE, PEM_PASSWORD_WRONG, PEM_WITHOUT_KEY, PEM_WITHOUT_CERTIFICATE,
 * CERTIFICATE_KEY_NOT_RSA, CERTIFICATE_KEY_TOO_SHORT
 */
export function readPem(pem: string, keyPem: string | undefined, password: string): CompanyCertificate {
  const privateKey = readKey(keyPem ?? pem, password);
  const certificates = readCertificates(pem);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (leaf === undefined)
    throw new IdentityError(
      'PEM_WITHOUT_CERTIFICATE',
      'Cannot use the PEM file: none of its certificates belongs to the private key',
      {
        hint: 'Give the certificate that was issued for this key, with those that issued it in the same file.',
      },
    );
  return { chain: rawChain(leaf, certificates), privateKey };
}

/**
 * The certificates of a PEM file as a chain, the one that issued none of the others first: for a key that is
 * somewhere else. Its key is RSA of at least 2048 bits.
 *
 * @throws {IdentityError} PEM_UNREADABLE, PEM_WITHOUT_CERTIFICATE, CERTIFICATE_KEY_NOT_RSA, CERTIFICATE_KEY_TOO_SHORT
 */
export function readPemChain(pem: string): Uint8Array[] {
  const certificates = readCertificates(pem);
  const below = certificates.filter(
    (each) => !certificates.some((other) => other !== each && other.checkIssued(each)),
  );
  const [leaf, ...others] = below.length > 1 ? below.filter(({ ca }) => !ca) : below;
  if (leaf === undefined || others.length > 0)
    throw new IdentityError(
      'PEM_WITHOUT_CERTIFICATE',
      `Cannot use the PEM file: ${leaf === undefined ? 'none' : others.length + 1} of its certificates may be the signer's, and one must be`,
      { hint: "Leave the signer's certificate and those that issued it in the file, and nothing else." },
    );
  requireRsa(leaf.publicKey);
  return rawChain(leaf, certificates);
}

/**
 * All certificates of a PEM file as DER, in its order.
 *
 * @throws {IdentityError} PEM_UNREADABLE, PEM_WITHOUT_CERTIFICATE
 */
export function readPemCertificates(pem: string): Uint8Array[] {
  return readCertificates(pem).map(({ raw }) => raw);
}

function rawChain(leaf: X509Certificate, certificates: readonly X509Certificate[]): Uint8Array[] {
  return orderChain(leaf, certificates).map(({ raw }) => raw);
}

function readCertificates(pem: string): X509Certificate[] {
  const found = blocks(pem).filter(({ label }) => /^(X509 |TRUSTED )?CERTIFICATE$/.test(label));
  if (found.length === 0)
    throw new IdentityError(
      'PEM_WITHOUT_CERTIFICATE',
      'Cannot use the PEM file: there is no certificate in it',
      {
        hint: 'Give a file with -----BEGIN CERTIFICATE----- and what follows.',
      },
    );
  const byContent = new Map(found.map(({ text }) => [text.replaceAll(/\s/g, ''), text]));
  return [...byContent.values()].map((text) => {
    let certificate: X509Certificate;
    try {
      certificate = new X509Certificate(text);
    } catch (cause) {
      throw unreadable('one of its certificates is damaged', cause);
    }
    return readCertificate(certificate.raw);
  });
}

function readKey(pem: string, password: string): KeyObject {
  const [block, ...others] = keyBlocks(pem);
  if (block === undefined)
    throw new IdentityError('PEM_WITHOUT_KEY', 'Cannot use the PEM file: there is no private key in it', {
      hint: 'Name the file of the private key with --key, or give a file that holds both.',
    });
  if (others.length > 0) throw unreadable('there is more than one private key in it');
  const encrypted = isEncrypted(block);
  if (encrypted && password === '')
    throw passwordWrong('its private key is encrypted, and there is no password');
  try {
    const key = createPrivateKey({ key: block.text, format: 'pem', passphrase: password });
    requireRsa(key);
    return key;
  } catch (cause) {
    if (cause instanceof IdentityError) throw cause;
    // What a wrong password makes of the key looks like any other damage.
    if (encrypted) throw passwordWrong('the password does not fit', cause);
    throw unreadable('its private key is damaged', cause);
  }
}

function requireRsa(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'rsa')
    throw new IdentityError(
      'CERTIFICATE_KEY_NOT_RSA',
      `Cannot use the PEM file: its key is ${key.asymmetricKeyType ?? 'of an unknown kind'}, not RSA`,
      { hint: 'Use an RSA certificate of 2048 bits or more; NuGet signatures know no other kind.' },
    );
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < shortestRsaBits) throw keyTooShort('the PEM file', bits);
}

function blocks(pem: string): PemBlock[] {
  return [...pem.matchAll(blockPattern)].map(([text, label]) => ({ label: label!, text }));
}

const keyBlocks = (pem: string): PemBlock[] => blocks(pem).filter(({ label }) => keyLabel.test(label));

function isEncrypted({ label, text }: PemBlock): boolean {
  return label === 'ENCRYPTED PRIVATE KEY' || /^Proc-Type: 4,ENCRYPTED/m.test(text);
}

function passwordWrong(why: string, cause?: unknown): IdentityError {
  return new IdentityError('PEM_PASSWORD_WRONG', `Cannot open the PEM file: ${why}`, {
    hint: 'Give its password with --password-file; mind a line end at the end of that file.',
    cause,
  });
}

function unreadable(why: string, cause?: unknown): IdentityError {
  return new IdentityError('PEM_UNREADABLE', `Cannot use the PEM file: ${why}`, {
    hint: 'Export the certificate and its private key again as PEM.',
    cause,
  });
}
