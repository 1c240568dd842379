import { OctopusError } from './errors.ts';
import type { OctopusAction, OctopusStep } from './octopus-process.ts';
import { readOcl, type OclBlock, type OclValue } from './read-ocl.ts';

/** The steps of a `deployment_process.ocl`. Throws OctopusError. */
export function stepsFromOcl(text: string, path: string): OctopusStep[] {
  const { blocks } = readOcl(text, path);
  const strange = blocks.find(({ name }) => name !== 'step' && name !== 'steps');
  if (strange !== undefined || blocks.length === 0) {
    const what =
      strange === undefined ? 'it has no steps' : `line ${strange.line}: ${strange.name} is not a step`;
    throw new OctopusError(`Cannot read ${path}: ${what}`, {
      hint: 'Name the deployment_process.ocl of a project; a process made from a template is in the template.',
      details: { path },
    });
  }
  return blocks.map(stepOf);
}

function stepOf(block: OclBlock): OctopusStep {
  const slug = block.labels[0];
  const name = textOf(block, 'name') ?? slug ?? `Step of line ${block.line}`;
  return {
    name,
    slug,
    condition: textOf(block, 'condition') ?? 'Success',
    startTrigger: textOf(block, 'start_trigger') ?? 'StartAfterPrevious',
    properties: propertiesOf(block),
    actions: block.blocks.filter((one) => one.name === 'action').map((one) => actionOf(one, name)),
  };
}

/** Keys of an action that mean nothing where it runs by itself. */
const bookkeeping = new Set(['step_package_version', 'can_be_used_for_project_versioning']);
const known = new Set(
  ['name', 'action_type', 'is_disabled', 'is_required', 'notes', 'condition', 'environments'].concat([
    'excluded_environments',
    'channels',
    'tenant_tags',
    'properties',
  ]),
);

function actionOf(block: OclBlock, stepName: string): OctopusAction {
  const packages = block.blocks.filter(({ name }) => name === 'packages' || name === 'package');
  const more = [
    ...[...block.attributes]
      .filter(([name, value]) => !known.has(name) && !bookkeeping.has(name) && value !== '' && value !== null)
      .map(([name]) => name),
    ...block.blocks.filter(({ name }) => !['packages', 'package'].includes(name)).map(({ name }) => name),
  ];
  return {
    name: textOf(block, 'name') ?? block.labels[0] ?? stepName,
    slug: block.labels[0],
    type: textOf(block, 'action_type') ?? '',
    isDisabled: block.attributes.get('is_disabled') === true,
    isRequired: block.attributes.get('is_required') === true,
    notes: textOf(block, 'notes') ?? '',
    condition: textOf(block, 'condition') ?? 'Success',
    environments: listOf(block, 'environments'),
    excludedEnvironments: listOf(block, 'excluded_environments'),
    channels: listOf(block, 'channels'),
    tenantTags: listOf(block, 'tenant_tags'),
    properties: propertiesOf(block),
    packages: packages.map((one) => ({
      name: textOf(one, 'name') ?? one.labels[0] ?? '',
      id: textOf(one, 'package_id') ?? '',
    })),
    more: [...new Set(more)],
  };
}

function propertiesOf({ attributes, blocks }: OclBlock): Map<string, string> {
  const given = attributes.get('properties');
  const all = given instanceof Map ? [...given] : [];
  // Older files have the properties as a block.
  for (const block of blocks) if (block.name === 'properties') all.push(...block.attributes);
  return new Map(all.map(([name, value]) => [name, inText(value)]));
}

function textOf({ attributes }: OclBlock, name: string): string | undefined {
  const value = attributes.get(name);
  return typeof value === 'string' ? value : undefined;
}

function listOf({ attributes }: OclBlock, name: string): string[] {
  const value = attributes.get(name);
  return Array.isArray(value) ? value.map(inText) : [];
}

function inText(value: OclValue): string {
  if (value === null) return '';
  if (typeof value === 'string') return value;
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return JSON.stringify(value instanceof Map ? Object.fromEntries(value) : value);
}
