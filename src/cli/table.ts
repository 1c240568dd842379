// oxlint-disable-next-line no-control-regex -- our own colours begin with one
const colours = /\u001b\[\d+m/g;

const plainText = /^[ -~]*$/;
const characters = new Intl.Segmenter();

/** Rows of cells as lines with aligned columns, no blanks at the ends. The first row may be a heading. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row
      .map((cell, at) => cell + ' '.repeat(at === row.length - 1 ? 0 : widths[at]! - widthOf(cell)))
      .join('  ')
      .trimEnd(),
  );
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

function widthOf(cell: string): number {
  const shown = cell.replaceAll(colours, '');
  return plainText.test(shown) ? shown.length : [...characters.segment(shown)].length;
}
