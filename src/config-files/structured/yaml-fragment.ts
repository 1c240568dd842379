import { Document, isMap, isScalar, isSeq, type Node } from 'yaml';
import { ConfigFileError } from '../errors.ts';
import { readYamlDocuments, type YamlNode } from './yaml-read.ts';
import { newScalar, scalarText } from './yaml-text.ts';

/** A value that is read as YAML: what it holds, and how it is written in another text. */
export type YamlFragment = {
  readonly contents: Node;
  /** How it is written behind its key, undefined for a mapping or sequence that stands on lines of its own. */
  readonly inline: string | undefined;
  /** The lines of such a mapping or sequence, without the indentation they have in common. */
  readonly lines: readonly string[];
};

/** `value` as YAML, undefined where it holds nothing, can't be read, or is more than one document. */
export function readYamlFragment(value: string): YamlFragment | undefined {
  const documents = documentsOf(value);
  const [document] = documents;
  const contents = document?.contents as YamlNode | null | undefined;
  if (documents.length !== 1 || contents === undefined || contents === null) return undefined;
  const [start, end] = contents.range!;
  if (start === end) return undefined;
  if ((isMap(contents) || isSeq(contents)) && contents.flow !== true) {
    const lines = hasMarkers(value) ? written(contents) : value;
    return { contents, inline: undefined, lines: dedented(lines) };
  }
  const isPlainText = isScalar(contents) && contents.tag === undefined && contents.anchor === undefined;
  const inline = isPlainText
    ? newScalar(scalarText(contents), contents.type?.startsWith('QUOTE') ? contents.type : 'PLAIN', false)
    : hasMarkers(value)
      ? written(contents).trim()
      : value.slice(propertiesStart(value, start), end).trim();
  return { contents, inline, lines: [] };
}

function documentsOf(value: string) {
  try {
    return readYamlDocuments(value);
  } catch (error) {
    if (error instanceof ConfigFileError) return [];
    throw error;
  }
}

/** Markers and directives belong to a document of its own and can't stand inside another. */
function hasMarkers(value: string): boolean {
  return /^(?:---|\.\.\.|%)/m.test(value);
}

function written(contents: Node): string {
  const document = new Document(null, { schema: 'failsafe', logLevel: 'error' });
  document.contents = contents as never;
  return document.toString({ lineWidth: 0 });
}

function dedented(text: string): string[] {
  const lines = text.replaceAll(/\r\n|\r/g, '\n').split('\n');
  while (lines[0]?.trim() === '') lines.shift();
  while (lines.at(-1)?.trim() === '') lines.pop();
  const filled = lines.filter((line) => line.trim() !== '');
  const common = Math.min(...filled.map((line) => line.length - line.trimStart().length));
  return lines.map((line) => line.slice(common).trimEnd() && line.slice(common));
}

/** Where anchor and tag of a document's only node begin: behind blanks and comments. */
function propertiesStart(value: string, contentStart: number): number {
  const before = value.slice(0, contentStart);
  return /^(?:\s|#[^\n]*\n)*/.exec(before)![0].length;
}
