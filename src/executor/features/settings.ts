import { z } from 'zod';
import { expand, type VariableSet } from '../../variables/index.ts';
import { ExecutorError } from '../errors.ts';

/** The settings of a feature, evaluated. Reading throws ExecutorError `FEATURE_FAILED` where a setting is unusable. */
export type FeatureSettings = {
  /** Whether it is given, and depends on a value that is not known yet. */
  isOpen(property: string): boolean;
  /** One line of text without blanks around it; undefined where it is not given or blank. */
  text(property: string): string | undefined;
  /** `true` or `false` in any case; blank is `otherwise`. */
  flag(property: string, otherwise: boolean): boolean;
  /** One of `words`, compared without case; blank is `otherwise`. */
  choice<Word extends string>(property: string, words: readonly Word[], otherwise: Word): Word;
  /** The lines of a text as it is written, each then evaluated and trimmed; without empty ones. */
  lines(property: string): readonly string[];
  /** JSON that fits `schema`; `#{...}` in its texts is evaluated after it was read, so that no value alters its form. */
  json<Schema extends z.ZodType>(property: string, schema: Schema): z.infer<Schema> | undefined;
};

/**
 * Settings out of the variables of a step. With `known: 'partly'`, as before a run, what depends on a value that isn't
 * known yet counts as not given.
 */
export function featureSettings(variables: VariableSet, known: 'wholly' | 'partly'): FeatureSettings {
  const evaluated = (property: string, template: string): string | undefined => {
    const { text, missing } = expand(template, variables, 'continue');
    if (missing.length === 0) return text;
    if (known === 'partly') return undefined;
    throw unusable(property, `there is no value for ${missing.join(', ')}`);
  };
  const whole = (property: string): string | undefined => {
    const raw = variables.raw(property) ?? undefined;
    if (raw === undefined) return undefined;
    return variables.isLiteral(property) ? raw : evaluated(property, raw);
  };
  const text = (property: string): string | undefined => {
    const value = whole(property)?.trim() ?? '';
    if (value === '') return undefined;
    if (hasControl(value)) throw unusable(property, 'it has a line break or another control character');
    return value;
  };
  return {
    isOpen(property) {
      const raw = variables.raw(property) ?? '';
      return !variables.isLiteral(property) && expand(raw, variables, 'continue').missing.length > 0;
    },
    text,
    flag(property, otherwise) {
      const value = text(property)?.toLowerCase();
      if (value === undefined) return otherwise;
      if (value === 'true' || value === 'false') return value === 'true';
      throw unusable(property, 'it is neither True nor False');
    },
    choice(property, words, otherwise) {
      const value = text(property);
      if (value === undefined) return otherwise;
      const found = words.find((word) => word.toLowerCase() === value.toLowerCase());
      if (found !== undefined) return found;
      throw unusable(property, `it is none of ${words.join(', ')}`);
    },
    lines(property) {
      const raw = variables.raw(property) ?? '';
      const isLiteral = variables.isLiteral(property);
      return raw.split(/\r\n|[\r\n]/).flatMap((written) => {
        const line = (isLiteral ? written : (evaluated(property, written) ?? '')).trim();
        // A value with a line break would be two lines, of which nobody has written the second.
        if (hasControl(line))
          throw unusable(property, 'a value in it has a line break or a control character');
        return line === '' ? [] : [line];
      });
    },
    json(property, schema) {
      const raw = variables.raw(property) ?? '';
      if (raw.trim() === '') return undefined;
      let written = parsed(raw);
      if (written === undefined) {
        const value = whole(property);
        if (value === undefined) return undefined;
        if (value.trim() === '') return undefined;
        written = parsed(value);
        if (written === undefined) throw unusable(property, 'it is not JSON');
      } else if (!variables.isLiteral(property)) {
        written = evaluatedTexts(written, (template) => evaluated(property, template));
        if (written === unknown) return undefined;
      }
      const read = schema.safeParse(written);
      if (read.success) return read.data;
      const { path, message } = read.error.issues[0]!;
      throw unusable(property, [path.join('.'), message].filter((part) => part !== '').join(': '));
    },
  };
}

/** A setting that can't be used, and why. */
export function unusable(property: string, why: string): ExecutorError {
  return new ExecutorError('FEATURE_FAILED', `Cannot use ${property}: ${why}`, {
    hint: 'docs/features.md tells what each setting means; mend it in the process, or the value it takes.',
    details: { property },
  });
}

const unknown = Symbol('a value that is not known yet');

function evaluatedTexts(value: unknown, evaluate: (text: string) => string | undefined): unknown {
  if (typeof value === 'string') {
    // Octopus writes objects inside objects as text that is JSON again.
    const inner = value.trimStart().startsWith('{') ? parsed(value) : undefined;
    return inner === undefined ? (evaluate(value) ?? unknown) : evaluatedTexts(inner, evaluate);
  }
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => evaluatedTexts(item, evaluate));
    return items.includes(unknown) ? unknown : items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, evaluatedTexts(one, evaluate)] as const);
  return entries.some(([, one]) => one === unknown) ? unknown : Object.fromEntries(entries);
}

/** JSON, or undefined for what is none; the only value that is not asked for is `null`. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function hasControl(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** JSON as Octopus writes it: a number or truth may stand there as itself or as text, and null for nothing. */
export const looseText = z
  .union([z.string(), z.number(), z.boolean(), z.null()])
  .transform((value) => (value === null ? '' : String(value).trim()));
