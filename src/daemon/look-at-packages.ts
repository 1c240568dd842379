import { existsSync } from 'node:fs';
import type { HostCheck, Plan } from '../executor/index.ts';
import { openTrust, verifyPackage } from '../packages/index.ts';

type Action = Plan['steps'][number]['action'];
type Planned = Extract<Action, { readonly kind: 'package' }>['package'];

/**
 * Packages of a plan that their step would refuse: who signed one is not believed here any more, or its file is another
 * one than the plan names. Each file is read as a whole. One that has not come yet is told elsewhere.
 */
export async function lookAtPackages(plan: Plan, signal?: AbortSignal): Promise<HostCheck[]> {
  const planned = plan.steps.flatMap(({ skippedBecause, action }) =>
    skippedBecause === undefined && action.kind === 'package' ? [action.package] : [],
  );
  const each = new Map(planned.map((one) => [one.file, one]));
  const checks: HostCheck[] = [];
  for (const one of each.values()) {
    const why = existsSync(one.file) ? await whyRefused(one, plan, signal) : undefined;
    if (why === undefined) continue;
    const name = `Package ${one.id} ${one.version}`;
    checks.push({
      id: `package:${one.id}:${one.version}`,
      name,
      state: 'lacking',
      found: `it can not be used: ${why}`,
      hint: 'Ask its author for another release; where its signer was distrusted here by mistake, trust the certificate again.',
    });
  }
  return checks;
}

async function whyRefused(
  { file, sha256, trustedFingerprints, trustRules, verifyAt, unsigned }: Planned,
  { packageLimits }: Plan,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  // Only who tries something out takes what nobody signed.
  if (unsigned === true) return undefined;
  const report = await verifyPackage(file, {
    trust: openTrust(trustedFingerprints, trustRules),
    ...(signal !== undefined && { signal }),
    ...(packageLimits !== undefined && { limits: packageLimits }),
    ...(verifyAt !== undefined && { at: new Date(verifyAt) }),
  });
  if (report.sha256 !== sha256) return 'its file is not the one that was taken in';
  if (report.ok) return undefined;
  const problem = report.problems.find(({ severity }) => severity === 'error');
  return problem?.message ?? 'nobody who is trusted here signed it';
}
