import { ConfigFileError, inFile } from '../../config-files/index.ts';
import { CrossgapError } from '../../errors.ts';
import { VariableSet } from '../../variables/index.ts';
import { needed, text, type Context, type Outcome } from '../command.ts';
import { readGivenFile, refuseInPlace, writeGivenFile } from '../given/files.ts';
import { readGivenVariables } from '../given/variables.ts';

/** What one convention made of one file. */
export type TriedFile = {
  readonly bytes: Uint8Array;
  readonly replaced: readonly string[];
  readonly warnings: readonly string[];
  /** What the file was taken for, where that is not plain from what is done. */
  readonly format?: string | undefined;
};

export const triedFileOptions = {
  variables: needed('JSON', 'a JSON file: an object of names and values, or an array of {name, value}'),
  out: text('F', 'where the result goes; without it, to standard output'),
};

const fileBytesMax = 512 * 1024 * 1024;

/**
 * Does one thing to a copy of a file and tells of it; a failure is told beside what machines read, and then nothing is
 * written. @throws CliError FILE_NOT_READABLE, FILE_NOT_WRITTEN, USAGE_INVALID
 */
export function tryOnFile(
  context: Context,
  {
    file,
    variables,
    out,
    doing,
  }: { file: string; variables: string; out: string | undefined; doing: string },
  convention: (bytes: Uint8Array, variables: VariableSet) => TriedFile,
): Outcome {
  refuseInPlace(out, [file, variables]);
  const values = new VariableSet(readGivenVariables(variables).map(({ name, value }) => [name, value]));
  const before = readGivenFile(file, 'file', fileBytesMax);
  let result: TriedFile;
  try {
    result = convention(before, values);
  } catch (caught) {
    if (!(caught instanceof CrossgapError)) throw caught;
    const error = caught instanceof ConfigFileError ? inFile(caught, doing, file) : caught;
    const document = { replaced: [], warnings: [], error: error.message };
    return { ...(out !== undefined && context.json && { document }), failure: error };
  }
  const { bytes, replaced, warnings, format } = result;
  if (format !== undefined) context.terminal.talk(`note: ${file} was read as ${format}`);
  for (const warning of warnings) context.terminal.talk(`warning: ${warning}`);
  if (out === undefined) return { bytes };
  writeGivenFile(out, bytes);
  const what = replaced.length === 0 ? 'nothing was set' : `set ${replaced.join(', ')}`;
  return { document: { out, replaced, warnings }, text: `${out} is written: ${what}` };
}
