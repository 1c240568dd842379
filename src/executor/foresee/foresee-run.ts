import { CrossgapError } from '../../errors.ts';
import { openPackageContent, type PackageContent } from '../../packages/index.ts';
import { expand, namesIn, type VariableSet } from '../../variables/index.ts';
import type { Convention, Remark } from '../convention.ts';
import { failureConventions } from '../conventions.ts';
import { realDisk } from '../disk.ts';
import type { ConventionEnd, Fact, FactError } from '../journal.ts';
import { Masker } from '../masking.ts';
import { conventionsOf, traceOf } from '../outcome.ts';
import type { ConventionOutcome, Plan, PlannedStep, ScriptKind, StepState } from '../plan.ts';
import { emptyStep, type StepRecord } from '../record.ts';
import { runConventions } from '../run-conventions.ts';
import { groupsOf, whyNot, type NotRun } from '../step-conditions.ts';
import { tellFolder } from '../step-run.ts';
import { setOutputVariable, setScriptValue, stepVariables, type OutputVariable } from '../step-variables.ts';
import { foreseenConventions } from './foreseen-conventions.ts';
import { standInFor } from './stand-in.ts';
import type { ForeseenWork } from './foreseen-work.ts';
import { isFeatureScript, isTransform } from './package-oddities.ts';
import { emptyDisk, overlayDisk } from './overlay-disk.ts';
import { recordedScripts, RepeatedFailure, type RecordedScripts } from './recorded-scripts.ts';

/** What a step would do. */
export type ForeseenStep = {
  readonly id: string;
  readonly name: string;
  /** `waits`: for a person; `failed`: at the convention whose line says so. */
  readonly state: 'runs' | 'waits' | 'failed' | 'skipped' | 'not-run';
  readonly skippedBecause?: string;
  /** The condition of a step that runs only where this is true, which is known when it is its turn. */
  readonly onlyWhere?: string;
  /** The lines that the trace would have. */
  readonly conventions: readonly ConventionOutcome[];
  readonly transforms: readonly { readonly target: string; readonly by: readonly string[] }[];
  /** Tokens that stay as they are; `later` are those that a script or an earlier step may give a value to. */
  readonly noValue: readonly {
    readonly where: string;
    readonly tokens: readonly string[];
    readonly later: readonly string[];
  }[];
  /** Paths and globs that mean no file, and transform rules that no file meets. */
  readonly noFile: readonly { readonly feature: string; readonly pattern: string }[];
  readonly scripts: readonly {
    readonly script: string;
    readonly from: 'process' | 'package';
    readonly language: ScriptKind | null;
    readonly rather: readonly string[];
  }[];
  /** Files of the package with instructions for configuration files that nothing applies. */
  readonly transformsUnused: readonly string[];
  /** Files of the package that are named like scripts of features; they are ordinary files. */
  readonly namedLikeFeatures: readonly string[];
  readonly warnings: readonly string[];
  readonly error?: string;
  readonly errorCode?: string;
};

export type ForeseeOptions = {
  /** What stands for values that only the run will know, by name; those of secret inputs stand for themselves. */
  readonly standIns?: Readonly<Record<string, string>>;
  /** The packages were verified by who asks. */
  readonly isVerified?: boolean;
  /** The journal of a run: scripts are taken to have done what it says. */
  readonly facts?: readonly Fact[];
  /** What persons decided about manual steps where no journal tells it, by the ids of the steps. */
  readonly decided?: ReadonlyMap<string, Confirmation>;
};

/** How the line of a manual step ended when a person had decided. */
export type Confirmation = Pick<ConventionEnd, 'state' | 'detail' | 'error'>;

/**
 * What a run of this plan would do, convention by convention, told from the plan, the packages and this host's folders.
 * Nothing is extracted, written or run. What scripts change or set is known from a record or not at all.
 */
export async function foreseeRun(plan: Plan, options: ForeseeOptions = {}): Promise<ForeseenStep[]> {
  const secrets: Record<string, string> = {};
  for (const input of plan.inputs) if (input.secret) secrets[input.name] = standInFor(input.name);
  Object.assign(secrets, options.standIns);
  const known = new Set(plan.inputs.map(({ name }) => name.toLowerCase()));
  const more = Object.keys(options.standIns ?? {}).filter((name) => !known.has(name.toLowerCase()));
  const completed: Plan = {
    ...plan,
    inputs: [...plan.inputs, ...more.map((name) => ({ name, secret: true, version: 0 }) as const)],
  };
  const run: ForeseenRun = {
    plan: completed,
    secrets,
    facts: options.facts ?? [],
    decided: options.decided ?? new Map(),
    isVerified: options.isVerified ?? false,
    outputs: [],
    states: new Map(),
    error: undefined,
  };
  const steps: ForeseenStep[] = [];
  for (const group of groupsOf(completed.steps)) {
    // Steps that begin together know nothing of one another.
    const ended: { readonly foreseen: ForeseenStep; readonly outputs: readonly OutputVariable[] }[] = [];
    for (const { step, position } of group) ended.push(await foreseeStep(run, step, position));
    for (const [index, { foreseen, outputs }] of ended.entries()) {
      run.outputs.push(...outputs);
      run.states.set(foreseen.name, stateOf(foreseen));
      const isIgnored = recordedScripts(run.facts, group[index]!.position).isIgnored;
      if (foreseen.state === 'failed' && !isIgnored) run.error ??= foreseen.error;
      steps.push(foreseen);
    }
  }
  return steps;
}

type ForeseenRun = {
  readonly plan: Plan;
  readonly secrets: Readonly<Record<string, string>>;
  readonly facts: readonly Fact[];
  readonly decided: ReadonlyMap<string, Confirmation>;
  readonly isVerified: boolean;
  readonly outputs: OutputVariable[];
  readonly states: Map<string, StepState>;
  error: string | undefined;
};

function stateOf({ state }: ForeseenStep): StepState {
  if (state === 'runs' || state === 'waits') return 'succeeded';
  return state;
}

/** What a step would do, and the outputs that are known of it. */
async function foreseeStep(
  run: ForeseenRun,
  step: PlannedStep,
  position: number,
): Promise<{ readonly foreseen: ForeseenStep; readonly outputs: readonly OutputVariable[] }> {
  const { plan, secrets, states, error } = run;
  const made: OutputVariable[] = [];
  const variables = stepVariables({ plan, step, position, secrets, outputs: run.outputs, states, error });
  const onlyWhere = run.facts.length === 0 && isOpenCondition(step) ? step.when : undefined;
  let skipped: NotRun | undefined;
  try {
    skipped = onlyWhere === undefined ? whyNot(step, error !== undefined, () => variables) : undefined;
  } catch (thrown) {
    return { foreseen: told(step, emptyStep(1, 0), [], 'failed', judged(thrown)), outputs: [] };
  }
  if (skipped !== undefined) {
    const record = { ...emptyStep(0, 0), state: skipped.state, skippedBecause: skipped.because };
    return { foreseen: told(step, record, [], skipped.state), outputs: [] };
  }
  const foreseen = await foreseeWork(run, step, position, variables, made);
  return { foreseen: { ...foreseen, ...(onlyWhere !== undefined && { onlyWhere }) }, outputs: made };
}

/** Whether a condition depends on what an earlier step will have said. */
function isOpenCondition({ when, skippedBecause }: PlannedStep): boolean {
  return skippedBecause === undefined && namesIn(when).some(isOutput);
}

async function foreseeWork(
  run: ForeseenRun,
  step: PlannedStep,
  position: number,
  variables: VariableSet,
  made: OutputVariable[],
): Promise<ForeseenStep> {
  const record = emptyStep(1, 0);
  const recorded = recordedScripts(run.facts, position);
  if (step.action.kind === 'manual') {
    const { key } = conventionsOf(step)[0]!;
    const decided = recorded.endOf(key) ?? run.decided.get(step.id);
    if (decided === undefined) {
      const { missing } = expand(step.action.instructions, variables);
      const remark = { kind: 'no-value', where: 'the instructions', tokens: missing } as const;
      return told(step, record, missing.length === 0 ? [] : [laterMarked(remark, [])], 'waits');
    }
    record.ended.set(key, decided);
    return told(step, record, [], decided.error === undefined ? 'runs' : 'failed', decided.error);
  }
  using packages = openOnce(step, run.plan.packageLimits);
  const remarks: Remark[] = [];
  const workFor = worldOf(run, step, {
    recorded,
    variables,
    record,
    remarks,
    made,
    content: packages.content,
  });
  const ways = conventionsOf(step).map((convention) => foreseeing(convention));
  const onFailure = step.action.kind === 'package' ? failureConventions.map(foreseeing) : [];
  const end = await runConventions(ways, onFailure, {
    workFor,
    ended: record.ended,
    began: ({ key }) => void record.started.add(key),
    end: ({ key }, ended) => void record.ended.set(key, ended),
    judge: (thrown) => ({ error: judged(thrown) }),
    cleanUp: () => undefined,
  });
  const failure = end.state === 'succeeded' ? undefined : end.error;
  const oddities = step.action.kind === 'package' ? await odditiesIn(packages, remarks) : [];
  return told(step, record, [...remarks, ...oddities], failure === undefined ? 'runs' : 'failed', failure);
}

/** The convention with its foreseeing in the place of its work. */
function foreseeing(convention: Convention): Convention {
  const foresee = foreseenConventions[convention.key];
  if (foresee === undefined) throw new TypeError(`nothing foresees convention ${convention.key}`);
  return {
    ...convention,
    load: () =>
      Promise.resolve(async (work) => {
        const foreseen = work as ForeseenWork;
        const done = await foresee(foreseen);
        // What failed for a reason that only that machine had at that time fails again.
        foreseen.repeatFailure();
        return done;
      }),
  };
}

type StepWorld = {
  readonly recorded: RecordedScripts;
  readonly variables: VariableSet;
  readonly record: StepRecord;
  readonly remarks: Remark[];
  /** Outputs of this step so far. */
  readonly made: OutputVariable[];
  readonly content: () => Promise<PackageContent>;
};

function worldOf(
  run: ForeseenRun,
  step: PlannedStep,
  { recorded, variables, record, remarks, made, content }: StepWorld,
): (convention: Convention) => ForeseenWork {
  const { plan } = run;
  // What lies on the disk today is not what lay there when the record was made.
  const disk = overlayDisk(run.facts.length > 0 ? emptyDisk : realDisk);
  const masker = new Masker();
  const signal = new AbortController().signal;
  const scripts: string[] = [];
  const setOutput = (name: string, value: string): void => {
    setScriptValue(variables, name, value);
    setOutputVariable(variables, plan.machine, { step: step.name, name, value });
    made.push({ step: step.name, name, value });
  };
  return ({ key }) => ({
    plan,
    step,
    variables,
    masker,
    signal,
    scratch: '',
    disk,
    scripts,
    content,
    kept: undefined,
    isVerified: run.isVerified,
    isLater: (token) => isLater(token, scripts),
    recordedFolder: recorded.folder,
    recordedEnd: () => recorded.endOf(key),
    log(level, text) {
      if (level === 'warning') remarks.push({ kind: 'warning', text });
    },
    remark(remark) {
      remarks.push(laterMarked(remark, scripts));
    },
    isOpen: (text) => Object.values(run.secrets).some((value) => value !== '' && text.includes(value)),
    folder: (use) => record.folders.get(use),
    setFolder(use, path) {
      record.folders.set(use, path);
      tellFolder(variables, use, path);
    },
    setOutput,
    intend: () => undefined,
    intended: () => undefined,
    intentions: () => new Map(),
    digest: () => '',
    repeatScript() {
      for (const output of recorded.outputsOf(key)) {
        setOutput(output.name, output.value ?? standInFor(output.name));
      }
    },
    repeatFailure() {
      const failure = recorded.failureOf(key);
      if (failure !== undefined) throw new RepeatedFailure(failure);
    },
    runScript() {
      throw new TypeError('nothing is run where a run is only foreseen');
    },
  });
}

type Marked = Remark & { readonly later?: readonly string[] };

function laterMarked(remark: Remark, scripts: readonly string[]): Marked {
  if (remark.kind !== 'no-value') return remark;
  return { ...remark, later: remark.tokens.filter((token) => isLater(token, scripts)) };
}

/** Whether a token is the output of a step, or named by a script that sets variables. */
function isLater(token: string, scripts: readonly string[]): boolean {
  const setting = scripts.filter((text) => /octopusvariable|setvariable/i.test(text));
  const names = namesIn(token);
  return (
    names.length > 0 && names.every((name) => isOutput(name) || setting.some((text) => text.includes(name)))
  );
}

const isOutput = (name: string): boolean => /^Octopus\.Action\[[^\]]*\]\.Output\b/i.test(name);

type OpenPackage = Disposable & { readonly content: () => Promise<PackageContent>; isOpen(): boolean };

/** The package of a step, opened when it is first looked into. */
function openOnce({ action }: PlannedStep, limits: Plan['packageLimits']): OpenPackage {
  let opened: PackageContent | undefined;
  return {
    async content() {
      if (action.kind !== 'package') throw new TypeError('this step has no package');
      opened ??= await openPackageContent(action.package.file, limits);
      return opened;
    },
    isOpen: () => opened !== undefined,
    [Symbol.dispose]: () => opened?.[Symbol.dispose](),
  };
}

type Oddity = { readonly kind: 'transform-unused' | 'named-like-feature'; readonly file: string };

async function odditiesIn(packages: OpenPackage, remarks: readonly Remark[]): Promise<Oddity[]> {
  if (!packages.isOpen()) return [];
  const content = await packages.content();
  const applied = new Set(remarks.flatMap((remark) => (remark.kind === 'transformed' ? remark.by : [])));
  const unused = content.files.filter((file) => !applied.has(file) && isTransform(content, file));
  return [
    ...unused.map((file) => ({ kind: 'transform-unused', file }) as const),
    ...content.files.filter(isFeatureScript).map((file) => ({ kind: 'named-like-feature', file }) as const),
  ];
}

function told(
  step: PlannedStep,
  record: StepRecord,
  remarks: readonly (Marked | Oddity)[],
  state: ForeseenStep['state'],
  failure?: FactError,
): ForeseenStep {
  const of = <Kind extends (Marked | Oddity)['kind']>(kind: Kind) =>
    remarks.filter((one): one is Extract<Marked | Oddity, { kind: Kind }> => one.kind === kind);
  const named = of('named-like-feature').map(({ file }) => file);
  return {
    id: step.id,
    name: step.name,
    state,
    ...(record.skippedBecause !== undefined && { skippedBecause: record.skippedBecause }),
    conventions: traceOf(step, record, 'running'),
    transforms: of('transformed').map(({ target, by }) => ({ target, by })),
    noValue: of('no-value').map(({ where, tokens, later = [] }: Extract<Marked, { kind: 'no-value' }>) => ({
      where,
      tokens,
      later,
    })),
    noFile: [
      ...of('no-file').map(({ feature, pattern }) => ({ feature, pattern })),
      ...of('rule-unused').map(({ rule }) => ({ feature: 'config-transforms', pattern: rule })),
    ],
    scripts: of('script').map(({ script, from, language, rather }) => ({
      script,
      from,
      language: language ?? null,
      rather,
    })),
    transformsUnused: of('transform-unused').map(({ file }) => file),
    namedLikeFeatures: named,
    warnings: of('warning')
      .map(({ text }) => text)
      .filter((text) => !isToldApart(text, named)),
    ...(failure && { error: failure.message, ...(failure.code && { errorCode: failure.code }) }),
  };
}

/** Whether a warning of the log says what has a place of its own here. */
function isToldApart(text: string, named: readonly string[]): boolean {
  return text.startsWith('No file matches ') || named.some((file) => text.startsWith(`${file} is not run`));
}

function judged(thrown: unknown): FactError {
  if (thrown instanceof RepeatedFailure) return thrown.recorded;
  if (!(thrown instanceof CrossgapError)) throw thrown;
  const { code, message, hint } = thrown;
  return { code, message, hint };
}
