import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { foreseeRun, scriptKinds, type ScriptKind } from '../../executor/index.ts';
import { unknownReferences, type ProcessFile } from '../../process/index.ts';
import { readEnvironments } from '../../projections/index.ts';
import { namesIn } from '../../variables/index.ts';
import { count } from '../../words.ts';
import { misuse, type Context, type Outcome } from '../command.ts';
import { describeForeseen } from '../told/describe-foreseen.ts';
import { CliError } from '../errors.ts';
import { readGivenProcess } from '../given/process.ts';
import { lintedPlan, lintPlaces } from './linted-plan.ts';
import { lintProblems, type LintProblem } from './lint-problems.ts';
import { requiredRevision, revisionNamed } from '../told/revisions.ts';
import { section } from '../table.ts';
import { limitsHere } from '../given/limits-here.ts';
import { triedPackages } from './packages.ts';
import { everyTrust } from '../links/trust.ts';

/** What is asked of `package lint`. */
export type LintWish = {
  readonly process: string;
  readonly env: readonly string[];
  readonly engine: readonly string[];
};

/** What a process would do with a package in every place there can be. */
export async function lintPackage(
  context: Context,
  FILE: string,
  { process, env, engine }: LintWish,
): Promise<Outcome> {
  const engines = engine.length === 0 ? undefined : enginesNamed(engine);
  const instance = await context.openIfThere();
  const file = await processNamed(context, process);
  const limits = instance?.packageLimits ?? (await limitsHere(context));
  const trust = instance === undefined ? { fingerprints: [] } : everyTrust(instance);
  const [tried] = await triedPackages([FILE], { trust, allowUnsigned: true, limits });
  const { id, version } = tried!.planned;
  refuseOther(file, id, FILE);
  const environments = [];
  for (const place of lintPlaces(file.revision, instance ? readEnvironments(instance.db) : [], env)) {
    const { plan, standIns } = lintedPlan(file, place, {
      package: tried!.planned,
      appsFolder: join(resolve(context.folder), 'apps', place.environment || 'ENVIRONMENT'),
      guardedFolder: resolve(context.folder),
      limits,
    });
    const steps = await foreseeRun(plan, { standIns, isVerified: true });
    environments.push({ name: place.environment, shown: place.shown, tags: place.tags, steps });
  }
  const problems = lintProblems(environments, engines);
  const locals = file.local.variables.map(({ name }) => name);
  const unknownNames = unknownReferences(file.revision, namesIn, locals);
  const errors = problems.filter(({ severity }) => severity === 'error');
  return {
    document: {
      file: FILE,
      id,
      version,
      process: file.revision.process,
      ok: errors.length === 0,
      note: tried!.note ?? null,
      environments,
      problems,
      unknownNames,
    },
    text: [
      `${id} ${version} with process ${file.revision.process}: ${told(problems)}`,
      ...environments.flatMap(({ shown, steps }) => section(shown, describeForeseen(steps))),
      ...section('Problems', problems.map(problemLine)),
      ...section(
        'Names that the process uses and nothing gives a value to',
        unknownNames.map(
          ({ name, where, meant }) => `${name} in ${where}${meant === undefined ? '' : `; meant ${meant}?`}`,
        ),
      ),
    ],
    ...(errors.length > 0 && { failure: incomplete(FILE, file.revision.process, errors) }),
  };
}

function told(problems: readonly LintProblem[]): string {
  if (problems.length === 0) return 'nothing is wrong';
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  return `${count(errors, 'error')}, ${count(problems.length - errors, 'warning')}`;
}

function problemLine({ severity, step, message, environments }: LintProblem): string {
  const where = environments.length === 0 ? '' : ` (${environments.join(', ')})`;
  return `${severity}: step ${step}: ${message}${where}`;
}

function incomplete(file: string, process: string, errors: readonly LintProblem[]): CliError {
  const [first] = errors;
  const more = errors.length === 1 ? '' : `, and ${errors.length - 1} more`;
  return new CliError(
    'PACKAGE_INCOMPLETE',
    `Cannot deploy ${file} by process ${process} as it is: step ${first!.step}: ${first!.message}${more}`,
    {
      hint: 'Mend the package or the process; each problem is listed with the environments where it shows.',
      details: { file, problems: errors },
    },
  );
}

function enginesNamed(names: readonly string[]): ScriptKind[] {
  return names
    .flatMap((name) => name.split(','))
    .map((name) => {
      const kind = scriptKinds.find((one) => one === name.trim().toLowerCase());
      if (kind !== undefined) return kind;
      throw misuse(`Cannot lint for the engine ${name}: there is none`, `Name ${scriptKinds.join(', ')}.`);
    });
}

async function processNamed(
  context: Context,
  process: string,
): Promise<Pick<ProcessFile, 'revision' | 'local'>> {
  if (/\.ya?ml$/i.test(process) || existsSync(process)) return readGivenProcess(process);
  const instance = await context.open();
  const row = revisionNamed(instance, process);
  const { revision: number, digest } = row;
  const revision = requiredRevision(instance, { process: row.process, number, digest });
  const { publishWhen, variables } = row.local;
  return { revision, local: { publishWhen, variables } };
}

function refuseOther({ revision }: Pick<ProcessFile, 'revision'>, id: string, file: string): void {
  const packages = revision.steps.flatMap(({ action }) =>
    action.kind === 'package' ? [action.package] : [],
  );
  if (packages.some((one) => one.toLowerCase() === id.toLowerCase())) return;
  const deployed = packages.length === 0 ? 'no package' : packages.join(', ');
  throw misuse(
    `Cannot lint ${file} with process ${revision.process}: it is a package ${id}, and that deploys ${deployed}`,
    'Name the process that deploys this package.',
  );
}
