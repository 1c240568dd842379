import { EnvironmentAdded, EnvironmentRemoved } from '../events/index.ts';
import { atHome, type Decision } from './decision.ts';
import { CommandError } from './errors.ts';

/** An environment as this side has it. */
export type Environment = {
  readonly name: string;
  readonly after: readonly string[];
  readonly tags: readonly string[];
};

const same = (a: readonly string[], b: readonly string[]): boolean =>
  a.every((item) => b.includes(item)) && b.every((item) => a.includes(item));

/** Adds an environment or changes what it follows; the same again changes nothing. */
export function addEnvironment(environments: readonly Environment[], intent: Environment): Decision {
  const known = environments.find(({ name }) => name === intent.name);
  if (known !== undefined && same(known.after, intent.after) && same(known.tags, intent.tags)) return [];
  for (const before of intent.after) findEnvironment(environments, before);
  const all = [...environments.filter(({ name }) => name !== intent.name), intent];
  if (leadsTo(all, intent.name, intent.name)) {
    throw new CommandError(
      'LIFECYCLE_CYCLE',
      `Cannot add environment ${intent.name} after ${intent.after.join(', ')}: it would come after itself`,
      { hint: 'Name only environments that come earlier.', details: { environment: intent.name } },
    );
  }
  const { name, after, tags } = intent;
  return [atHome(EnvironmentAdded.make({ name, after: [...new Set(after)], tags: [...new Set(tags)] }))];
}

/** Removes an environment that no other one comes after. */
export function removeEnvironment(environments: readonly Environment[], name: string): Decision {
  if (!environments.some((environment) => environment.name === name)) return [];
  const followers = environments.filter(({ after }) => after.includes(name)).map((one) => one.name);
  if (followers.length > 0) {
    throw new CommandError(
      'ENVIRONMENT_IN_USE',
      `Cannot remove environment ${name}: ${followers.join(', ')} comes after it`,
      { hint: 'Change or remove those first.', details: { followers } },
    );
  }
  return [atHome(EnvironmentRemoved.make({ name }))];
}

/** The environment of this name, or the reason why not, with the names there are. */
export function findEnvironment(environments: readonly Environment[], name: string): Environment {
  const found = environments.find((environment) => environment.name === name);
  if (found !== undefined) return found;
  const names = environments.map((environment) => environment.name).join(', ') || 'none';
  const meant = environments.find((environment) => environment.name.toLowerCase() === name.toLowerCase());
  throw new CommandError(
    'ENVIRONMENT_UNKNOWN',
    `Cannot use environment ${name}: there is none of that name`,
    {
      hint: `${meant === undefined ? '' : `Did you mean ${meant.name}? `}This side has: ${names}. Add one with \`crossgap environment add ${name}\`.`,
      details: { environment: name },
    },
  );
}

function leadsTo(environments: readonly Environment[], from: string, to: string): boolean {
  const seen = new Set<string>();
  const walk = (name: string): boolean =>
    (environments.find((one) => one.name === name)?.after ?? []).some(
      (next) => next === to || (!seen.has(next) && seen.add(next).size > 0 && walk(next)),
    );
  return walk(from);
}
