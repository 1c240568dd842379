import { widthOf } from '../text-width.ts';

/**
 * Rows of cells as lines with aligned columns, no blanks at the ends. The first row may be a heading. Where they are
 * wider than `columns`, the widest cells go on below, broken between words.
 */
export function table(rows: readonly (readonly string[])[], columns?: number): string[] {
  const natural = widest(rows, widthOf);
  const widths = columns === undefined ? natural : fitted(rows, natural, columns);
  return rows.flatMap((row) => {
    const cells = row.map((cell, at) => broken(cell, widths[at]!));
    const height = Math.max(1, ...cells.map((lines) => lines.length));
    return Array.from({ length: height }, (_, n) =>
      cells
        .map((lines, at) => (lines[n] ?? '') + ' '.repeat(Math.max(0, widths[at]! - widthOf(lines[n] ?? ''))))
        .join(gap)
        .trimEnd(),
    );
  });
}

const gap = '  ';

function widest(rows: readonly (readonly string[])[], measure: (cell: string) => number): number[] {
  const widths: number[] = [];
  for (const row of rows)
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, measure(cell));
  return widths;
}

/** The widths with the widest made narrower until all fit, none narrower than its longest word. */
function fitted(rows: readonly (readonly string[])[], natural: readonly number[], columns: number): number[] {
  const words = widest(rows, (cell) => Math.max(0, ...cell.split(' ').map(widthOf)));
  const room = columns - gap.length * (natural.length - 1);
  const cut = (most: number): number[] =>
    natural.map((width, at) => Math.min(width, Math.max(most, words[at]!)));
  const sum = (widths: readonly number[]): number => widths.reduce((all, width) => all + width, 0);
  let most = Math.max(0, ...natural);
  while (most > 0 && sum(cut(most)) > room) most -= 1;
  return cut(most);
}

function broken(cell: string, width: number): string[] {
  if (widthOf(cell) <= width) return [cell];
  const lines: string[] = [];
  for (const word of cell.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Names and values, one a line, the values below one another; rows without a value are left out. */
export function facts(
  rows: readonly (readonly [name: string, value: string | null | undefined])[],
): string[] {
  return table(
    rows.flatMap(([name, value]) =>
      value === null || value === undefined || value === '' ? [] : [[`${name}:`, value]],
    ),
  );
}

/** A heading with what stands below it, or nothing where nothing does. */
export function section(heading: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', heading, ...indented(lines)];
}

export function indented(lines: readonly string[]): string[] {
  return lines.map((line) => (line === '' ? '' : `  ${line}`));
}
