import { Document, isMap, isSeq, type YAMLMap } from 'yaml';
import { stepsFromJson } from './from-json.ts';
import { stepsFromOcl } from './from-ocl.ts';
import { importAction, type ImportedAction } from './import-action.ts';
import type { KnownToProcess } from './known-to-process.ts';
import { Notes, type NotCarried } from './not-carried.ts';
import type { OctopusAction, OctopusStep, PropertyValue } from './octopus-process.ts';

export type ImportRequest = {
  readonly path: string;
  readonly text: string;
  /** The name that the process gets. */
  readonly name: string;
  /** Names of environments by what the export calls them: ids in JSON, slugs in OCL. */
  readonly environments: ReadonlyMap<string, string>;
  readonly known: KnownToProcess;
};

export type ImportedProcess = {
  /** The process file, YAML; undefined where no step could be carried. */
  readonly yaml: string | undefined;
  readonly steps: number;
  readonly notCarried: readonly NotCarried[];
};

/**
 * A process file of a deployment process of Octopus Deploy: OCL of a project in version control, or the JSON of its
 * API. What it carries is deployed as Octopus deploys it; what would be deployed otherwise is left out and named.
 * Throws OctopusError for what can't be read.
 */
export function importProcess(request: ImportRequest): ImportedProcess {
  const { path, text, name } = request;
  const isJson = /^\s*\{/.test(text.replace(/^\uFEFF/, ''));
  const given = isJson ? stepsFromJson(text, path) : stepsFromOcl(text, path);
  const notes = new Notes();
  const names = new Set<string>();
  let isAny = false;
  const steps = given.flatMap((step) => {
    // What begins with a step that is left out begins with those that began with that one, or after what is before.
    const isWithOthers = step.startTrigger === 'StartWithPrevious';
    const made = importStep(step, { ...request, isWithPrevious: isWithOthers && isAny }, notes, names);
    isAny = made.length > 0 || (isWithOthers && isAny);
    return made;
  });
  return {
    yaml: steps.length === 0 ? undefined : written(name, path, steps),
    steps: steps.length,
    notCarried: notes.all,
  };
}

/** A step as it stands in a process file, its keys in the order in which they are written. */
type StepEntry = { readonly name: string; readonly notes: string; readonly entry: Record<string, unknown> };

function importStep(
  step: OctopusStep,
  request: ImportRequest & { readonly isWithPrevious: boolean },
  notes: Notes,
  names: Set<string>,
): StepEntry[] {
  const { properties, actions } = step;
  const isRolling = actions.length > 1;
  const say = (what: string, why: string): void => notes.add(step.name, what, why);
  if (actions.length === 0) say('the step', 'it has nothing to do');
  if (isRolling) {
    say(
      'one after the other on each machine',
      'its child steps become steps, one after the other, on one machine',
    );
  }
  if (isRolling && request.isWithPrevious) {
    say(
      'beginning together with the step before',
      'only the first of its child steps does, the others come after both',
    );
  }
  for (const [property, value] of properties) tellStepProperty(property, value, step, say);
  return actions.flatMap((action, index) => {
    const name = isRolling ? action.name : step.name;
    const tidy = nameOf(name, names);
    const own = (what: string, why: string): void => notes.add(name, what, why);
    if (tidy !== name) own('its name', `it is called ${tidy}`);
    const left = whyLeftOut(action);
    if (left !== undefined) {
      own('the step', left);
      return [];
    }
    const imported = importAction(action, request.known, own);
    const when = whenOf(step, action, own);
    if (imported === undefined || when === undefined) return [];
    names.add(tidy.toLowerCase());
    const slug = isRolling ? action.slug : (step.slug ?? action.slug);
    const entry = {
      name: tidy,
      ...idOf(slug, tidy),
      ...imported.does,
      ...(when !== 'success' && { when }),
      ...(request.isWithPrevious && index === 0 && { start: 'with-previous' }),
      ...environmentsOf(action, request.environments),
      ...(action.isRequired && { required: true }),
      ...limitsOf(imported, own),
      ...(imported.properties.size > 0 && { properties: Object.fromEntries(imported.properties) }),
    };
    return [{ name: tidy, notes: action.notes.trim(), entry }];
  });
}

const conditionExpression = 'Octopus.Step.ConditionVariableExpression';

function tellStepProperty(
  property: string,
  value: PropertyValue,
  step: OctopusStep,
  say: (what: string, why: string) => void,
): void {
  if (value === '' || property === conditionExpression) return;
  if (property === 'Octopus.Action.TargetRoles') {
    say(
      `the roles ${typeof value === 'string' ? value : 'of machines'}`,
      'every step runs on the machine that a release is deployed on',
    );
  } else if (property === 'Octopus.Action.MaxParallelism') {
    if (step.actions.length <= 1) say('the number of machines at a time', 'there is one machine');
  } else {
    say(property, 'it is a property of a step, which has none here');
  }
}

/** Why a step stays out of the process, since it would run where Octopus does not run it. */
function whyLeftOut({ isDisabled, channels, tenantTags }: OctopusAction): string | undefined {
  if (isDisabled) return 'it is disabled';
  if (channels.length > 0)
    return `it is only for the channel ${channels.join(', ')}, and there are no channels`;
  if (tenantTags.length > 0) {
    return `it is only for tenants tagged ${tenantTags.join(', ')}, and there are no tenants`;
  }
  return undefined;
}

/** When it runs; undefined, and told, where nobody can know. */
function whenOf(
  { condition, properties }: OctopusStep,
  action: OctopusAction,
  say: (what: string, why: string) => void,
): string | undefined {
  const plain: Readonly<Record<string, string>> = {
    Success: 'success',
    Failure: 'failure',
    Always: 'always',
  };
  const ofAction = action.condition !== 'Success';
  if (ofAction && condition !== 'Success') {
    say('the step', 'it has a condition, and so has the step it belongs to');
    return undefined;
  }
  const wanted = ofAction ? action.condition : condition;
  const when = plain[wanted];
  if (when !== undefined) return when;
  const expression = ofAction
    ? action.properties.get('Octopus.Action.ConditionVariableExpression')
    : properties.get(conditionExpression);
  if (wanted === 'Variable' && typeof expression === 'string' && expression.trim() !== '')
    return expression.trim();
  say('the step', `its condition ${wanted} is not known`);
  return undefined;
}

function environmentsOf(
  { environments, excludedEnvironments }: OctopusAction,
  names: ReadonlyMap<string, string>,
): Record<string, readonly string[]> {
  const named = (ids: readonly string[]): string[] => ids.map((id) => names.get(id) ?? id);
  if (environments.length > 0) {
    // A step of all the environments it excludes as well runs nowhere; Octopus excludes last.
    const left = environments.filter((one) => !excludedEnvironments.includes(one));
    return left.length > 0
      ? { environments: named(left) }
      : { 'except-environments': named(excludedEnvironments) };
  }
  return excludedEnvironments.length > 0 ? { 'except-environments': named(excludedEnvironments) } : {};
}

function limitsOf(
  { properties, does }: ImportedAction,
  say: (what: string, why: string) => void,
): Record<string, unknown> {
  const take = (name: string): string => {
    const value = properties.get(name) ?? '';
    properties.delete(name);
    return value.trim();
  };
  const minutes = take('Octopus.Action.ExecutionTimeout.Minutes');
  const retries = take('Octopus.Action.AutoRetry.MaximumCount');
  if (take('Octopus.Action.AutoRetry.MinimumBackoff') !== '') {
    say('the wait between retries', 'a step is tried again at once');
  }
  if ('manual' in does) return {};
  const isWhole = (text: string): boolean => /^\d{1,6}$/.test(text) && text !== '0';
  if (minutes !== '' && minutes !== '0' && !isWhole(minutes))
    say('the time limit', `${minutes} is no number`);
  if (retries !== '' && retries !== '0' && !isWhole(retries)) say('the retries', `${retries} is no number`);
  return {
    ...(isWhole(minutes) && { 'time-limit': `${minutes}m` }),
    ...(isWhole(retries) && { retries: Math.min(10, Number(retries)) }),
  };
}

/** A name that a process file takes, and no other step has. */
function nameOf(name: string, taken: ReadonlySet<string>): string {
  const tidy =
    name
      .replaceAll(/#\{|[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
      .trim()
      .slice(0, 190) || 'Step';
  let free = tidy;
  for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${tidy} ${n}`;
  return free;
}

/** The slug is what Octopus knows a step by when it is renamed; left out where the name makes the same. */
function idOf(slug: string | undefined, name: string): { id?: string } {
  if (slug === undefined || !/^[\p{Ll}\p{Lo}\p{Nd}][\p{Ll}\p{Lo}\p{Nd}._-]{0,99}$/u.test(slug)) return {};
  const made = name
    .toLowerCase()
    .replaceAll(/[^\p{Ll}\p{Lo}\p{Nd}]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '');
  return made === slug ? {} : { id: slug };
}

function written(name: string, path: string, steps: readonly StepEntry[]): string {
  const document = new Document({ process: name, steps: steps.map(({ entry }) => entry) });
  document.commentBefore = ` Imported from ${path} of Octopus Deploy.`;
  const list = document.get('steps', true);
  if (isSeq<YAMLMap>(list)) {
    for (const [index, item] of list.items.entries()) {
      const said = steps[index]!.notes;
      if (said !== '' && isMap(item)) item.commentBefore = said.replaceAll(/^/gm, ' ');
    }
  }
  return document.toString({ lineWidth: 0 });
}
