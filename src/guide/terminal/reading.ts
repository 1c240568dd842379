import type { Page } from '../page.ts';
import { headingLines, linesOf, type Manner } from './lines-of.ts';

/** Lines of a page that were not shown yet. So many of them, from the first, are to be shown before it counts as read. */
export type Unread = { readonly lines: readonly string[]; readonly needed: number };

export const nothingUnread: Unread = { lines: [], needed: 0 };

/**
 * What there is to read on a page: of one that stood already only from the first block that is another, below its heading
 * once more where that is more than a screen of so many rows.
 */
export function toRead(
  page: Page,
  last: Page | undefined,
  { manner, rows }: { readonly manner: Manner; readonly rows: number },
): Unread {
  const from = last === undefined ? 0 : firstOther(page, last);
  if (from === undefined) return nothingUnread;
  const linesUpTo = (end: number): string[] =>
    linesOf({ ...page, blocks: page.blocks.slice(from, end) }, manner);
  const all = linesUpTo(page.blocks.length);
  const stands = last !== undefined && all.length <= rows ? headingLines : 0;
  const isForReaders = page.actions.some((action) => action.isForReaders);
  const lastNeeded = page.blocks.findLastIndex((block) => block.kind !== 'verbatim' || !block.isAside);
  return {
    lines: all.slice(stands),
    needed: isForReaders ? linesUpTo(lastNeeded + 1).length - stands : 0,
  };
}

/** Both, one after the other; the first of them is read before the second where some of that is needed. */
export function readAfter(left: Unread, more: Unread): Unread {
  if (left.needed === 0) return more;
  return more.needed === 0
    ? { lines: [...left.lines, ...more.lines], needed: left.needed }
    : { lines: [...left.lines, ...more.lines], needed: left.lines.length + more.needed };
}

/** What is left once so many lines were shown. */
export function leftAfter({ lines, needed }: Unread, shown: number): Unread {
  return { lines: lines.slice(shown), needed: Math.max(0, needed - shown) };
}

function firstOther(page: Page, last: Page): number | undefined {
  const at = page.blocks.findIndex(
    (block, index) => JSON.stringify(block) !== JSON.stringify(last.blocks[index]),
  );
  return at < 0 ? undefined : at;
}
