import { featureFindings, hostProblems, programFinder, type FeatureFinding } from '../check-host.ts';
import type { Ask } from '../features/feature.ts';
import type { Plan, ScriptKind } from '../plan.ts';
import { scriptEnvironment } from '../script-environment.ts';
import { lookAtAccount } from './account.ts';
import { askProgram } from './ask-program.ts';
import { lookAtClock } from './clock.ts';
import { enginesAsked, lookAtEngine, lookAtPipes } from './engines.ts';
import { good, lacking, note, type HostCheck } from './host-check.ts';
import { packagesAhead, stepsAhead } from './planned-folders.ts';
import { lookAtPorts, type PortAsked } from './ports.ts';
import { isPrivileged, lookAtFolder, lookAtInstallFolders } from './rights.ts';
import { spaceNeeds } from './space-needs.ts';
import { lookAtSpace } from './space.ts';

export type HostQuestions = {
  /** Where the run is kept. */
  readonly dataFolder: string;
  /** By which name the account is called. */
  readonly account: string;
  /** Values of secret inputs as far as they are known, by name. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly ports: readonly PortAsked[];
  /** Scripts that run besides those of steps. */
  readonly besides: readonly { readonly where: string; readonly kind: ScriptKind }[];
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly newestSignedAt: number | null;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** How long each look may take. */
  readonly lookMs?: number;
  readonly signal?: AbortSignal;
};

/**
 * Everything about this machine that can be known before a run of `plan` is started: the account, space, folders, ports,
 * script engines, features, the clock. Nothing is written or changed; the looks go on side by side, and one that takes
 * longer than two seconds is given up and said to be.
 */
export async function lookAtHost(plan: Plan, questions: HostQuestions): Promise<HostCheck[]> {
  const {
    account,
    dataFolder,
    ports,
    besides,
    secrets,
    environment = process.env,
    lookMs = 2000,
  } = questions;
  const signal = AbortSignal.any([
    AbortSignal.timeout(lookMs),
    ...(questions.signal === undefined ? [] : [questions.signal]),
  ]);
  const steps = stepsAhead(plan, secrets);
  const features = featureFindings(plan, environment);
  const packages = await packagesAhead(plan, steps);
  const replaced = previousFolders(packages);
  const facts = { account, isPrivileged: isPrivileged(), platform: process.platform };
  const own = [
    lookAtFolder({ folder: dataFolder, purpose: 'Data folder' }, account),
    ...(packages.length === 0
      ? []
      : [lookAtFolder({ folder: plan.appsFolder, purpose: 'Applications' }, account)]),
  ];
  const inTime = async (what: string, look: Promise<readonly HostCheck[]>): Promise<readonly HostCheck[]> =>
    await firstOf(look, signal, [note({ id: `late:${what}`, name: what }, 'it took too long to find out')]);
  const scripts = scriptEnvironment(environment);
  const engines = enginesAsked(steps, packages, besides);
  const find = programFinder(environment);
  const ask: Ask = async (program, words) => {
    const path = find([program]);
    return path === undefined ? undefined : await askProgram(path, words, { environment: scripts, signal });
  };
  const looks = await Promise.all([
    inTime(
      'Space',
      spaceNeeds(plan, packages, dataFolder, signal).then((needs) => lookAtSpace(needs)),
    ),
    inTime('Ports', lookAtPorts(ports, { replaced, features: features.map(({ called }) => called) })),
    ...engines.map((engine) =>
      inTime(engine.programs[0] ?? engine.kind, lookAtEngine(engine, scripts, signal).then(alone)),
    ),
  ]);
  const [space, ...others] = looks;
  const seen = await Promise.all(
    features.map((feature) => inTime(calledIn(feature), lookAtFeature(feature, ask))),
  );
  return [
    lookAtAccount(facts, features, ports),
    ...space,
    ...own,
    ...lookAtInstallFolders(packages, account),
    ...others.flat(),
    ...(engines.length === 0 ? [] : lookAtPipes(scripts)),
    ...seen.flat(),
    ...unsupported(plan, environment),
    lookAtClock(questions.now, questions.newestSignedAt),
  ];
}

const alone = (check: HostCheck): readonly HostCheck[] => [check];

/** Where the versions before lie that this run takes the place of. */
function previousFolders(packages: Awaited<ReturnType<typeof packagesAhead>>): string[] {
  const folders = packages.flatMap(({ action, install }) => [
    action.previous?.extractedTo,
    action.previous?.installedTo,
    // What is copied over a folder takes the place of what runs there, whoever put it there.
    install.kind === 'known' && action.previous !== undefined ? install.folder : undefined,
  ]);
  return [...new Set(folders.filter((folder) => folder !== undefined && folder !== null))];
}

const calledIn = ({ step, called }: FeatureFinding): string => `Step ${step.name}: ${called}`;

/** What a feature lacks here; where it lacks nothing, how what it works on stands. */
async function lookAtFeature(feature: FeatureFinding, ask: Ask): Promise<HostCheck[]> {
  const { step, called, lacking: lacks, look } = feature;
  const looked = { id: `feature:${step.id}:${called}`, name: calledIn(feature) };
  if (lacks.length > 0) {
    const hint =
      'Install what is missing, or start this as the account that may do it; docs/features.md tells more.';
    return [lacking(looked, lacks.join('; '), hint)];
  }
  const sights = (await look?.(ask)) ?? [];
  if (sights.length === 0) return [good(looked, 'this machine has what it needs')];
  return sights.map((sight, at) => ({
    ...looked,
    id: at === 0 ? looked.id : `${looked.id}:${at + 1}`,
    ...sight,
  }));
}

/** Features that this version can't do; they keep a plan from being run anywhere. */
function unsupported(plan: Plan, environment: Readonly<Record<string, string | undefined>>): HostCheck[] {
  return hostProblems(plan, environment)
    .filter(({ code }) => code === 'FEATURE_NOT_SUPPORTED')
    .map(({ stepId, message }, at) =>
      lacking(
        { id: `unsupported:${stepId}:${at + 1}`, name: 'This program' },
        message,
        'Take a newer version of this program, if there is one that can.',
      ),
    );
}

async function firstOf<Result>(
  look: Promise<Result>,
  signal: AbortSignal,
  otherwise: Result,
): Promise<Result> {
  const late = Promise.withResolvers<Result>();
  const give = (): void => late.resolve(otherwise);
  signal.addEventListener('abort', give, { once: true });
  if (signal.aborted) give();
  try {
    return await Promise.race([look, late.promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
