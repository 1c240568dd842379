import { z } from 'zod';
import { CrossgapError } from '../../errors.ts';
import { decodeText, encodeTextOrUtf8 } from '../../config-files/index.ts';
import { evaluatesTrue, expand, readJson, VariableSet, type JsonValue } from '../../variables/index.ts';
import { command, misuse, text, type Context, type Outcome } from '../command.ts';
import { readGivenFile, readGivenText, refuseInPlace, writeGivenFile } from '../given/files.ts';
import { inOrder, readGivenVariables } from '../given/variables.ts';

const fileBytesMax = 1024 * 1024 * 1024;

export const trySubstitute = command({
  path: 'try substitute',
  about: 'What substitution makes of a file: its #{...} replaced by the values of variables',
  example: 'crossgap try substitute web.json --variables values.json --out web.out.json',
  args: { FILE: text('FILE', 'the file to substitute in; it is only read') },
  options: {
    variables: text('JSON', 'a JSON file: an object of names and values, or an array of {name, value}'),
    out: text('F', 'where the result goes; without it, to standard output'),
    cases: text('FILE', 'a JSON array of cases instead: one JSON line for each is printed'),
  },
  async run(context, { FILE }, { variables, out, cases }): Promise<Outcome> {
    if (cases !== undefined) {
      if (FILE !== undefined || variables !== undefined || out !== undefined) {
        throw misuse(
          'Cannot try substitution: --cases takes no file, variables or output',
          'Give --cases FILE alone.',
        );
      }
      return tryCases(context, cases);
    }
    if (FILE === undefined || variables === undefined) {
      throw misuse(
        'Cannot try substitution: a file and its variables are needed',
        'Give FILE --variables JSON, or --cases FILE.',
      );
    }
    refuseInPlace(out, [FILE, variables]);
    const set = new VariableSet(readGivenVariables(variables).map(({ name, value }) => [name, value]));
    const decoded = decodeText(readGivenFile(FILE, 'file', fileBytesMax));
    const result = expand(decoded.text, set, 'continue');
    const { bytes, encodingChanged } = encodeTextOrUtf8(result.text, decoded.encoding);
    for (const token of result.missing) context.terminal.talk(`no value for ${token}`);
    if (encodingChanged) {
      context.terminal.talk(`a value can't be expressed in ${decoded.encoding.name}: the result is UTF-8`);
    }
    if (out === undefined) return { bytes };
    writeGivenFile(out, bytes);
    return { document: { out, missing: result.missing }, text: `${out} is written` };
  },
});

const Cases = z.array(
  z.looseObject({
    name: z.string(),
    mode: z.enum(['continue', 'truthy']).optional(),
    variables: z.record(z.string(), z.string().nullable()),
    template: z.string(),
  }),
);

function tryCases(context: Context, path: string): Outcome {
  const text = readGivenText(path, 'cases', fileBytesMax);
  const hint = 'Give an array of {name, variables, template}.';
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw misuse(
      `Cannot read cases ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint,
    );
  }
  const read = Cases.safeParse(parsed);
  if (!read.success) throw misuse(`Cannot read cases ${path}: ${z.prettifyError(read.error)}`, hint);
  const written = readJson(text, false);
  for (const [n, one] of read.data.entries()) {
    const document = written?.kind === 'array' ? written.items[n] : undefined;
    const given = document?.kind === 'object' ? document.members.get('variables') : undefined;
    context.terminal.document({ name: one.name, ...answer(one, given) });
  }
  return {};
}

function answer(
  { mode, variables, template }: z.infer<typeof Cases>[number],
  document: JsonValue | undefined,
): object {
  try {
    const set = new VariableSet(inOrder(variables, document));
    if (mode === 'truthy') return { output: String(evaluatesTrue(template, set)), missing: [] };
    const result = expand(template, set, mode ?? 'halt');
    const failed = result.failedAt !== undefined;
    return {
      output: result.isNull ? null : result.text,
      missing: result.missing,
      ...(failed && { error: `the text does not parse at ${result.failedAt}` }),
    };
  } catch (error) {
    if (!(error instanceof CrossgapError)) throw error;
    return { output: null, missing: [], error: error.message };
  }
}
