import type { DeploymentView } from '../../projections/index.ts';

/** Where a run stopped, in words: `step 2 "Web", convention 8 (CopyToInstallFolder)`; undefined where it stopped nowhere. */
export function stoppedAt({ failedAt, steps }: DeploymentView): string | undefined {
  if (failedAt === undefined) return undefined;
  const step = steps[failedAt.step - 1];
  const convention = step?.conventions.find(({ number }) => number === failedAt.convention)?.name;
  const name = convention === undefined ? '' : ` (${convention})`;
  return `step ${failedAt.step} "${step?.name ?? failedAt.stepId}", convention ${failedAt.convention}${name}`;
}
