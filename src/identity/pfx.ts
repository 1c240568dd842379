import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { readCertificate } from './certificate.ts';
import { IdentityError } from './errors.ts';

/** What lies in a PFX, in its own order. */
export type PfxContent = {
  readonly keys: readonly KeyObject[];
  readonly certificates: readonly X509Certificate[];
};

/** @throws {IdentityError} PFX_UNREADABLE, PFX_PASSWORD_WRONG, CERTIFICATE_UNREADABLE */
export function openPfx(bytes: Uint8Array, password: string): PfxContent {
  const bags = openBags(bytes, password);
  return {
    keys: bags.filter(isKeyBag).map(privateKeyOf),
    certificates: bags.filter((bag) => bag.type === forge.pki.oids['certBag']).map(certificateOf),
  };
}

function isKeyBag(bag: forge.pkcs12.Bag): boolean {
  return bag.type === forge.pki.oids['pkcs8ShroudedKeyBag'] || bag.type === forge.pki.oids['keyBag'];
}

function openBags(bytes: Uint8Array, password: string): forge.pkcs12.Bag[] {
  let asn1: forge.asn1.Asn1;
  try {
    asn1 = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(bytes).toString('binary')));
  } catch (cause) {
    throw pfxUnreadable(cause);
  }
  let failure: unknown;
  for (const attempt of attempts(asn1, password)) {
    try {
      const pfx = forge.pkcs12.pkcs12FromAsn1(attempt.asn1, false, attempt.password);
      return pfx.safeContents.flatMap((contents) => contents.safeBags);
    } catch (error) {
      failure ??= error;
    }
  }
  // node-forge knows no codes: its own words "Invalid password?" and "wrong password?" are all there is.
  if (!(failure instanceof Error) || !/password/i.test(failure.message)) throw pfxUnreadable(failure);
  throw new IdentityError('PFX_PASSWORD_WRONG', 'Cannot open the PFX: the password does not fit', {
    hint:
      password === ''
        ? 'Give the password of the PFX, for example with --password-file.'
        : 'Check the password; mind a line end at the end of a password file.',
    cause: failure,
  });
}

type Attempt = { asn1: forge.asn1.Asn1; password: string | undefined };

function attempts(asn1: forge.asn1.Asn1, password: string): Attempt[] {
  const asItIs = { asn1, password };
  // Without a password some programs encrypt with an empty one and some with none at all.
  if (password === '') return [asItIs, { asn1, password: undefined }];
  // The checksum takes the password in UTF-16 and PBES2 in UTF-8, but node-forge gives both the same characters.
  // Where they differ, the content is opened without the checksum: key and certificate must fit each other anyway.
  const utf8 = forge.util.encodeUtf8(password);
  if (utf8 === password || !Array.isArray(asn1.value)) return [asItIs];
  return [asItIs, { asn1: { ...asn1, value: asn1.value.slice(0, 2) }, password: utf8 }];
}

function pfxUnreadable(cause: unknown): IdentityError {
  return new IdentityError('PFX_UNREADABLE', 'Cannot open the PFX: it is not a PKCS #12 file we can read', {
    hint: 'Give a .pfx or .p12 file with an RSA certificate and its key, or both in PEM.',
    cause,
  });
}

function privateKeyOf(bag: forge.pkcs12.Bag): KeyObject {
  try {
    // node-forge reads RSA keys only and leaves others as ASN.1.
    if (bag.key) return createPrivateKey(forge.pki.privateKeyToPem(bag.key));
    return createPrivateKey({ key: derOf(bag.asn1), format: 'der', type: 'pkcs8' });
  } catch (cause) {
    throw pfxUnreadable(cause);
  }
}

function certificateOf(bag: forge.pkcs12.Bag): X509Certificate {
  return readCertificate(derOf(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1));
}

function derOf(asn1: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'binary');
}
