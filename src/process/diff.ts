import { featureKeyOf } from './config-file-features.ts';
import { changedLines, commonPairs, type ChangedLine } from './line-diff.ts';
import type { InputDefinition, Revision, ScopedValue, Step } from './revision.ts';

/** A field whose content differs, as text; null where it is not set. */
export type FieldChange = {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
};
/** A script that came, went or changed: `where` is `run`, `pre-deploy`, `deploy` or `post-deploy`. */
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

/** What differs between two revisions. Positions of steps count from 1. */
export type RevisionDiff = {
  readonly process: FieldChange | null;
  readonly steps: {
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
    readonly changed: readonly { readonly name: string; readonly fields: readonly FieldChange[] }[];
    /** Required now and not before, new ones included: what a receiver must give that it had not to give. */
    readonly nowRequired: readonly string[];
  };
};

/** What changed from revision `a` to revision `b`. Steps are known by id; names of values ignore case. */
export function diffRevisions(a: Revision, b: Revision): RevisionDiff {
  return {
    process: a.process === b.process ? null : { field: 'process', before: a.process, after: b.process },
    steps: diffSteps(a.steps, b.steps),
    variables: diffVariables(a.variables, b.variables),
    inputs: diffInputs(a.inputs, b.inputs),
  };
}

/** Whether nothing differs. */
export function isSame(diff: RevisionDiff): boolean {
  const { process, steps, variables, inputs } = diff;
  return process === null && [steps, variables, inputs].every((part) => Object.values(part).every(isEmpty));
}

function diffSteps(a: readonly Step[], b: readonly Step[]): RevisionDiff['steps'] {
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
  const [before, after] = [scriptsOf(a), scriptsOf(b)];
  const scripts = [...new Set([...before.keys(), ...after.keys()])].flatMap((key) => {
    const [was, is] = [before.get(key), after.get(key)];
    if (was?.text === is?.text) return [];
    const { where, kind } = (is ?? was)!;
    return [{ where, kind, lines: changedLines(was?.text ?? '', is?.text ?? '') }];
  });
  return { id: b.id, name: b.name, fields: diffFields(fieldsOf(a), fieldsOf(b)), scripts };
}

function scriptsOf(step: Step): Map<string, { where: string; kind: string; text: string }> {
  const { action } = step;
  const stages =
    action.kind === 'run'
      ? { run: [action.script] }
      : action.kind === 'manual'
        ? {}
        : {
            'pre-deploy': action.scripts.preDeploy,
            deploy: action.scripts.deploy,
            'post-deploy': action.scripts.postDeploy,
          };
  return new Map(
    Object.entries(stages).flatMap(([where, scripts]) =>
      scripts.map(({ kind, text }) => [`${where} ${kind}`, { where, kind, text }] as const),
    ),
  );
}

function fieldsOf(step: Step): Map<string, string | null> {
  const { action } = step;
  const list = (items: readonly string[]): string | null => (items.length === 0 ? null : items.join(', '));
  const fields = new Map<string, string | null>([
    ['name', step.name],
    ['when', step.when],
    ['start', step.start ?? null],
    ['environments', list(step.environments)],
    ['tags', list(step.tags)],
    ['except-environments', list(step.exceptEnvironments)],
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
    fields.set('substitute-in-files', list(action.substituteInFiles));
    fields.set('config-variables', String(action.configVariables));
    fields.set('install-to', action.installTo?.folder ?? null);
    fields.set('install-to: purge', action.installTo ? String(action.installTo.purge) : null);
    fields.set('install-to: keep', list(action.installTo?.keep ?? []));
  }
  return fields;
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
      const fields = was === undefined ? [] : diffFields(inputFields(was), inputFields(input));
      return fields.length > 0 ? [{ name: input.name, fields }] : [];
    }),
    nowRequired: b
      .filter((input) => mustBeGiven(input) && !mustBeGiven(before.get(keyOf(input))))
      .map((input) => input.name),
  };
}

function mustBeGiven(input: InputDefinition | undefined): boolean {
  return input !== undefined && input.required && input.default === null;
}

function inputFields(input: InputDefinition): Map<string, string | null> {
  return new Map([
    ['label', input.label],
    ['help', input.help],
    ['type', input.type],
    ['choices', input.choices.length === 0 ? null : input.choices.join(', ')],
    ['default', input.default],
    ['required', String(input.required)],
    ['secret', String(input.secret)],
  ]);
}

function isEmpty(list: readonly unknown[]): boolean {
  return list.length === 0;
}
