import type { PackageToSign } from './package-to-sign.ts';
import { warning } from './problems.ts';
import { everyoneIn } from './signature/everyone-in.ts';
import { endsInRoot, signerChain, type PackageSigner } from './signature/package-signer.ts';
import { writeSigned } from './signed-archive.ts';
import { requireVerified, verifyPackage, type PackageReport } from './verify-package.ts';
import { writeWhole } from './write-whole.ts';

/**
 * Writes a package with its new signature to `outPath`, once our own verifier has accepted it, and tells what that
 * says to whoever trusts its signers. Errors: those of `requireSound`, `PACKAGE_NOT_WRITTEN`.
 */
export async function putSigned(
  { archive, old }: PackageToSign,
  signature: Buffer,
  outPath: string,
  given: { readonly signer: PackageSigner; readonly now: Date },
): Promise<PackageReport> {
  const report = await writeWhole(outPath, async (temporary) => {
    await writeSigned(archive, old, signature, temporary);
    return requireSound(temporary, signature, given.now);
  });
  const chain = signerChain(given.signer);
  const incomplete = endsInRoot(chain)
    ? []
    : [
        warning(
          'PACKAGE_CHAIN_INCOMPLETE',
          `its certificates end with "${chain.at(-1)!.subject}", which is no root: who pins the root can't follow them`,
        ),
      ];
  return { ...report, file: outPath, problems: [...report.problems, ...incomplete] };
}

/** The report of a package whose signatures hold, whoever signed. Errors: those of `requireVerified`. */
export async function requireSound(path: string, signature: Buffer, at: Date): Promise<PackageReport> {
  const options = { trust: { fingerprints: everyoneIn(signature) }, at };
  const report = await verifyPackage(path, options);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  const isSound =
    report.signature?.valid === true && errors.every(({ code }) => code === 'PACKAGE_NOT_AUTHOR_SIGNED');
  return isSound ? report : await requireVerified(path, options);
}
