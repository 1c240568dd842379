/**
 * A revision is the process as it was published, frozen: UTF-8 JSON without line breaks or optional blanks, the keys
 * in the order of the schema below, every key present that is not optional. The SHA-256 of these bytes is the revision's digest. Scripts
 * stand in it whole; what is `local:` in the process file is not part of it.
 *
 * Format 1 is a revision whose steps run one after another, with scripts and packages. One that has a manual step, an
 * expression for a condition or steps that start together has format 2. One that has checks, steps to uninstall by, or an
 * input with a heading, a test or a secret that may be looked at, has format 3. A revision has the lowest format that can hold
 * it: a process that doesn't need more keeps its digest, and can be read by who knows that format alone.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProcessError } from './errors.ts';
import { inputTypes, instructionsLengthMax, scriptKinds, textLengthMax } from './schema.ts';

const name = z.string().min(1).max(200).refine(isPlainName, { error: 'is not a plain name' });
const value = z.string().max(textLengthMax);
const names = z.array(name).max(500);

export const Script = z.strictObject({ kind: z.enum(scriptKinds), text: value });
export type Script = z.infer<typeof Script>;
const scripts = z.array(Script).max(scriptKinds.length);

export const InputDefinition = z.strictObject({
  name,
  label: z.string().nullable(),
  help: z.string().nullable(),
  type: z.enum(inputTypes),
  choices: z.array(z.string()).max(500),
  default: value.nullable(),
  required: z.boolean(),
  secret: z.boolean(),
  /** The heading it is asked under; not there where it has none. */
  group: name.optional(),
  /** A secret that may be looked at while it is typed. */
  mayBeShown: z.literal(true).optional(),
  /** Tries the value out: exit 0 is good, else its last line says why not. */
  test: Script.optional(),
});
export type InputDefinition = z.infer<typeof InputDefinition>;

/** One value of a variable; in no environment and with no tag named it holds everywhere. */
export const ScopedValue = z.strictObject({ name, value, environments: names, tags: names });
export type ScopedValue = z.infer<typeof ScopedValue>;

export const RunAction = z.strictObject({ kind: z.literal('run'), script: Script });
export const PackageAction = z.strictObject({
  kind: z.literal('package'),
  package: name,
  substituteInFiles: z.array(z.string()).max(500),
  configVariables: z.boolean(),
  installTo: z
    .strictObject({ folder: z.string().min(1), purge: z.boolean(), keep: z.array(z.string()).max(500) })
    .nullable(),
  scripts: z.strictObject({ preDeploy: scripts, deploy: scripts, postDeploy: scripts }),
});

export const ManualAction = z.strictObject({
  kind: z.literal('manual'),
  instructions: z.string().min(1).max(instructionsLengthMax),
});

const plainConditions = ['success', 'failure', 'always'] as const;
const condition = z.string().max(1000).refine(isCondition, { error: 'is no condition' });

export const Step = z.strictObject({
  id: name,
  name,
  when: condition,
  /** Not there in a step that begins after the one before it has ended. */
  start: z.literal('with-previous').optional(),
  environments: names,
  tags: names,
  exceptEnvironments: names,
  required: z.boolean(),
  timeLimitMs: z.int().min(1).nullable(),
  retriesMax: z.int().min(0).max(10),
  action: z.discriminatedUnion('kind', [RunAction, PackageAction, ManualAction]),
  properties: z.array(z.strictObject({ name, value })).max(500),
});
export type Step = z.infer<typeof Step>;

/** A script that looks at the machine before anything is done: exit 0 is good, 10 a note, anything else is lacking. */
export const ProcessCheck = z.strictObject({
  name,
  hint: z.string().max(1000).nullable(),
  environments: names,
  tags: names,
  script: Script,
});
export type ProcessCheck = z.infer<typeof ProcessCheck>;

export const Revision = z.strictObject({
  format: z.literal([1, 2, 3]),
  process: name.refine((text) => !/[/:\\]/.test(text), { error: 'has /, : or \\ in it' }),
  inputs: z.array(InputDefinition).max(500),
  variables: z.array(ScopedValue).max(5000),
  steps: z.array(Step).min(1).max(500),
  checks: z.array(ProcessCheck).min(1).max(500).optional(),
  /** The steps that take away what `steps` brought; none of them deploys a package. */
  uninstall: z.array(Step).min(1).max(500).optional(),
});
export type Revision = z.infer<typeof Revision>;

/** The part of a process file that stays at home. */
export type LocalPart = {
  readonly publishWhen: {
    readonly deployedTo: readonly string[];
    readonly testsPassed: boolean;
    /** Types of tests that must have passed, each by itself. */
    readonly testTypes: readonly string[];
    readonly verdictOk: boolean;
  };
  readonly variables: readonly ScopedValue[];
};

/** A process file, read and found good: what will be frozen, and what stays at home. */
export type ProcessFile = { readonly path: string; readonly revision: Revision; readonly local: LocalPart };

export type RevisedProcess = {
  readonly name: string;
  /** The frozen bytes. */
  readonly document: Uint8Array;
  /** Lower-case hex SHA-256 of `document`. */
  readonly digest: string;
  readonly local: LocalPart;
};

/** The lowest format that can hold this content. */
export function formatOf({
  inputs,
  steps,
  checks,
  uninstall,
}: Pick<Revision, 'inputs' | 'steps' | 'checks' | 'uninstall'>): Revision['format'] {
  const isAskedPlainly = ({ group, mayBeShown, test }: InputDefinition): boolean =>
    group === undefined && mayBeShown === undefined && test === undefined;
  if (checks !== undefined || uninstall !== undefined || !inputs.every(isAskedPlainly)) return 3;
  const isPlain = (step: Step): boolean =>
    plainConditions.some((one) => one === step.when) &&
    step.start === undefined &&
    step.action.kind !== 'manual';
  return steps.every(isPlain) ? 1 : 2;
}

/** `success`, `failure`, `always`, or an expression. */
export function isCondition(text: string): boolean {
  return plainConditions.some((one) => one === text) || text.includes('#{');
}

/** A script outside the steps, and what it belongs to, in words. */
export type ScriptBesideSteps = { readonly where: string; readonly script: Script };

/** The scripts that run before any step: the tests of inputs, and the checks. */
export function scriptsBeforeSteps({
  inputs,
  checks = [],
}: Pick<Revision, 'inputs' | 'checks'>): ScriptBesideSteps[] {
  return [
    ...inputs.flatMap(({ name: input, test }) =>
      test === undefined ? [] : [{ where: `test of input ${input}`, script: test }],
    ),
    ...checks.map((check) => ({ where: `check ${check.name}`, script: check.script })),
  ];
}

/** The scripts that stand in an action, in the order in which they run. */
export function scriptsIn(action: Step['action']): readonly Script[] {
  switch (action.kind) {
    case 'run':
      return [action.script];
    case 'package':
      return [...action.scripts.preDeploy, ...action.scripts.deploy, ...action.scripts.postDeploy];
    case 'manual':
      return [];
  }
}

const revisionSizeMax = 16 * 1024 * 1024;

/** Freezes a process file into the bytes that are published. The same content always gives the same bytes. */
export function reviseProcess(file: ProcessFile): RevisedProcess {
  const document = frozen(file.revision);
  const digest = createHash('sha256').update(document).digest('hex');
  return { name: file.revision.process, document, digest, local: file.local };
}

/**
 * The revision in frozen bytes. Throws ProcessError `REVISION_NOT_READABLE` for bytes that are none: too large, not
 * strict UTF-8, another format, a key missing, unknown or twice, names that a process file may not have.
 */
export function readRevision(bytes: Uint8Array): Revision {
  if (bytes.byteLength > revisionSizeMax) throw unreadable(`it is larger than ${revisionSizeMax} bytes`);
  let data: unknown;
  try {
    data = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch (cause) {
    throw unreadable('it is not JSON in UTF-8', cause);
  }
  const read = Revision.safeParse(data);
  if (!read.success) {
    const { path, message } = read.error.issues[0]!;
    const format = (data as { format?: unknown } | null)?.format;
    throw unreadable(
      typeof format === 'number' && format > 3
        ? `it has format ${format}; this version knows 1 to 3`
        : `${path.join('.') || 'the document'}: ${message}`,
    );
  }
  // Two readers must never see two meanings: other bytes for the same content are no revision.
  if (Buffer.compare(frozen(read.data), bytes) !== 0)
    throw unreadable('its bytes are not in the frozen form');
  if (read.data.format !== formatOf(read.data)) throw unreadable('its format is not that of its content');
  const twice = repeatedName(read.data);
  if (twice !== undefined) throw unreadable(twice);
  return read.data;
}

/** Zod builds its result in the order of the schema, which is what fixes the order of the keys. */
function frozen(revision: Revision): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(Revision.parse(revision)));
}

/** What must be one of its kind and isn't, or comes first and can't, in words; publishing guarantees it, a receiver looks again. */
function repeatedName({
  inputs,
  variables,
  steps,
  checks = [],
  uninstall = [],
}: Revision): string | undefined {
  const names = inputs.map((input) => input.name);
  const firstTwice = (all: readonly string[]): string | undefined =>
    all.map((one) => one.toUpperCase()).find((one, n, folded) => folded.indexOf(one) < n);
  const inputName = new Set(names.map((one) => one.toUpperCase()));
  for (const list of [steps, uninstall]) {
    if (list[0]?.start !== undefined) return 'its first step starts with one before it';
    if (firstTwice(list.map((step) => step.id)) !== undefined) return 'two of its steps have the same id';
    if (firstTwice(list.map((step) => step.name)) !== undefined) return 'two of its steps have the same name';
  }
  if (uninstall.some((step) => step.action.kind === 'package'))
    return 'a step to uninstall by deploys a package';
  if (firstTwice(checks.map((check) => check.name)) !== undefined)
    return 'two of its checks have the same name';
  if (firstTwice(names) !== undefined) return 'two of its inputs have the same name';
  return variables.some((variable) => inputName.has(variable.name.toUpperCase()))
    ? 'a name is a variable and an input'
    : undefined;
}

/** No token, no control character, no half of a character: such a name would not mean what it looks like. */
function isPlainName(text: string): boolean {
  return !/#\{|[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u.test(text);
}

function unreadable(what: string, cause?: unknown): ProcessError {
  return new ProcessError('REVISION_NOT_READABLE', `Cannot read the process revision: ${what}`, {
    hint: 'Update crossgap if the format is newer; otherwise ask the author to publish the process again.',
    cause,
  });
}
