import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { CompanyCertificate } from './certificate.ts';

const makeKeyPair = promisify(generateKeyPair);

/** What a new company certificate is made of. */
export type NewCertificate = {
  readonly commonName: string;
  /** What stands beside the name, if anything. */
  readonly unit?: string;
  readonly validFrom: Date;
  readonly validYears: number;
  /** Empty or absent: the PFX opens without a password. */
  readonly password?: string;
};

/**
 * Makes a self-signed company certificate for code signing (RSA, 3072 bits) and the PFX that holds it, encrypted
 * with AES-256. NuGet, .NET and openssl read it.
 */
export async function newCompanyCertificate(
  wanted: NewCertificate,
): Promise<{ pfx: Uint8Array; certificate: CompanyCertificate }> {
  const pair = await makeKeyPair('rsa', { modulusLength: 3072 });
  const pem = pair.privateKey.export({ format: 'pem', type: 'pkcs1' }).toString();
  // A large library makes certificates and PFX files, and few processes ever need one.
  const { selfSigned } = await import('./self-signed.ts');
  const { commonName, unit, validFrom, validYears, password = '' } = wanted;
  const notBefore = wholeSeconds(validFrom);
  const notAfter = yearsAfter(notBefore, validYears);
  const { der, pfx } = selfSigned(pem, { commonName, unit, notBefore, notAfter }, password);
  return { pfx, certificate: { chain: [der], privateKey: pair.privateKey } };
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}

function yearsAfter(date: Date, years: number): Date {
  const after = new Date(date);
  after.setUTCFullYear(after.getUTCFullYear() + years);
  return after;
}
