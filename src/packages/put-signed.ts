import type { PackageToSign } from './package-to-sign.ts';
import { warning, type Problem } from './problems.ts';
import { chainAtHand } from './signature/chain.ts';
import { signerCertificates } from './signature/cms.ts';
import { everyoneIn, timestampsIn } from './signature/everyone-in.ts';
import { signerChain, type PackageSigner } from './signature/package-signer.ts';
import type { SignerCertificate } from './signature/signer-certificate.ts';
import { nothingRequired } from './signature/trust.ts';
import { writeSigned } from './signed-archive.ts';
import { requireVerified, verifyPackage, type PackageReport } from './verify-package.ts';
import { writeWhole } from './write-whole.ts';
import type { ZipLimits } from './zip/zip-layout.ts';

/**
 * Writes a package with its new signature to `outPath`, once our own verifier has accepted it, and tells what that
 * says to whoever trusts its signers. Errors: those of `requireSound`, `PACKAGE_NOT_WRITTEN`.
 */
export async function putSigned(
  { archive, old }: PackageToSign,
  signature: Buffer,
  outPath: string,
  given: {
    readonly signer: PackageSigner;
    readonly now: Date;
    readonly limits: ZipLimits | undefined;
    /** What the new signature brings, and must therefore hold. */
    readonly brings: { readonly timestamp?: boolean; readonly countersignature?: boolean };
  },
): Promise<PackageReport> {
  const report = await writeWhole(outPath, async (temporary) => {
    await writeSigned(archive, old, signature, temporary);
    return requireSound(temporary, signature, { at: given.now, limits: given.limits }, given.brings);
  });
  const chain = signerChain(given.signer);
  const incomplete = [
    ...shortChain('its certificates', chain[0], chain),
    ...timestampsIn(signature).flatMap(({ signers, certificates }) =>
      signers.flatMap((signer) =>
        shortChain(
          'the certificates of a time stamp',
          signerCertificates(signer, certificates)[0],
          certificates,
        ),
      ),
    ),
  ];
  return { ...report, file: outPath, problems: [...report.problems, ...incomplete] };
}

/** Who pins a root knows it by its fingerprint alone, so that the root itself must be among what was sent. */
function shortChain(
  whose: string,
  leaf: SignerCertificate | undefined,
  atHand: readonly SignerCertificate[],
): Problem[] {
  if (leaf === undefined) return [];
  const { chain, whole } = chainAtHand(leaf, atHand);
  const end = chain.at(-1)!.subject;
  const message = `${whose} end with "${end}", which is no root: who pins the root can't follow them`;
  return whole ? [] : [warning('PACKAGE_CHAIN_INCOMPLETE', message)];
}

/**
 * The report of a package whose signature holds, whoever signed, and whatever it `brings`. Errors: those of
 * `requireVerified`.
 */
export async function requireSound(
  path: string,
  signature: Buffer,
  { at, limits }: { readonly at: Date; readonly limits: ZipLimits | undefined },
  brings: { readonly timestamp?: boolean; readonly countersignature?: boolean } = {},
): Promise<PackageReport> {
  const requires = { ...nothingRequired, ...brings };
  const options = { trust: { fingerprints: everyoneIn(signature), requires }, at, ...(limits && { limits }) };
  const report = await verifyPackage(path, options);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  const isSound =
    report.signature?.valid === true && errors.every(({ code }) => code === 'PACKAGE_NOT_AUTHOR_SIGNED');
  return isSound ? report : await requireVerified(path, options);
}
