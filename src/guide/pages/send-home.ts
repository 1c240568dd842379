import { basename, dirname, join } from 'node:path';
import { carriedTo, field, goOn, never, next, once, type Leaf } from '../leaf.ts';
import { openWait, standingOf, wayOf, type Known } from '../known.ts';
import type { Said } from '../page.ts';
import type { Remark, ResultWish } from '../site.ts';

const commentLengthMax = 4000;
/** Short enough for every file system that a stick may have. */
const resultName = 'result.cgx';

/** What a person wants to say about it, and where the file for the maker is written. */
export const sendHome: Leaf = {
  id: 'send-home',
  keys: (known) => (isReporting(known) ? once : never),
  show: (known, _key, { problems }) => {
    const { rating, comment, withLog } = known.remark;
    return {
      title: 'For the maker',
      blocks: [
        {
          kind: 'text',
          text: 'A small file tells the maker what ran here and how it went. It is sealed, so that only the maker can read it. The next page shows every line of it; nothing is written before.',
        },
      ],
      fields: [
        field({
          name: 'rating',
          label: 'How did it go',
          type: 'choice',
          choices: [
            { value: '5', label: '5, very well' },
            { value: '4', label: '4' },
            { value: '3', label: '3' },
            { value: '2', label: '2' },
            { value: '1', label: '1, badly' },
          ],
          value: rating === null ? null : String(rating),
          problem: problems['rating'] ?? null,
        }),
        field({
          name: 'comment',
          label: 'Comment',
          help: 'What the maker should know; never a password.',
          type: 'long-text',
          value: comment,
          problem: problems['comment'] ?? null,
        }),
        field({
          name: 'with-log',
          label: 'With the log',
          help: 'What the steps wrote, with passwords blanked.',
          type: 'boolean',
          value: String(withLog),
          problem: problems['with-log'] ?? null,
        }),
        field({
          name: 'file',
          label: 'Written to',
          type: 'path',
          required: true,
          value: resultFileOf(known),
          problem: problems['file'] ?? null,
        }),
      ],
      actions: [goOn],
    };
  },
  keep: (known, _key, said) => {
    const remark = remarkAfter(known.remark, said);
    const resultFile = said.values['file']?.trim() || known.resultFile;
    const isSame = JSON.stringify(remark) === JSON.stringify(known.remark);
    return { remark, resultFile, ...(!isSame && { lines: null, written: null }) };
  },
  async take({ site, known, learn }, _key, { values }) {
    const problems = problemsOf(values);
    if (Object.keys(problems).length > 0) return { go: 'stay', problems };
    // Which lines there are to strike out depends on what was wished for.
    learn({ lines: await carriedTo(site).previewResult(wishOf({ ...known.remark, struck: [] }, known)) });
    return next;
  },
};

/** Whether a result is to be made for who made the file: after a run, or because that alone was asked for. */
export function isReporting(known: Known): boolean {
  const isOver = known.outcome !== null && openWait(known) === undefined;
  return (
    known.facts.carried !== null && standingOf(known) !== undefined && (isOver || wayOf(known) === 'report')
  );
}

/** The newest run where none was made at this start. */
export function wishOf(remark: Remark, known: Known): ResultWish {
  return {
    ...remark,
    environment: standingOf(known)!.environment,
    deployment: known.outcome?.deployment ?? null,
  };
}

/** Beside the file that was started, where the courier finds it. */
export function resultFileOf({ resultFile, facts }: Known): string {
  return resultFile ?? join(dirname(facts.carried?.path ?? facts.dataFolder), resultName);
}

/** Where it may be written, where the medium with the file is not for writing. */
export function otherResultFile(known: Known): string {
  return join(known.facts.dataFolder, basename(resultFileOf(known)));
}

function remarkAfter(remark: Remark, { values }: Said): Remark {
  const { rating, comment, 'with-log': withLog } = values;
  const rated = rating !== undefined && /^[1-5]$/.test(rating) ? (Number(rating) as Remark['rating']) : null;
  const said = {
    rating: rating === undefined ? remark.rating : rated,
    comment: comment === undefined ? remark.comment : comment.trim() || null,
    withLog: withLog === undefined ? remark.withLog : /^true$/i.test(withLog),
  };
  const isSame =
    said.rating === remark.rating && said.comment === remark.comment && said.withLog === remark.withLog;
  return { ...said, struck: isSame ? remark.struck : [] };
}

function problemsOf(values: Said['values']): Record<string, string> {
  const { rating = '', comment = '', 'with-log': withLog = '' } = values;
  return {
    ...(!/^[1-5]?$/.test(rating) && { rating: 'It is rated from 1 to 5, or not at all' }),
    ...(comment.length > commentLengthMax && {
      comment: `A comment has at most ${commentLengthMax} characters`,
    }),
    ...(!/^(?:true|false|)$/i.test(withLog) && { 'with-log': 'This must be true or false' }),
  };
}
