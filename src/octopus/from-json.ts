import { z } from 'zod';
import { OctopusError } from './errors.ts';
import type { OctopusAction, OctopusStep } from './octopus-process.ts';

const text = z.string().nullish();
const list = z.array(z.string()).nullish();
const Properties = z
  .record(z.string(), z.union([z.string(), z.null(), z.looseObject({ HasValue: z.boolean().optional() })]))
  .nullish();

const Action = z.looseObject({
  Name: text,
  Slug: text,
  ActionType: text,
  IsDisabled: z.boolean().nullish(),
  IsRequired: z.boolean().nullish(),
  Notes: text,
  Condition: text,
  Environments: list,
  ExcludedEnvironments: list,
  Channels: list,
  TenantTags: list,
  Properties,
  Packages: z.array(z.looseObject({ Name: text, PackageId: text })).nullish(),
  Container: z.looseObject({ Image: text }).nullish(),
  WorkerPoolId: text,
  WorkerPoolVariable: text,
  GitDependencies: z.array(z.unknown()).nullish(),
});
const Step = z.looseObject({
  Name: z.string(),
  Slug: text,
  Condition: text,
  StartTrigger: text,
  Properties,
  Actions: z.array(Action).nullish(),
});
const Process = z.looseObject({ Steps: z.array(Step).min(1) });
/** What the API gives, and what wraps it in an exported project. */
const Export = z.union([Process, z.looseObject({ DeploymentProcess: Process })]);

/** The steps of a deployment process as the API of Octopus Deploy gives it, JSON. Throws OctopusError. */
export function stepsFromJson(given: string, path: string): OctopusStep[] {
  let data: unknown;
  try {
    data = JSON.parse(given.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw unreadable(
      path,
      `it is not JSON (${cause instanceof Error ? cause.message : String(cause)})`,
      cause,
    );
  }
  const read = Export.safeParse(data);
  if (!read.success) throw unreadable(path, 'it has no steps as Octopus Deploy exports them');
  const process = ('DeploymentProcess' in read.data ? read.data.DeploymentProcess : read.data) as z.infer<
    typeof Process
  >;
  return process.Steps.map(stepOf);
}

function stepOf(step: z.infer<typeof Step>): OctopusStep {
  return {
    name: step.Name,
    slug: step.Slug ?? undefined,
    condition: step.Condition ?? 'Success',
    startTrigger: step.StartTrigger ?? 'StartAfterPrevious',
    properties: propertiesOf(step.Properties),
    actions: (step.Actions ?? []).map((action) => actionOf(action, step.Name)),
  };
}

function actionOf(action: z.infer<typeof Action>, stepName: string): OctopusAction {
  const more = [
    ...(action.Container?.Image ? ['container'] : []),
    ...(action.WorkerPoolId ? ['worker_pool'] : []),
    ...(action.WorkerPoolVariable ? ['worker_pool_variable'] : []),
    ...((action.GitDependencies ?? []).length > 0 ? ['git_dependencies'] : []),
  ];
  return {
    name: action.Name ?? stepName,
    slug: action.Slug ?? undefined,
    type: action.ActionType ?? '',
    isDisabled: action.IsDisabled === true,
    isRequired: action.IsRequired === true,
    notes: action.Notes ?? '',
    condition: action.Condition ?? 'Success',
    environments: action.Environments ?? [],
    excludedEnvironments: action.ExcludedEnvironments ?? [],
    channels: action.Channels ?? [],
    tenantTags: action.TenantTags ?? [],
    properties: propertiesOf(action.Properties),
    packages: (action.Packages ?? []).map((one) => ({ name: one.Name ?? '', id: one.PackageId ?? '' })),
    more,
  };
}

function propertiesOf(given: z.infer<typeof Properties>): OctopusAction['properties'] {
  return new Map(
    Object.entries(given ?? {}).map(([name, value]) => [
      name,
      value === null ? '' : typeof value === 'string' ? value : ({ isSensitive: true } as const),
    ]),
  );
}

function unreadable(path: string, why: string, cause?: unknown): OctopusError {
  return new OctopusError(`Cannot read ${path}: ${why}`, {
    hint: 'Name the JSON of a deployment process (`/api/projects/ID/deploymentprocesses`), or a deployment_process.ocl.',
    details: { path },
    cause,
  });
}
