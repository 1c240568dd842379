import { featureKeyOf } from './config-file-features.ts';
import { changedLines, commonPairs, type ChangedLine } from './line-diff.ts';
import type { InputDefinition, ProcessCheck, Revision, ScopedValue, Script, Step } from './revision.ts';

/** A field whose content differs, as text; null where it is not set. */
export type FieldChange = {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
};
/** A script that came, went or changed: `where` is `run`, `pre-deploy`, `deploy`, `post-deploy` or `test`. */
export type ScriptChange = {
  readonly where: string;
  readonly kind: string;
  readonly lines: readonly ChangedLine[];
};
export type StepChange = {
  readonly id: string;
  readonly name: string;
  readonly fields: readonly FieldChange[];
  readonly scripts: readonly ScriptChange[];
};

/** What differs between two lists of steps. Positions count from 1. */
export type StepsDiff = {
  readonly added: readonly { readonly id: string; readonly name: string; readonly position: number }[];
  readonly removed: readonly { readonly id: string; readonly name: string; readonly position: number }[];
  readonly moved: readonly {
    readonly id: string;
    readonly name: string;
    readonly from: number;
    readonly to: number;
  }[];
  readonly changed: readonly StepChange[];
};

/** What differs between two revisions. */
export type RevisionDiff = {
  readonly process: FieldChange | null;
  readonly steps: StepsDiff;
  /** The steps to uninstall by. */
  readonly uninstall: StepsDiff;
  /** Known by name. */
  readonly checks: {
    readonly added: readonly string[];
    readonly removed: readonly string[];
    readonly changed: readonly Omit<StepChange, 'id'>[];
  };
  readonly variables: {
    readonly added: readonly FieldChange[];
    readonly removed: readonly FieldChange[];
    readonly changed: readonly FieldChange[];
  };
  readonly inputs: {
    readonly added: readonly {
      readonly name: string;
      readonly required: boolean;
      readonly secret: boolean;
    }[];
    readonly removed: readonly string[];
    readonly changed: readonly Omit<StepChange, 'id'>[];
    /** Required now and not before, new ones included: what a receiver must give that it had not to give. */
    readonly nowRequired: readonly string[];
  };
};

/** What changed from revision `a` to revision `b`. Steps are known by id; names of values ignore case. */
export function diffRevisions(a: Revision, b: Revision): RevisionDiff {
  return {
    process: a.process === b.process ? null : { field: 'process', before: a.process, after: b.process },
    checks: diffChecks(a.checks ?? [], b.checks ?? []),
    steps: diffSteps(a.steps, b.steps),
    uninstall: diffSteps(a.uninstall ?? [], b.uninstall ?? []),
    variables: diffVariables(a.variables, b.variables),
    inputs: diffInputs(a.inputs, b.inputs),
  };
}

/** Whether nothing differs. */
export function isSame(diff: RevisionDiff): boolean {
  const { process, ...parts } = diff;
  return process === null && Object.values(parts).every((part) => Object.values(part).every(isEmpty));
}

function diffSteps(a: readonly Step[], b: readonly Step[]): StepsDiff {
  const keyOf = (step: Step): string => step.id.toLowerCase();
  const before = new Map(a.map((step, n) => [keyOf(step), { step, position: n + 1 }]));
  const after = new Map(b.map((step, n) => [keyOf(step), { step, position: n + 1 }]));
  const keptA = a.map(keyOf).filter((key) => after.has(key));
  const keptB = b.map(keyOf).filter((key) => before.has(key));
  const inPlace = new Set(commonPairs(keptA, keptB).map(([n]) => keptA[n]));
  const facts = (step: Step, n: number) => ({ id: step.id, name: step.name, position: n + 1 });
  return {
    added: b.map(facts).filter(({ id }) => !before.has(id.toLowerCase())),
    removed: a.map(facts).filter(({ id }) => !after.has(id.toLowerCase())),
    moved: keptB
      .filter((key) => !inPlace.has(key))
      .map((key) => {
        const { step, position } = after.get(key)!;
        return { id: step.id, name: step.name, from: before.get(key)!.position, to: position };
      }),
    changed: keptB.flatMap((key) => {
      const change = diffStep(before.get(key)!.step, after.get(key)!.step);
      return change.fields.length + change.scripts.length > 0 ? [change] : [];
    }),
  };
}

function diffStep(a: Step, b: Step): StepChange {
  const scripts = diffScripts(scriptsOf(a), scriptsOf(b));
  return { id: b.id, name: b.name, fields: diffFields(fieldsOf(a), fieldsOf(b)), scripts };
}

type PlacedScripts = ReadonlyMap<string, { where: string; kind: string; text: string }>;

function diffScripts(before: PlacedScripts, after: PlacedScripts): ScriptChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was?.text === is?.text) return [];
    const { where, kind } = (is ?? was)!;
    return [{ where, kind, lines: changedLines(was?.text ?? '', is?.text ?? '') }];
  });
}

function scriptsOf({ action }: Step): PlacedScripts {
  return placedScripts(
    action.kind === 'run'
      ? { run: [action.script] }
      : action.kind === 'manual'
        ? {}
        : {
            'pre-deploy': action.scripts.preDeploy,
            deploy: action.scripts.deploy,
            'post-deploy': action.scripts.postDeploy,
          },
  );
}

function placedScripts(stages: Readonly<Record<string, readonly Script[]>>): PlacedScripts {
  return new Map(
    Object.entries(stages).flatMap(([where, scripts]) =>
      scripts.map(({ kind, text }) => [`${where} ${kind}`, { where, kind, text }] as const),
    ),
  );
}

function fieldsOf(step: Step): Map<string, string | null> {
  const { action } = step;
  const fields = new Map<string, string | null>([
    ['name', step.name],
    ['when', step.when],
    ['start', step.start ?? null],
    ['environments', listed(step.environments)],
    ['tags', listed(step.tags)],
    ['except-environments', listed(step.exceptEnvironments)],
    ['required', String(step.required)],
    ['time-limit', step.timeLimitMs === null ? null : `${step.timeLimitMs / 1000}s`],
    ['retries', String(step.retriesMax)],
    ...step.properties.map(
      ({ name, value }) => [featureKeyOf(name) ?? `properties: ${name}`, value] as const,
    ),
  ]);
  if (action.kind === 'manual') fields.set('manual: instructions', action.instructions);
  if (action.kind === 'package') {
    fields.set('package', action.package);
    fields.set('substitute-in-files', listed(action.substituteInFiles));
    fields.set('config-variables', String(action.configVariables));
    fields.set('install-to', action.installTo?.folder ?? null);
    fields.set('install-to: purge', action.installTo ? String(action.installTo.purge) : null);
    fields.set('install-to: keep', listed(action.installTo?.keep ?? []));
  }
  return fields;
}

function diffChecks(a: readonly ProcessCheck[], b: readonly ProcessCheck[]): RevisionDiff['checks'] {
  const keyOf = (check: ProcessCheck): string => check.name.toLowerCase();
  const before = new Map(a.map((check) => [keyOf(check), check]));
  const after = new Set(b.map(keyOf));
  return {
    added: b.filter((check) => !before.has(keyOf(check))).map((check) => check.name),
    removed: a.filter((check) => !after.has(keyOf(check))).map((check) => check.name),
    changed: b.flatMap((check) => {
      const was = before.get(keyOf(check));
      if (was === undefined) return [];
      const scripts = diffScripts(
        placedScripts({ run: [was.script] }),
        placedScripts({ run: [check.script] }),
      );
      const fields = diffFields(checkFields(was), checkFields(check));
      return fields.length + scripts.length > 0 ? [{ name: check.name, fields, scripts }] : [];
    }),
  };
}

function checkFields({ name, hint, environments, tags }: ProcessCheck): Map<string, string | null> {
  return new Map([
    ['name', name],
    ['hint', hint],
    ['environments', listed(environments)],
    ['tags', listed(tags)],
  ]);
}

function listed(items: readonly string[]): string | null {
  return items.length === 0 ? null : items.join(', ');
}

function diffFields(
  before: ReadonlyMap<string, string | null>,
  after: ReadonlyMap<string, string | null>,
): FieldChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((field) => {
    const [was, is] = [before.get(field) ?? null, after.get(field) ?? null];
    return was === is ? [] : [{ field, before: was, after: is }];
  });
}

function diffVariables(a: readonly ScopedValue[], b: readonly ScopedValue[]): RevisionDiff['variables'] {
  const changes = diffFields(scopedTexts(a), scopedTexts(b));
  return {
    added: changes.filter(({ before }) => before === null),
    removed: changes.filter(({ after }) => after === null),
    changed: changes.filter(({ before, after }) => before !== null && after !== null),
  };
}

/** Each variable's values as one text, its scopes beside them; the key is the name, one spelling for both sides. */
function scopedTexts(values: readonly ScopedValue[]): Map<string, string> {
  const texts = new Map<string, { name: string; texts: string[] }>();
  for (const { name, value, environments, tags } of values) {
    const scope = [...environments, ...tags.map((tag) => `tag ${tag}`)].join(', ');
    const entry = texts.get(name.toUpperCase()) ?? { name, texts: [] };
    entry.texts.push(scope === '' ? value : `${value} (${scope})`);
    texts.set(name.toUpperCase(), entry);
  }
  return new Map([...texts.values()].map((entry) => [entry.name, entry.texts.join(' | ')]));
}

function diffInputs(a: readonly InputDefinition[], b: readonly InputDefinition[]): RevisionDiff['inputs'] {
  const keyOf = (input: InputDefinition): string => input.name.toUpperCase();
  const before = new Map(a.map((input) => [keyOf(input), input]));
  const after = new Set(b.map(keyOf));
  return {
    added: b
      .filter((input) => !before.has(keyOf(input)))
      .map(({ name, required, secret }) => ({ name, required, secret })),
    removed: a.filter((input) => !after.has(keyOf(input))).map((input) => input.name),
    changed: b.flatMap((input) => {
      const was = before.get(keyOf(input));
      if (was === undefined) return [];
      const fields = diffFields(inputFields(was), inputFields(input));
      const scripts = diffScripts(testOf(was), testOf(input));
      return fields.length + scripts.length > 0 ? [{ name: input.name, fields, scripts }] : [];
    }),
    nowRequired: b
      .filter((input) => mustBeGiven(input) && !mustBeGiven(before.get(keyOf(input))))
      .map((input) => input.name),
  };
}

function mustBeGiven(input: InputDefinition | undefined): boolean {
  return input !== undefined && input.required && input.default === null;
}

function testOf({ test }: InputDefinition): PlacedScripts {
  return placedScripts(test === undefined ? {} : { test: [test] });
}

function inputFields(input: InputDefinition): Map<string, string | null> {
  return new Map([
    ['label', input.label],
    ['help', input.help],
    ['type', input.type],
    ['choices', listed(input.choices)],
    ['default', input.default],
    ['required', String(input.required)],
    ['secret', String(input.secret)],
    ['group', input.group ?? null],
    ['show-while-typing', input.mayBeShown === undefined ? null : 'true'],
  ]);
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}
