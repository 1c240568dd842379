import type { Progress, ProgressLine } from '../page.ts';
import type { Walk } from '../start-guide.ts';

/** What is under way on a page, as it goes: each line once, and how far it is. */
export type Told =
  | { readonly page: string; readonly line: ProgressLine }
  | { readonly page: string; readonly title: string }
  | { readonly page: string; readonly progress: Progress };

/** Tells what is under way while nobody looks at pages; returns how to stop that. */
export function tellProgress(walk: Walk, tell: (told: Told) => void): () => void {
  let [page, lines, done] = ['', 0, ''];
  const look = (): void => {
    const { id, title, isBusy, blocks } = walk.page;
    if (!isBusy) return;
    if (id !== page) {
      [page, lines, done] = [id, 0, ''];
      tell({ page, title });
    }
    const under = blocks.find((block) => block.kind === 'progress');
    if (under === undefined) return;
    // A page that is busy a second time begins with no lines.
    if (under.lines.length < lines) lines = 0;
    for (const line of under.lines.slice(lines)) tell({ page, line });
    lines = under.lines.length;
    const now = JSON.stringify(under.done);
    if (under.done !== null && now !== done) tell({ page, progress: under.done });
    done = now;
  };
  return walk.onChange(look);
}
