import { keyTooShort, shortestRsaBits, type CompanyCertificate } from './certificate.ts';
import { IdentityError } from './errors.ts';
import { orderChain } from './order-chain.ts';

/**
 * Reads a PFX (PKCS #12): the RSA private key, its certificate, and the certificates that issued it as far as they
 * are inside. `password` is empty where the file has none.
 *
 * @throws {IdentityError} PFX_UNREADABLE, PFX_PASSWORD_WRONG, PFX_WITHOUT_KEY, PFX_WITHOUT_CERTIFICATE,
 * CERTIFICATE_KEY_NOT_RSA, CERTIFICATE_KEY_TOO_SHORT
 */
export async function readPfx(bytes: Uint8Array, password: string): Promise<CompanyCertificate> {
  // A large library reads these files, and few processes ever see one.
  const { openPfx } = await import('./pfx.ts');
  const { keys, certificates } = openPfx(bytes, password);
  const [privateKey] = keys;
  if (privateKey === undefined)
    throw new IdentityError('PFX_WITHOUT_KEY', 'Cannot use the PFX: there is no private key in it', {
      hint: 'Export the certificate again together with its private key.',
    });
  if (privateKey.asymmetricKeyType !== 'rsa')
    throw new IdentityError(
      'CERTIFICATE_KEY_NOT_RSA',
      `Cannot use the PFX: its key is ${privateKey.asymmetricKeyType ?? 'of an unknown kind'}, not RSA`,
      { hint: 'Use an RSA certificate of 2048 bits or more; NuGet signatures know no other kind.' },
    );
  const bits = privateKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < shortestRsaBits) throw keyTooShort('the PFX', bits);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(privateKey));
  if (leaf === undefined)
    throw new IdentityError(
      'PFX_WITHOUT_CERTIFICATE',
      'Cannot use the PFX: none of its certificates belongs to its private key',
      { hint: 'Export the certificate again together with its private key.' },
    );
  return { chain: orderChain(leaf, certificates).map((certificate) => certificate.raw), privateKey };
}
