import { CrossgapError } from '../../errors.ts';
import { requireVerified, verifyPackage, type VerifyOptions } from '../../packages/index.ts';
import { command, needed, text, type Outcome } from '../command.ts';
import { describePackage, refuseMissingPackage } from '../given-package.ts';
import { timeNamed } from '../times.ts';
import { everyTrust, pemTrust } from '../trust.ts';

export const packageVerify = command({
  path: 'package verify',
  about: 'Verify a package strictly and without the network; works without an instance too',
  example: 'crossgap package verify Orders.Web.1.0.0.nupkg --trust acme.pem',
  args: { FILE: needed('FILE', 'the package') },
  options: {
    trust: text(
      'PEM',
      'certificates whose signatures are believed (else those of this instance and its links)',
    ),
    at: text('TIME', 'when the certificate must be valid, ISO 8601 (else now)'),
  },
  async run(context, { FILE }, { trust, at }): Promise<Outcome> {
    const instance = trust === undefined ? await context.openIfThere() : undefined;
    const fingerprints =
      trust !== undefined ? pemTrust(trust) : instance ? everyTrust(instance) : new Set<string>();
    const options = {
      trust: { fingerprints },
      at: at === undefined ? new Date() : timeNamed(at, '--at'),
    };
    refuseMissingPackage(FILE);
    const report = await verifyPackage(FILE, options);
    const { signature, problems } = report;
    const lines = problems.map(({ code, message, severity }) => `${severity} ${code}: ${message}`);
    if (report.ok) {
      return {
        document: report,
        text: [...describePackage(report, 'signature valid, signer trusted'), ...lines],
      };
    }
    const standing = signature?.valid === true ? 'signature valid, but not to be used' : 'not to be used';
    return {
      document: report,
      text: [...describePackage(report, standing), ...lines],
      failure: await refusal(FILE, options),
    };
  },
});

/** The error that using this package would be. */
async function refusal(file: string, options: VerifyOptions): Promise<CrossgapError> {
  try {
    await requireVerified(file, options);
  } catch (error) {
    if (error instanceof CrossgapError) return error;
    throw error;
  }
  throw new TypeError('a package that is not ok can not be used');
}
