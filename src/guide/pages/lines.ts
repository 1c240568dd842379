import { CrossgapError } from '../../errors.ts';
import { dirname } from 'node:path';
import { size } from '../../words.ts';
import type { Known } from '../known.ts';
import { carriedTo, field, never, next, once, stay, type Leaf } from '../leaf.ts';
import type { ResultLine } from '../site.ts';
import { isReporting, otherResultFile, resultFileOf, wishOf } from './send-home.ts';

/** Every line that would go home, before it is written; lines can be struck out, and that they were is told. */
export const lines: Leaf = {
  id: 'lines',
  keys: (known) => (isReporting(known) && known.lines !== null ? once : never),
  show: (known, _key, { problems }) => {
    const { written, remark } = known;
    const struck = new Set(remark.struck);
    const shown = known.lines!.map(({ id, text, mayBeStruck }, at) => {
      const mark = struck.has(id) ? 'struck out: ' : mayBeStruck ? '' : 'stays: ';
      return `${String(at + 1).padStart(3)}  ${mark}${text.replaceAll('\n', '\n     ')}`;
    });
    return {
      title: 'What goes to the maker',
      blocks: [
        {
          kind: 'text',
          text: 'Lines that begin with "stays" can not be struck out. Where a line is struck out, the maker sees that one is missing, and not what stood there. An error or a line that a script wrote is then struck out wherever else it is told, but in the log.',
        },
        { kind: 'verbatim', title: 'All of it', text: shown.join('\n') },
        ...(written === null
          ? []
          : ([
              {
                kind: 'facts',
                facts: [
                  ['Written to', written.file],
                  ['Size', size(written.sizeBytes)],
                  ['SHA-256', written.sha256],
                  ['For', written.to],
                  ['Words of this site', written.words],
                ],
              },
              {
                kind: 'text',
                text: 'Give the file to whoever carries it back. The maker may ask for the words of this site by phone.',
              },
            ] as const)),
      ],
      fields: [
        field({
          name: 'strike',
          label: 'Lines to strike out',
          help: 'Their numbers, such as 3 5-7, or none.',
          value: numbersOf(known),
          problem: problems['strike'] ?? null,
        }),
      ],
      actions: [
        ...(written === null ? [] : [{ id: 'next', label: 'Done', about: null }]),
        {
          id: 'write',
          label: written === null ? 'Write the file' : 'Write it again',
          about: resultFileOf(known),
        },
        { id: 'strike', label: 'Show it with these lines struck out', about: null },
      ],
    };
  },
  async take(hand, _key, { action, values }) {
    const { known, learn } = hand;
    const site = carriedTo(hand.site);
    if (action === 'next') return next;
    const all = known.lines!;
    const said = values['strike'] ?? numbersOf(known) ?? '';
    const struck = struckBy(said, all);
    if (typeof struck === 'string') return { go: 'stay', problems: { strike: struck } };
    const remark = { ...known.remark, struck };
    learn({ remark, written: null });
    if (action === 'strike') {
      // What was written before leaves as well, and is among the lines from then on.
      if (known.written !== null)
        learn({ lines: await site.previewResult(wishOf({ ...remark, struck: [] }, known)) });
      return stay;
    }
    try {
      learn({ written: await site.writeResult(wishOf(remark, known), resultFileOf(known)) });
    } catch (error) {
      // A medium that can't be written to is no end: the file finds another place.
      if (error instanceof CrossgapError && dirname(resultFileOf(known)) !== known.facts.dataFolder) {
        learn({ resultFile: otherResultFile(known) });
      }
      throw error;
    }
    return stay;
  },
};

/** The numbers of lines that are struck out now, as they are typed. */
function numbersOf({ lines: all, remark }: Known): string | null {
  const numbers = (all ?? []).flatMap(({ id }, at) => (remark.struck.includes(id) ? [String(at + 1)] : []));
  return numbers.length === 0 ? null : numbers.join(' ');
}

/** The ids of the lines that `3 5-7` means, or what is wrong with it. */
function struckBy(said: string, all: readonly ResultLine[]): readonly string[] | string {
  const struck = new Set<string>();
  // In a terminal an empty line leaves what stands.
  if (said.trim().toLowerCase() === 'none') return [];
  for (const part of said.split(/[\s,]+/).filter((one) => one !== '')) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(part);
    if (match === null) return `Lines are named by numbers, such as 3 5-7; ${part.slice(0, 20)} is none`;
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (from < 1 || to > all.length || from > to)
      return `There are lines 1 to ${all.length}, and not ${part}`;
    for (const line of all.slice(from - 1, to)) {
      if (!line.mayBeStruck && from === to) return `Line ${from} can not be struck out`;
      if (line.mayBeStruck) struck.add(line.id);
    }
  }
  return [...struck];
}
