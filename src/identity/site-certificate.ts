import { X509Certificate } from 'node:crypto';
import { newCompanyCertificate } from './new-certificate.ts';
import type { CompanyCertificate } from './certificate.ts';

/** Stands in the subject of a certificate that an installer made: people see it, and the rule below goes by it. */
const siteUnit = 'made at the site';

/** It has to last until somebody who has a certificate takes the site over. */
const validYears = 20;

/**
 * Makes the certificate by which a site introduces itself that has none of its company. It signs the introduction alone,
 * and its private key is to be dropped then: the instance key speaks for such a site from there on.
 */
export async function newSiteCertificate(commonName: string, validFrom: Date): Promise<CompanyCertificate> {
  const { certificate } = await newCompanyCertificate({ commonName, unit: siteUnit, validFrom, validYears });
  return certificate;
}

/** Whether a certificate was made at a site, so that nobody holds its private key. */
export function isSiteCertificate(der: Uint8Array): boolean {
  return new X509Certificate(der).subject.split('\n').includes(`OU=${siteUnit}`);
}
