import type { Database } from '../../db/index.ts';
import {
  scriptsBeforeSteps,
  scriptsIn,
  unknownReferences,
  type Revision,
  type Script,
} from '../../process/index.ts';
import { nameKey, readPackages } from '../../projections/index.ts';
import { namesIn } from '../../variables/index.ts';

/** How a script gets a value as data, language by language. */
const reads: Readonly<Record<Script['kind'], (name: string) => string>> = {
  bash: (name) => `"$(get_octopusvariable '${name}')"`,
  powershell: (name) => `$OctopusParameters['${name}']`,
  python: (name) => `get_octopusvariable('${name}')`,
};

/** What is no reason to refuse a process and may still be a mistake, a line each. */
export function publishNotes(db: Database, revision: Revision, local: readonly string[]): string[] {
  return [
    ...unknownReferences(revision, namesIn, local).map(({ name, where, meant }) => {
      const guess = meant === undefined ? '' : `; is it ${meant}?`;
      return `nothing gives ${name} a value, which ${where} uses${guess}`;
    }),
    ...pastedSecrets(revision),
    ...unknownPackages(db, revision),
  ];
}

/** A value is pasted into a script as text, where a quote or a blank in it is read as part of the script. */
function pastedSecrets(revision: Revision): string[] {
  const { inputs, steps, uninstall = [] } = revision;
  const all = [
    ...scriptsBeforeSteps(revision),
    ...[...steps, ...uninstall].flatMap(({ name, action }) =>
      scriptsIn(action).map((script) => ({ where: `step ${name}`, script })),
    ),
  ];
  const secrets = new Map(inputs.filter(({ secret }) => secret).map(({ name }) => [nameKey(name), name]));
  return all.flatMap(({ where, script: { kind, text } }) =>
    namesIn(text).flatMap((used) => {
      const secret = secrets.get(nameKey(used));
      if (secret === undefined) return [];
      return [
        `the ${kind} script of ${where} pastes the secret ${secret} as text, where a quote in it would break the script; ${reads[kind](secret)} reads it safely`,
      ];
    }),
  );
}

function unknownPackages(db: Database, { steps }: Revision): string[] {
  const added = new Set(readPackages(db).map(({ pin }) => nameKey(pin.id)));
  const wanted = steps.flatMap(({ name, action }) =>
    action.kind === 'package' ? [{ step: name, id: action.package }] : [],
  );
  return wanted
    .filter(({ id }) => !added.has(nameKey(id)))
    .map(({ step, id }) => `step ${step} deploys package ${id}, of which no version was added here yet`);
}
