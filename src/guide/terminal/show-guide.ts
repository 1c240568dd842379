import type { Writable } from 'node:stream';
import type { Ending, Guide } from '../guide.ts';
import type { Action, Page } from '../page.ts';
import { linesOf, progressLine, progressText, type Manner } from './lines-of.ts';
import { movingQuestions } from './moving-questions.ts';
import { outliveTerminal } from './outlive-terminal.ts';
import { plainQuestions } from './plain-questions.ts';
import { PersonEnded, type Questions } from './questions.ts';
import type { Keys } from './typed-lines.ts';

export type Screen = {
  readonly input: Keys;
  readonly output: Writable & { readonly columns?: number; readonly rows?: number };
  /** Plain lines only: no cursor is moved, nothing is coloured. */
  readonly isPlain: boolean;
  readonly hasColour: boolean;
};

/** Shows a guide in a terminal, page after page as a text that only grows, until it is over. */
export async function showGuide(guide: Guide, screen: Screen): Promise<Ending> {
  const { input, output, isPlain } = screen;
  outliveTerminal(input);
  using questions = isPlain ? plainQuestions(input, output) : movingQuestions(input, output);
  const over = new AbortController();
  const ended = guide.ending.finally(() => over.abort(new PersonEnded()));
  const [ending] = await Promise.all([ended, walkThrough(guide, { screen, questions, signal: over.signal })]);
  return ending;
}

type Showing = { readonly screen: Screen; readonly questions: Questions; readonly signal: AbortSignal };

/** What a terminal adds to the ways on: a line that was typed can't be gone back to. */
const change: Action = { id: 'change', label: 'Change what is typed', about: null };

async function walkThrough(guide: Guide, showing: Showing): Promise<void> {
  const { questions, signal } = showing;
  let last: Page | undefined;
  let values: Record<string, string> = {};
  try {
    while (!signal.aborted && guide.page.id !== 'over') {
      const page = guide.page;
      const isAnother = last === undefined || !isSame(last, page);
      if (isAnother) values = {};
      await tellPage(page, last, showing);
      last = page;
      if (page.isBusy) {
        last = await follow(guide, page, showing);
        continue;
      }
      const wrong = page.fields.filter(({ problem }) => problem !== null);
      await fill(isAnother ? page.fields : wrong, values, showing);
      const ways = page.fields.length === 0 ? page.actions : withChange(page.actions);
      let chosen = await questions.action({ actions: ways, mustChoose: page.mustChoose }, signal);
      while (chosen === change.id) {
        await fill(page.fields, values, showing);
        chosen = await questions.action({ actions: ways, mustChoose: page.mustChoose }, signal);
      }
      await guide.submit({ action: chosen, values });
    }
  } catch (error) {
    if (!(error instanceof PersonEnded)) throw error;
    await guide.end();
  }
}

const isSame = (one: Page, other: Page): boolean => one.id === other.id && one.title === other.title;

/** Before what leads away from the page. */
function withChange(actions: readonly Action[]): readonly Action[] {
  const at = actions.findIndex(({ id }) => id === 'back' || id === 'leave');
  return at < 0 ? [...actions, change] : [...actions.slice(0, at), change, ...actions.slice(at)];
}

async function fill(
  fields: Page['fields'],
  values: Record<string, string>,
  { questions, signal }: Showing,
): Promise<void> {
  for (const field of fields) {
    const before = values[field.name];
    const isTyped = before !== undefined && before !== '';
    const shown = !isTyped ? field : field.secret ? { ...field, isKept: true } : { ...field, value: before };
    const typed = await questions.field(shown, signal);
    if (typed !== undefined) values[field.name] = typed;
  }
}

/** Writes a page; of one that stood already only what is another. Long ones stop at each screen. */
async function tellPage(page: Page, last: Page | undefined, showing: Showing): Promise<void> {
  const { screen, questions, signal } = showing;
  const { output } = screen;
  const manner = mannerOf(screen);
  const all = linesOf(page, manner);
  const lines = last !== undefined && isSame(last, page) ? linesAfter(page, last, manner) : all;
  const rows = Math.max(10, output.rows ?? 24) - 2;
  for (let at = 0; at < lines.length; at += rows) {
    output.write(
      lines
        .slice(at, at + rows)
        .map((line) => `${line}\n`)
        .join(''),
    );
    const isLast = at + rows >= lines.length;
    if (!isLast && !page.isBusy && !(await questions.more(signal))) return;
  }
}

/** From the first block that is not as it was. */
function linesAfter(page: Page, last: Page, manner: Manner): string[] {
  const firstNew = page.blocks.findIndex(
    (block, at) => JSON.stringify(block) !== JSON.stringify(last.blocks[at]),
  );
  if (firstNew < 0) return [];
  return linesOf({ ...page, blocks: page.blocks.slice(firstNew) }, manner).slice(headingLines);
}

const headingLines = 3;

/** What is under way, as it comes; resolves when the page is another or asks something. */
async function follow(guide: Guide, page: Page, { screen, signal }: Showing): Promise<Page> {
  const { output, isPlain } = screen;
  const { promise, resolve } = Promise.withResolvers<void>();
  let [told, percent, isOnLine] = [0, '', false];
  const clear = (): void => {
    if (isOnLine) output.write('\r\u001b[K');
    isOnLine = false;
  };
  const look = (): void => {
    const now = guide.page;
    if (!now.isBusy || !isSame(now, page)) return resolve();
    const progress = now.blocks.find((block) => block.kind === 'progress');
    if (progress === undefined) return;
    const fresh = progress.lines.slice(told);
    told = progress.lines.length;
    if (fresh.length > 0) clear();
    if (fresh.length > 0 && told === fresh.length) output.write('\n');
    for (const line of fresh) output.write(`${progressLine(line, mannerOf(screen))}\n`);
    const text = progress.done === null ? '' : progressText(progress.done);
    if (text === '' || text === percent) return;
    // A terminal whose lines only grow is told each tenth.
    if (isPlain && !isTenth(text, percent)) return;
    percent = text;
    if (isPlain) output.write(`${text}\n`);
    else {
      output.write(`\r\u001b[K${text}`);
      isOnLine = true;
    }
  };
  const stop = guide.onChange(look);
  signal.addEventListener('abort', () => resolve(), { once: true });
  look();
  await promise;
  stop();
  clear();
  return page;
}

function isTenth(text: string, before: string): boolean {
  const tenth = (one: string): string => one.replace(/(\d*)\d %$/, '$1');
  return tenth(text) !== tenth(before);
}

function mannerOf({ output, hasColour, isPlain }: Screen): Manner {
  return { columns: Math.max(40, output.columns ?? 80), hasColour: hasColour && !isPlain };
}
