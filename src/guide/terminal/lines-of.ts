import { styleText } from 'node:util';
import { foldLines } from '../../fold-lines.ts';
import { printable } from '../../printable.ts';
import { widthOf } from '../../text-width.ts';
import type { Block, Check, Page, Progress, ProgressLine } from '../page.ts';

/** How a terminal is written to. */
export type Manner = {
  readonly columns: number;
  /** Whether colours may stand beside words; they never stand for them. */
  readonly hasColour: boolean;
};

type Tone = 'good' | 'bad' | 'warn' | 'strong';
const styles = { good: 'green', bad: 'red', warn: 'yellow', strong: 'bold' } as const;

export function toned(tone: Tone, text: string, { hasColour }: Manner): string {
  return hasColour ? styleText(styles[tone], text, { validateStream: false }) : text;
}

/** Lines that a page has above its blocks. */
export const headingLines = 3;

/** A page as lines of at most so many columns, without its fields and what is done with it. */
export function linesOf(page: Page, manner: Manner): string[] {
  const { title, place } = page;
  const counted = place === null ? '' : ` (page ${place.at} of ${place.of})`;
  const heading = `${printable(title)}${counted}`;
  const blocks = page.blocks
    .filter(({ kind }) => kind !== 'progress')
    .flatMap((one) => ['', ...blockLines(one, manner)]);
  return folded(
    ['', toned('strong', heading, manner), '-'.repeat(Math.min(heading.length, manner.columns)), ...blocks],
    manner,
  );
}

/** Names of facts that are longer stand above what belongs to them. */
const nameWidthMax = 32;

function blockLines(block: Block, manner: Manner): string[] {
  switch (block.kind) {
    case 'text':
      // Lines that go on are indented where they hang below a name or a dash, and not in a paragraph.
      return foldLines(printable(block.text), manner.columns)
        .split('\n')
        .map((line) => line.trim());
    case 'notice': {
      const [word, tone] = notices[block.tone];
      return [`${toned(tone, word, manner)} ${printable(block.text)}`];
    }
    case 'heading':
      return [toned('strong', `${printable(block.text)}:`, manner)];
    case 'facts': {
      // The longest names have a line of their own, so that what belongs to the others stands in one column.
      const names = block.facts.map(([name]) => widthOf(printable(name)));
      const width = Math.max(0, ...names.filter((one) => one <= nameWidthMax));
      return block.facts.flatMap(([name, value], at) => {
        const [begin, text, room] = [`${printable(name)}:`, printable(value), width - names[at]!];
        const indent = ' '.repeat(width + 3);
        // A digest is not broken: it has a line of its own where it fits.
        if (!text.includes(' ') && widthOf(indent + text) > manner.columns) return [begin, `  ${text}`];
        return room < 0 ? [begin, `${indent}${text}`] : [`${begin}${' '.repeat(room + 2)}${text}`];
      });
    }
    case 'list':
      // What is numbered needs no dash.
      return block.items.map((item) => `  ${/^\d+\. /.test(item) ? '' : '- '}${printable(item)}`);
    case 'checks':
      return block.checks.flatMap((check) => checkLines(check, manner));
    case 'verbatim':
      return [
        `${printable(block.title)}:`,
        ...printable(block.text)
          .trimEnd()
          .split('\n')
          .map((line) => `  | ${line}`),
      ];
    case 'progress':
      return [];
  }
}

const notices = {
  note: ['Note:', 'strong'],
  warning: ['Warning:', 'warn'],
  problem: ['Problem:', 'bad'],
} as const satisfies Record<string, readonly [string, Tone]>;

const states = {
  good: ['good   ', 'good'],
  note: ['note   ', 'strong'],
  lacking: ['LACKING', 'bad'],
} as const satisfies Record<Check['state'], readonly [string, Tone]>;

function checkLines({ name, state, found, hint }: Check, manner: Manner): string[] {
  const [word, tone] = states[state];
  return [
    `${toned(tone, word, manner)}  ${printable(name)}: ${printable(found)}`,
    ...(hint === null ? [] : [`         try: ${printable(hint)}`]),
  ];
}

export function progressLine({ tone, text }: ProgressLine, manner: Manner): string {
  return folded([tone === 'plain' ? printable(text) : toned(tone, printable(text), manner)], manner).join(
    '\n',
  );
}

/** `checking 30 of 61 MB, 50 %`. */
export function progressText({ what, done, of }: Progress): string {
  return of === 0 ? printable(what) : `${printable(what)}: ${Math.floor((done / of) * 100)} %`;
}

function folded(lines: readonly string[], { columns }: Manner): string[] {
  return lines.flatMap((line) => foldLines(line, columns).split('\n'));
}
