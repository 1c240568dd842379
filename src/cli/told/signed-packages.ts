import type { PackageReport } from '../../packages/index.ts';
import type { Outcome } from '../command.ts';
import { describePackage } from '../given/package.ts';

/** What came of signing: each package as it is now, and how it stands in words. */
export function signedOutcome(
  signed: readonly { readonly report: PackageReport; readonly standing: string }[],
): Outcome {
  const packages = signed.map(({ report }) => report);
  const [first] = packages;
  return {
    // Whoever signs one package finds its facts at once; `packages` is there for one as for many.
    document: packages.length === 1 ? { ...first, packages } : { packages },
    text: signed.flatMap(({ report, standing }, index) => [
      ...(index > 0 ? [''] : []),
      ...describePackage(report, standing, { trustAsked: false }),
      ...report.problems.map(({ code, message, severity }) => `${severity} ${code}: ${message}`),
    ]),
  };
}
