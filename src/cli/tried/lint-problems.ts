import { missingEngines, type ForeseenStep, type ScriptKind } from '../../executor/index.ts';

/** What is wrong, or looks wrong, with a package for a process, and where it would show. */
export type LintProblem = {
  /** `error`: a deployment would fail, or leave a placeholder that nothing gives a value to. */
  readonly severity: 'error' | 'warning';
  readonly kind:
    | 'would-fail'
    | 'no-engine'
    | 'no-value'
    | 'no-file'
    | 'transform-unused'
    | 'named-like-feature'
    | 'warning';
  readonly step: string;
  readonly message: string;
  /** As they are shown; empty for what holds in all of them. */
  readonly environments: readonly string[];
};

type Found = Omit<LintProblem, 'environments'>;

export type LintedPlace = { readonly shown: string; readonly steps: readonly ForeseenStep[] };

/** What each place would show, each thing once. `engines` are those of the target, else of this host. */
export function lintProblems(
  places: readonly LintedPlace[],
  engines: readonly ScriptKind[] | undefined,
): LintProblem[] {
  const found = new Map<string, { problem: Found; environments: string[] }>();
  for (const { shown, steps } of places) {
    for (const problem of steps.flatMap((step) => problemsOf(step, engines))) {
      const key = JSON.stringify(problem);
      const known = found.get(key) ?? { problem, environments: [] };
      if (!known.environments.includes(shown)) known.environments.push(shown);
      found.set(key, known);
    }
  }
  // A transform is for some environments: only one that none of them applies is worth a word.
  const isRunIn = (step: string): number =>
    places.filter(({ steps }) =>
      steps.some(({ name, state }) => name === step && (state === 'runs' || state === 'failed')),
    ).length;
  return [...found.values()]
    .filter(
      ({ problem, environments }) =>
        problem.kind !== 'transform-unused' || environments.length >= isRunIn(problem.step),
    )
    .map(({ problem, environments }) => ({
      ...problem,
      environments: environments.length === places.length ? [] : environments,
    }))
    .sort((one, other) => Number(one.severity === 'warning') - Number(other.severity === 'warning'));
}

function problemsOf(step: ForeseenStep, engines: readonly ScriptKind[] | undefined): Found[] {
  const say = (severity: Found['severity'], kind: Found['kind'], message: string): Found => ({
    severity,
    kind,
    step: step.name,
    message,
  });
  const isScript = step.errorCode === 'SCRIPT_NOT_STARTED';
  return [
    ...(step.error === undefined
      ? []
      : [say('error', isScript ? 'no-engine' : 'would-fail', step.error.replace(/^Cannot /, 'cannot '))]),
    ...step.scripts.flatMap(({ script, language }) => {
      const lacking = language === null ? undefined : lackingEngine(language, engines);
      return lacking === undefined ? [] : [say('error', 'no-engine', `${script} needs ${lacking}`)];
    }),
    ...step.noValue.flatMap(({ where, tokens, later }) => {
      const never = tokens.filter((token) => !later.includes(token));
      return never.length === 0
        ? []
        : [say('error', 'no-value', `no value for ${never.join(', ')} in ${where}`)];
    }),
    ...step.noFile.map(({ feature, pattern }) =>
      say('warning', 'no-file', `no file matches ${pattern} of ${feature}`),
    ),
    ...step.transformsUnused.map((file) =>
      say('warning', 'transform-unused', `${file} is a transform, and no file is transformed by it`),
    ),
    ...step.namedLikeFeatures.map((file) =>
      say('warning', 'named-like-feature', `${file} is named like a script of a feature and is not run`),
    ),
    ...step.warnings.map((text) => say('warning', 'warning', text)),
  ];
}

/** What a script needs that the target lacks, in words. */
function lackingEngine(kind: ScriptKind, engines: readonly ScriptKind[] | undefined): string | undefined {
  if (engines === undefined) {
    const [missing] = missingEngines([kind]);
    return missing && `${missing.name}, and ${missing.programs.join(' or ')} is not on this machine`;
  }
  return engines.includes(kind) ? undefined : `${kind}, which the target does not have`;
}
