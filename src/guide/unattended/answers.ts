/*
 * A file of answers: YAML, every scalar of it text.
 *
 *   maker: six words as told by phone             or   certificate: FILE, which the security officer pinned
 *   name: what this site is called                     only the first start asks
 *   environment: production
 *   new-environment: true                              makes one that neither this site nor the process has
 *   values:
 *     Site.Port: 8080
 *     ConnectionStrings.Main: { file: FILE }           or { env: NAME }, or { command: [PROGRAM, ARGUMENT…] }
 *   steps:                                             manual steps, and steps that fail and ask, by their ids
 *     ask-the-dba: { answer: approve, by: NAME, note: TEXT }
 *   approve-scripts: { set: DIGEST, by: NAME, note: TEXT }
 *                                                      of the scripts that were read, as --check names it; or DIGEST alone
 *   if-interrupted: resume                             start-over, roll-back or leave; nothing is the default
 *   if-installed: leave                                or again
 *   result: { file: FILE, rating: 5, comment: TEXT, log: false, strike: [ID…] }
 *
 * What is left empty says nothing, as in a template that nobody filled in yet. Files are looked for beside this one. A
 * secret is never text here: a file of answers is copied, mailed and kept.
 */
import { dirname, resolve } from 'node:path';
import { nearest, readYaml, type Problem, type YamlSource } from '../../process/index.ts';
import { GuideError } from '../errors.ts';
import type { Decision, ScriptApproval } from '../site.ts';

/** Where a value comes from. */
export type Source =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'command'; readonly command: readonly string[] };

export type Answers = {
  readonly path: string;
  /** Whether somebody gave answers at all: who does, and be they empty, lets it begin where nobody is asked. */
  readonly areGiven: boolean;
  readonly maker: string | null;
  readonly certificate: string | null;
  readonly name: string | null;
  readonly environment: string | null;
  readonly isNewEnvironment: boolean;
  readonly values: ReadonlyMap<string, Source>;
  readonly steps: ReadonlyMap<string, Decision>;
  /** Which scripts were read and may run, and who says so. */
  readonly approveScripts: ScriptApproval | null;
  readonly ifInterrupted: (typeof interruptedWays)[number] | null;
  readonly ifInstalled: (typeof installedWays)[number];
  readonly result: {
    readonly file: string | null;
    readonly rating: string | null;
    readonly comment: string | null;
    readonly log: boolean;
    readonly strike: readonly string[];
  } | null;
  /** `line 3, column 5` of the value at a path, for what is found out later. */
  readonly placeOf: (...path: readonly string[]) => Place;
};

export type Place = { readonly line: number; readonly column: number };

export const interruptedWays = ['resume', 'start-over', 'roll-back', 'leave'] as const;
export const installedWays = ['leave', 'again'] as const;
const decisions = ['approve', 'refuse', 'retry', 'ignore', 'fail'] as const;

/** What stands in no file of answers: nothing is answered. */
export const noAnswers: Answers = {
  path: '(no answers)',
  areGiven: false,
  maker: null,
  certificate: null,
  name: null,
  environment: null,
  isNewEnvironment: false,
  values: new Map(),
  steps: new Map(),
  approveScripts: null,
  ifInterrupted: null,
  ifInstalled: 'leave',
  result: null,
  placeOf: () => ({ line: 1, column: 1 }),
};

/**
 * Reads a file of answers; one in which nothing stands but comments answers nothing.
 *
 * @throws {GuideError} ANSWERS_INVALID with everything that is wrong, each at its place
 */
export function readAnswers(path: string, text: string): Answers {
  const isBare = text.split('\n').every((line) => /^\s*(?:#|$)/.test(line));
  if (isBare) return { ...noAnswers, path, areGiven: true };
  const problems: Problem[] = [];
  const source = readYaml(text, problems, 'Begin with what `--write-answers FILE` writes to be filled in.');
  const answers = source && answersIn(path, source, problems);
  if (answers === undefined || problems.length > 0) throw invalidAnswers(path, problems);
  return answers;
}

/** What a file of answers has wrong, all of it. */
export function invalidAnswers(path: string, found: readonly Problem[]): GuideError {
  const problems = found.toSorted((a, b) => a.line - b.line || a.column - b.column);
  const [first] = problems;
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : '';
  return new GuideError(
    'ANSWERS_INVALID',
    `Cannot use answers ${path}: line ${first?.line ?? 1}, column ${first?.column ?? 1}: ${first?.message ?? 'nothing stands there'}${more}`,
    { hint: first?.hint ?? 'Write answers.', details: { path, problems } },
  );
}

/**
 * What only a file that was carried to a site asks: who made it, what the site is called, whether its environment is made,
 * what goes home. By the key of the file: where it stands among the answers, and what is so at an instance.
 */
const ofFile = {
  maker: ['maker', 'the link was confirmed by words before'],
  certificate: ['certificate', 'the link was confirmed by words before'],
  name: ['name', 'this instance has one'],
  'new-environment': ['isNewEnvironment', 'environments are made by `crossgap environment add NAME`'],
  result: ['result', 'the author is told by the link; `crossgap report` says what of it'],
} as const;

/**
 * Throws where answers say what is not asked of a release that is here already, or name another environment than the one
 * it goes to: what is not read would be missed later.
 *
 * @throws {GuideError} ANSWERS_INVALID
 */
export function refuseOtherAnswers(answers: Answers, environment: string): void {
  const refused = Object.entries(ofFile)
    .filter(([, [answer]]) => answers[answer] !== null && answers[answer] !== false)
    .map(([key, [, why]]): Problem => ({
      ...answers.placeOf(key),
      message: `${key} is asked of an installer only`,
      hint: `Take it out: ${why}.`,
    }));
  const other = answers.environment ?? environment;
  const problems = [
    ...refused,
    ...(other === environment
      ? []
      : [
          {
            ...answers.placeOf('environment'),
            message: `these are answers for ${other}, and it goes to ${environment}`,
            hint: 'Write answers for each environment, or leave environment out.',
          },
        ]),
  ];
  if (problems.length > 0) throw invalidAnswers(answers.path, problems);
}

type Reader = {
  /** The text at a path; null where nothing is said there. */
  text(...path: readonly string[]): string | null;
  oneOf<Word extends string>(words: readonly Word[], ...path: readonly string[]): Word | null;
  /** The keys of the mapping there; others than `known` are refused. */
  keys(path: readonly string[], known?: readonly string[]): readonly string[];
  list(...path: readonly string[]): readonly string[];
  at(...path: readonly string[]): unknown;
  refuse(path: readonly string[], message: string, hint: string, of?: 'key' | 'value'): void;
};

function answersIn(path: string, source: YamlSource, problems: Problem[]): Answers {
  const read = reader(source, problems);
  read.keys(
    [],
    [
      'maker',
      'certificate',
      'name',
      'environment',
      'new-environment',
      'values',
      'steps',
      'approve-scripts',
      'if-interrupted',
      'if-installed',
      'result',
    ],
  );
  const maker = read.text('maker');
  const certificate = read.text('certificate');
  if (maker !== null && certificate !== null) {
    read.refuse(['certificate'], 'maker and certificate say the same', 'Keep one of the two.', 'key');
  }
  return {
    path,
    areGiven: true,
    maker,
    certificate: certificate === null ? null : resolve(dirname(path), certificate),
    name: read.text('name'),
    environment: read.text('environment'),
    isNewEnvironment: read.oneOf(['true', 'false'], 'new-environment') === 'true',
    values: valuesIn(read, dirname(path)),
    steps: new Map(read.keys(['steps']).map((id) => [id, decisionOf(read, ['steps', id])])),
    approveScripts: approvalIn(read),
    ifInterrupted: read.oneOf(interruptedWays, 'if-interrupted'),
    ifInstalled: read.oneOf(installedWays, 'if-installed') ?? 'leave',
    result: (read.at('result') ?? '') === '' ? null : resultOf(read),
    placeOf: (...to) => source.placeOf(to),
  };
}

function approvalIn(read: Reader): ScriptApproval | null {
  const said = read.at('approve-scripts') ?? '';
  const isAlone = typeof said === 'string';
  if (!isAlone) read.keys(['approve-scripts'], ['set', 'by', 'note']);
  const path = isAlone ? ['approve-scripts'] : ['approve-scripts', 'set'];
  const set = read.text(...path)?.trim() ?? null;
  if (set !== null && !/^[0-9a-f]{64}$/.test(set))
    read.refuse(path, 'this is no digest of scripts', 'Copy the one that --check names.');
  if (set === null) return null;
  const [by, note] = isAlone
    ? [null, null]
    : [read.text('approve-scripts', 'by'), read.text('approve-scripts', 'note')];
  return { set, by, note };
}

/** Names of inputs are told apart as the process does: by their letters, large or small. */
function valuesIn(read: Reader, beside: string): Map<string, Source> {
  const names = read.keys(['values']);
  return new Map(
    names.flatMap((name, at) => {
      const path = ['values', name];
      const twin = names.slice(0, at).find((one) => one.toLowerCase() === name.toLowerCase());
      if (twin !== undefined) {
        read.refuse(path, `${name} and ${twin} are the same input`, 'Keep one of the two.', 'key');
      }
      const source = sourceOf(read, beside, path);
      return source === null ? [] : [[name, source] as const];
    }),
  );
}

function sourceOf(read: Reader, beside: string, path: readonly string[]): Source | null {
  const value = read.at(...path);
  if (value === '') return null;
  if (typeof value === 'string') return { kind: 'text', text: value };
  const keys = read.keys(path, ['file', 'env', 'command']);
  if (keys.length > 1) read.refuse(path, 'a value comes from one place', 'Keep one of the two.');
  switch (keys[0]) {
    case 'file': {
      const file = read.text(...path, 'file');
      return file === null ? null : { kind: 'file', path: resolve(beside, file) };
    }
    case 'env': {
      const name = read.text(...path, 'env');
      return name === null ? null : { kind: 'env', name };
    }
    case 'command': {
      const command = read.list(...path, 'command');
      if (command.length === 0 && Array.isArray(read.at(...path, 'command')))
        read.refuse(path, 'a command is a list of words', 'Write [PROGRAM, ARGUMENT].');
      return { kind: 'command', command };
    }
    default:
      // What stands there was refused already, or there is nothing.
      if (!isFilled(value))
        read.refuse(path, 'this says no value', 'Write text, { file: … }, { env: … } or { command: […] }.');
      return null;
  }
}

/** Whether a list or a mapping has anything in it. */
const isFilled = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

function decisionOf(read: Reader, path: readonly string[]): Decision {
  read.keys(path, ['answer', 'by', 'note']);
  const answer = read.oneOf(decisions, ...path, 'answer');
  const by = read.text(...path, 'by');
  if (read.at(...path, 'answer') === undefined)
    read.refuse(path, 'answer is missing', `Write one of ${decisions.join(', ')}.`);
  if (by === null) read.refuse(path, 'by is missing', 'Name the person who answers for it.');
  return { answer: answer ?? 'fail', by, note: read.text(...path, 'note') };
}

function resultOf(read: Reader): NonNullable<Answers['result']> {
  read.keys(['result'], ['file', 'rating', 'comment', 'log', 'strike']);
  return {
    file: read.text('result', 'file'),
    rating: read.oneOf(['1', '2', '3', '4', '5'], 'result', 'rating'),
    comment: read.text('result', 'comment'),
    log: read.oneOf(['true', 'false'], 'result', 'log') === 'true',
    strike: read.list('result', 'strike'),
  };
}

function reader(source: YamlSource, problems: Problem[]): Reader {
  const at: Reader['at'] = (...path) =>
    path.reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && !Array.isArray(value)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      source.value,
    );
  const refuse: Reader['refuse'] = (path, message, hint, of = 'value') =>
    void problems.push({ ...source.placeOf(path, of), message, hint });
  const text: Reader['text'] = (...path) => {
    const value = at(...path);
    if (value === undefined) return null;
    if (typeof value === 'string') return value.trim() === '' ? null : value;
    refuse(path, `${path.at(-1)} has to be text`, 'Write it out, or leave the key out.');
    return null;
  };
  return {
    at,
    refuse,
    text,
    oneOf(words, ...path) {
      const said = text(...path);
      const found = words.find((word) => word === said) ?? null;
      if (said !== null && found === null) {
        // A number is not misspelt.
        const meant = /^[\d.,+-]+$/.test(said) ? undefined : nearest(said, words);
        const hint = meant === undefined ? `Write one of ${words.join(', ')}.` : `Did you mean ${meant}?`;
        refuse(path, `${path.at(-1)} can't be ${said}`, hint);
      }
      return found;
    },
    keys(path, known) {
      const value = at(...path);
      if (value === undefined || value === '') return [];
      if (typeof value !== 'object' || Array.isArray(value)) {
        refuse(
          path,
          `${path.at(-1) ?? 'this'} has to be a list of names and values`,
          'Write `NAME: VALUE` below it.',
        );
        return [];
      }
      const keys = source.keysAt(path);
      if (known === undefined) return keys;
      for (const key of keys.filter((one) => !known.includes(one))) {
        const meant = nearest(key, known);
        const hint = meant === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean ${meant}?`;
        refuse([...path, key], `unknown key ${key}`, hint, 'key');
      }
      return keys.filter((one) => known.includes(one));
    },
    list(...path) {
      const value = at(...path);
      if (value === undefined || value === '') return [];
      if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value;
      refuse(path, `${path.at(-1)} has to be a list of words`, 'Write [ONE, TWO].');
      return [];
    },
  };
}
