import { ConfigFileError } from './errors.ts';

/** Line and column of an offset, counted from 1; columns in UTF-16 units. */
export function positionAt(
  source: string,
  offset: number,
): { readonly line: number; readonly column: number } {
  let line = 1;
  let lineStart = 0;
  for (let end = source.indexOf('\n'); end >= 0 && end < offset; end = source.indexOf('\n', end + 1)) {
    line += 1;
    lineStart = end + 1;
  }
  return { line, column: offset - lineStart + 1 };
}

/** The refusal of a document that is not well-formed, with its place; `name` says which document. */
export function notWellFormed(
  source: string,
  offset: number,
  what: string,
  name = 'the XML',
): ConfigFileError {
  const { line, column } = positionAt(source, offset);
  return new ConfigFileError(
    'XML_NOT_WELL_FORMED',
    `Cannot read ${name} at line ${line}, column ${column}: ${what}`,
    {
      hint: 'Correct the file; it is not well-formed XML.',
      details: { line, column },
    },
  );
}
