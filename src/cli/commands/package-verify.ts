import { CrossgapError } from '../../errors.ts';
import type { Instance } from '../../instance/index.ts';
import {
  openTrust,
  requireVerified,
  verifyPackage,
  type PackageTrust,
  type VerifyOptions,
} from '../../packages/index.ts';
import { command, flag, needed, text, type Outcome } from '../command.ts';
import { describeChecks } from '../told/describe-checks.ts';
import { describePackage, refuseMissingPackage } from '../given/package.ts';
import { limitsHere } from '../given/limits-here.ts';
import { timeNamed } from '../given/times.ts';
import { everyTrust, pemTrust } from '../links/trust.ts';

export const packageVerify = command({
  path: 'package verify',
  about: 'Verify a package strictly and without the network; works without an instance too',
  example: 'crossgap package verify Orders.Web.1.0.0.nupkg --trust acme.pem',
  args: { FILE: needed('FILE', 'the package') },
  options: {
    trust: text(
      'PEM',
      'certificates that are believed, for signatures and time stamps (else those of `crossgap trust list`)',
    ),
    at: text('TIME', 'when the certificate must be valid, ISO 8601 (else now)'),
    'require-timestamp': flag('refuse it without a time stamp that is believed'),
    'require-countersignature': flag('refuse it without a countersignature that is believed'),
  },
  async run(context, { FILE }, given): Promise<Outcome> {
    const instance = given.trust === undefined ? await context.openIfThere() : undefined;
    const trust = trusted(instance, given.trust);
    const requires = {
      timestamp: given['require-timestamp'] || trust.requires?.timestamp === true,
      countersignature: given['require-countersignature'] || trust.requires?.countersignature === true,
      revocation: trust.requires?.revocation ?? null,
    };
    const now = new Date();
    const at = given.at === undefined ? now : timeNamed(given.at, '--at');
    const limits = instance?.packageLimits ?? (await limitsHere(context));
    const options = { trust: { ...trust, requires }, at, now, ...(limits !== undefined && { limits }) };
    refuseMissingPackage(FILE);
    const report = await verifyPackage(FILE, options);
    const told = (standing: string): string[] => [
      ...describePackage(report, standing),
      ...describeChecks(report, at.toISOString()),
    ];
    if (report.ok) return { document: report, text: told('signature valid, signer trusted') };
    const isValid = report.signature?.valid === true;
    return {
      document: report,
      text: told(isValid ? 'signature valid, but not to be used' : 'not to be used'),
      failure: await refusal(FILE, options),
    };
  },
});

function trusted(instance: Instance | undefined, pem: string | undefined): PackageTrust {
  if (pem !== undefined) return openTrust(pemTrust(pem).fingerprints);
  if (instance === undefined) return openTrust([]);
  const { fingerprints, rules } = everyTrust(instance);
  return openTrust(fingerprints, rules);
}

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
