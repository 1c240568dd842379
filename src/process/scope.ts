/** Scopes: which value holds and which step runs in an environment. Names and tags are compared ignoring case. */
import { ProcessError } from './errors.ts';
import type { Revision, ScopedValue, Step } from './revision.ts';

/** Where a release goes: this side's name of the environment, and the tags it carries. */
export type Place = { readonly environment: string; readonly tags: readonly string[] };
type Scope = Pick<ScopedValue, 'environments' | 'tags'>;

/**
 * One value a name, for one environment: a value for the environment before one for a tag before one for everywhere.
 * Names that have no value here are left out; order and spelling are those of a name's first value.
 *
 * Throws ProcessError `SCOPE_AMBIGUOUS` where an environment carries two tags that each have a value.
 */
export function resolveVariables(
  revision: Pick<Revision, 'variables'>,
  local: readonly ScopedValue[],
  place: Place,
): { readonly name: string; readonly value: string }[] {
  const byName = new Map<string, { readonly name: string; readonly values: ScopedValue[] }>();
  for (const value of [...revision.variables, ...local]) {
    const key = value.name.toUpperCase();
    const known = byName.get(key) ?? { name: value.name, values: [] };
    byName.set(key, known);
    if (matches(value, place)) known.values.push(value);
  }
  return [...byName.values()].flatMap(({ name, values }) => {
    const rank = Math.max(...values.map(rankOf));
    const [best, second] = values.filter((value) => rankOf(value) === rank);
    if (best === undefined) return [];
    if (second !== undefined) throw ambiguous(best, second, place);
    return [{ name, value: best.value }];
  });
}

/** Why a step does not run in an environment, in words; undefined where it does. */
export function stepApplies(
  step: Pick<Step, 'environments' | 'tags' | 'exceptEnvironments'>,
  place: Place,
): string | undefined {
  if (has(step.exceptEnvironments, place.environment)) return `it is not for ${place.environment}`;
  if (step.environments.length > 0 && !has(step.environments, place.environment)) {
    return `it is only for ${step.environments.join(', ')}`;
  }
  if (step.tags.length > 0 && !step.tags.some((tag) => has(place.tags, tag))) {
    return `it is only for environments tagged ${step.tags.join(' or ')}`;
  }
  return undefined;
}

/**
 * Environments and tags that a revision mentions and a receiver does not have, each once, in order of mention: shown
 * in its offer, so that a misspelt name never drops a step quietly.
 */
export function namesUnknownHere(
  revision: Pick<Revision, 'variables' | 'steps' | 'checks' | 'uninstall'>,
  environments: readonly string[],
  tags: readonly string[],
): { readonly environments: string[]; readonly tags: string[] } {
  const { steps, variables, checks = [], uninstall = [] } = revision;
  const scopes = [...steps, ...variables, ...checks, ...uninstall];
  const except = [...steps, ...uninstall].flatMap((step) => step.exceptEnvironments);
  return {
    environments: unknown([...scopes.flatMap((scope) => scope.environments), ...except], environments),
    tags: unknown(
      scopes.flatMap((scope) => scope.tags),
      tags,
    ),
  };
}

/** Whether two values of one name hold somewhere with the same right, as far as their scopes alone can tell. */
export function matchEqually(a: Scope, b: Scope): boolean {
  return (
    rankOf(a) === rankOf(b) &&
    (a.environments.length === 0 || a.environments.some((one) => has(b.environments, one))) &&
    (a.tags.length === 0 || a.tags.some((one) => has(b.tags, one)))
  );
}

function matches(scope: Scope, place: Place): boolean {
  return (
    (scope.environments.length === 0 || has(scope.environments, place.environment)) &&
    (scope.tags.length === 0 || scope.tags.some((tag) => has(place.tags, tag)))
  );
}

function rankOf(scope: Scope): number {
  return (scope.environments.length > 0 ? 2 : 0) + (scope.tags.length > 0 ? 1 : 0);
}

function has(names: readonly string[], name: string): boolean {
  return names.some((one) => one.toLowerCase() === name.toLowerCase());
}

function unknown(mentioned: readonly string[], known: readonly string[]): string[] {
  return mentioned.filter((name, n) => !has(known, name) && !has(mentioned.slice(0, n), name));
}

function ambiguous(a: ScopedValue, b: ScopedValue, place: Place): ProcessError {
  const scopes = [...a.tags, ...b.tags].join(' and ');
  return new ProcessError(
    'SCOPE_AMBIGUOUS',
    `Cannot choose the value of ${a.name} in ${place.environment}: two of its values match equally (tags ${scopes})`,
    {
      hint: `Take one of these tags from ${place.environment}, or give the variable a value for that environment.`,
      details: { name: a.name, environment: place.environment, tags: [...a.tags, ...b.tags] },
    },
  );
}
