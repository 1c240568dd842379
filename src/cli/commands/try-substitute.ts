import { z } from 'zod';
import { CrossgapError } from '../../errors.ts';
import { decodeText, encodeTextOrUtf8 } from '../../config-files/index.ts';
import { evaluatesTrue, expand, VariableSet } from '../../variables/index.ts';
import { command, misuse, text, type Context, type Outcome } from '../command.ts';
import { readGivenFile, readGivenText, writeGivenFile } from '../files.ts';
import { readGivenVariables } from '../given-variables.ts';

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
  const read = Cases.safeParse(JSON.parse(readGivenText(path, 'cases', fileBytesMax)));
  if (!read.success) {
    throw misuse(`Cannot read cases ${path}: ${z.prettifyError(read.error)}`, 'Give an array of cases.');
  }
  for (const one of read.data) context.terminal.document({ name: one.name, ...answer(one) });
  return {};
}

function answer({ mode, variables, template }: z.infer<typeof Cases>[number]): object {
  try {
    const set = new VariableSet(Object.entries(variables));
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
