import { z } from 'zod';
import { readJson, type JsonValue } from '../variables/index.ts';
import { misuse } from './command.ts';
import { readGivenText } from './files.ts';

/** A variable of a file that a person named; null is a variable without a value. */
export type GivenVariable = {
  readonly name: string;
  readonly value: string | null;
  readonly sensitive: boolean;
};

const Value = z.union([z.string(), z.null(), z.number().transform(String), z.boolean().transform(String)]);
const Variables = z.union([
  z.record(z.string(), Value),
  z.array(z.looseObject({ name: z.string(), value: Value, sensitive: z.boolean().optional() })),
]);

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
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw misuse(`Cannot read variables ${path}: it is not JSON (${why})`, hint);
  }
  const read = Variables.safeParse(parsed);
  if (!read.success) {
    const [issue] = read.error.issues;
    const where = issue === undefined ? '' : ` at ${issue.path.join('.') || 'the top'}`;
    throw misuse(`Cannot read variables ${path}: it holds something else than variables${where}`, hint);
  }
  return Array.isArray(read.data)
    ? read.data.map(({ name, value, sensitive }) => ({ name, value, sensitive: sensitive ?? false }))
    : inOrder(read.data, readJson(text, false)).map(([name, value]) => ({ name, value, sensitive: false }));
}

/** The members of an object in the order of its document, which matters where variables are listed by index. */
export function inOrder<Value>(
  members: Readonly<Record<string, Value>>,
  document: JsonValue | undefined,
): (readonly [name: string, value: Value])[] {
  const names = document?.kind === 'object' ? [...document.members.keys()] : Object.keys(members);
  return names.filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]!]);
}
