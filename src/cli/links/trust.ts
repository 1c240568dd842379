import { X509Certificate } from 'node:crypto';
import { everybodysTrust, packageTrust, type JudgedBy } from '../../daemon/index.ts';
import { certificateFacts } from '../../identity/index.ts';
import type { Instance } from '../../instance/index.ts';
import { openTrust, type PackageTrust, type TrustRules } from '../../packages/index.ts';
import { CliError } from '../errors.ts';
import { readGivenText } from '../given/files.ts';

export const pemBytesMax = 1024 * 1024;

/** By what a package at hand is judged; without rules the fingerprints count for everything. */
export type Judges = { readonly fingerprints: readonly string[]; readonly rules?: TrustRules };

/** By what this side's own packages are judged: the company certificate, and what was added. */
export function ownTrust(instance: Instance): PackageTrust {
  const { fingerprints, rules } = packageTrust(instance, '', 'used');
  return openTrust(fingerprints, rules);
}

/** Everybody whose packages may be used here: ourselves, those whose words were compared, and those who were added. */
export const everyTrust = (instance: Instance): JudgedBy => everybodysTrust(instance);

/** The trust that the certificates of a PEM file alone make. @throws CliError FILE_NOT_READABLE */
export function pemTrust(path: string): Judges {
  return { fingerprints: pemCertificates(path).map((der) => certificateFacts(der).fingerprint) };
}

/** The certificates of a PEM file, as DER. @throws CliError FILE_NOT_READABLE */
export function pemCertificates(path: string): Uint8Array[] {
  const blocks = readGivenText(path, 'certificates', pemBytesMax).match(
    /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g,
  );
  try {
    if (blocks === null) throw new Error('there is no certificate in it');
    return blocks.map((block) => new Uint8Array(new X509Certificate(block).raw));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CliError('FILE_NOT_READABLE', `Cannot read certificates ${path}: ${why}`, {
      hint: 'Give a PEM file: -----BEGIN CERTIFICATE----- and what follows.',
      details: { path },
      cause,
    });
  }
}
