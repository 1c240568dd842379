import { widthOf } from './text-width.ts';

/**
 * Text for a terminal of so many columns: lines that are too long go on below, broken between words and indented, in
 * a row of cells to where the last cell begins. A command stays whole wherever it stands, so that it can be copied.
 */
export function foldLines(text: string, columns: number): string {
  return text
    .split('\n')
    .map((line) => (widthOf(line) <= columns || isCommand(line) ? line : foldLine(line, columns)))
    .join('\n');
}

const isCommand = (line: string): boolean => /^\s*(?:\$ )?crossgap [a-z]/.test(line);

function foldLine(line: string, columns: number): string {
  const indent = ' '.repeat(indentOf(line, columns));
  const lines: string[] = [];
  let last = '';
  for (const [whole, blanks = '', word = ''] of line.matchAll(/(\s*)((?:`[^`]*`|[^\s`]|`)+)/g)) {
    if (last.trim() !== '' && widthOf(last) + widthOf(whole) > columns) {
      lines.push(last);
      last = indent + word;
    } else last += blanks + word;
  }
  return [...lines, last].join('\n');
}

/** Below the last cell, where enough room is left of it; else a little deeper than the line itself. */
function indentOf(line: string, columns: number): number {
  const begins = widthOf(/^.*\S {2,}(?=\S)/.exec(line)?.[0] ?? '');
  if (begins > 0 && begins <= columns / 2) return begins;
  return Math.min(widthOf(/^ */.exec(line)![0]) + 2, Math.floor(columns / 2));
}
