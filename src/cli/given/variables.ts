import { z } from 'zod';
import { ConfigFileError, setStructuredVariables } from '../../config-files/index.ts';
import { readJson, type JsonValue } from '../../variables/index.ts';
import { misuse } from '../command.ts';
import { readGivenText } from './files.ts';

/** A variable of a file that a person named; null is a variable without a value. */
export type GivenVariable = {
  readonly name: string;
  readonly value: string | null;
  readonly sensitive: boolean;
};

const Value = z.union([z.string(), z.null(), z.number().transform(String), z.boolean().transform(String)]);
const Named = z.record(z.string(), Value);
const Listed = z.array(z.looseObject({ name: z.string(), value: Value, sensitive: z.boolean().optional() }));

const variablesBytesMax = 64 * 1024 * 1024;

/**
 * The variables of a JSON file, in its order: an object of names and values, or an array of `{name, value, sensitive?}`.
 * @throws CliError USAGE_INVALID, FILE_NOT_READABLE
 */
export function readGivenVariables(path: string): GivenVariable[] {
  const text = readGivenText(path, 'variables', variablesBytesMax).replace(/^\ufeff/, '');
  const hint = 'Write {"Name": "value"}, or [{"name": "Name", "value": "value"}].';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // What the runtime says of it quotes the text, and values may be secret.
    throw misuse(`Cannot read variables ${path}: it is not JSON${whereNoJson(text)}`, hint);
  }
  if (Array.isArray(parsed)) {
    const { data, error } = Listed.safeParse(parsed);
    if (error !== undefined) {
      const [n, key] = error.issues[0]?.path ?? [];
      const what = key === undefined ? 'is no variable' : `has no fitting ${String(key)}`;
      throw misuse(`Cannot read variables ${path}: item ${Number(n) + 1} of it ${what}`, hint);
    }
    return data.map(({ name, value, sensitive }) => ({ name, value, sensitive: sensitive ?? false }));
  }
  const { data, error } = Named.safeParse(parsed);
  if (error !== undefined) {
    const name = error.issues[0]?.path[0];
    const what =
      name === undefined ? 'it is neither an object nor an array' : `${String(name)} is no plain value`;
    throw misuse(`Cannot read variables ${path}: ${what}`, hint);
  }
  return inOrder(data, readJson(text, false)).map(([name, value]) => ({ name, value, sensitive: false }));
}

/** The place where a text stops being JSON, without a word of what stands there. */
function whereNoJson(text: string): string {
  try {
    const none = { has: () => false, get: () => undefined, names: () => [] };
    setStructuredVariables('variables.json', Buffer.from(text, 'utf8'), none);
  } catch (error) {
    if (!(error instanceof ConfigFileError)) throw error;
    const { line, column } = error.details;
    return line === undefined ? '' : ` at line ${Number(line)}, column ${Number(column)}`;
  }
  return text === '' ? ': it is empty' : ': it has comments, or a comma behind the last item';
}

/** The members of an object in the order of its document, which matters where variables are listed by index. */
export function inOrder<Value>(
  members: Readonly<Record<string, Value>>,
  document: JsonValue | undefined,
): (readonly [name: string, value: Value])[] {
  const names = document?.kind === 'object' ? [...document.members.keys()] : Object.keys(members);
  return names.filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]!]);
}
