import { count } from '../../words.ts';
import type { PackageReport } from '../../packages/index.ts';
import { section, table } from '../table.ts';

/** The steps of judging a package, who signed it until when, and what is wrong or not known, for people. */
export function describeChecks(report: PackageReport, now: string): string[] {
  const { checks, problems } = report;
  const of = (wanted: 'error' | 'warning'): string[] =>
    problems.filter(({ severity }) => severity === wanted).map(({ code, message }) => `${code}: ${message}`);
  const [errors, warnings] = [of('error'), of('warning')];
  return [
    ...counts(report, now),
    ...section(
      'Checks',
      table(
        checks.map(({ step, state, detail, codes }) => [
          step,
          state,
          codes.length === 0 ? detail : `${detail} (${codes.join(', ')})`,
        ]),
      ),
    ),
    ...section(count(errors.length, 'reason', 'reasons').concat(' not to use it'), errors),
    ...section(`${count(warnings.length, 'thing')} to know`, warnings),
  ];
}

/** Until when the signature counts, in a sentence. */
function counts({ signature }: PackageReport, now: string): string[] {
  if (signature?.signer === null || signature === null) return [];
  const { timestamp, timestampAuthority, countsUntil, signedAt } = signature;
  const said =
    signedAt === null
      ? 'It does not say when it was signed'
      : `Its signer says it was signed ${signedAt}, which nothing proves`;
  if (timestamp !== null)
    return [
      `Signed before ${timestamp}, as "${timestampAuthority?.subject}" stamped it; it counts on after the certificate ended.`,
    ];
  if (countsUntil === null) return [`${said}.`];
  const verb = countsUntil < now ? 'counted' : 'counts';
  return [`${said}; without a time stamp that is believed here it ${verb} until ${countsUntil}.`];
}
