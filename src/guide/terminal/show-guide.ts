import type { Writable } from 'node:stream';
import type { Ending, Guide } from '../guide.ts';
import type { Action, Field, Page } from '../page.ts';
import { progressLine, progressText, type Manner } from './lines-of.ts';
import { movingQuestions } from './moving-questions.ts';
import { outliveTerminal } from './outlive-terminal.ts';
import { plainQuestions } from './plain-questions.ts';
import { PersonEnded, type Questions } from './questions.ts';
import { leftAfter, nothingUnread, readAfter, toRead, type Unread } from './reading.ts';
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

/** A page before a person: what was typed into it, and what of it was not shown yet. */
type Visit = {
  readonly page: Page;
  readonly values: Record<string, string>;
  unread: Unread;
  /** Whether its fields were gone through. */
  isFilled: boolean;
};

/** What a terminal adds to the ways on: a line that was typed can't be gone back to. */
const change: Action = { id: 'change', label: 'Change what is typed', about: null };
const readOn: Action = {
  id: 'read-on',
  label: 'Read on',
  about: 'Shows what was passed over, from where it was left.',
};

async function walkThrough(guide: Guide, showing: Showing): Promise<void> {
  let visit: Visit | undefined;
  try {
    while (!showing.signal.aborted && guide.page.id !== 'over') {
      visit = await visited(guide.page, visit, showing);
      if (visit.page.isBusy) await follow(guide, visit.page, showing);
      else await guide.submit({ action: await answered(visit, showing), values: visit.values });
    }
  } catch (error) {
    if (!(error instanceof PersonEnded)) throw error;
    await guide.end();
  }
}

const isSame = (one: Page, other: Page): boolean => one.id === other.id && one.title === other.title;

/** Writes a page; of one that stood already, with what was typed into it, only what is another. */
async function visited(page: Page, before: Visit | undefined, showing: Showing): Promise<Visit> {
  const last = before !== undefined && isSame(before.page, page) ? before : undefined;
  const { screen } = showing;
  const fresh = toRead(page, last?.page, { manner: mannerOf(screen), rows: rowsOf(screen) });
  const left = await show(fresh, page.isBusy, showing);
  return {
    page,
    values: last?.values ?? {},
    unread: readAfter(last?.unread ?? nothingUnread, left),
    isFilled: last?.isFilled ?? false,
  };
}

/** Asks for what the page asks, until the person goes on by one of its ways. */
async function answered(visit: Visit, showing: Showing): Promise<string> {
  const { page, values } = visit;
  const { questions, signal } = showing;
  const wrong = page.fields.filter(({ problem }) => problem !== null);
  const typed = new Set<string>();
  const fillIn = async (fields: readonly Field[]): Promise<void> => {
    await fill(fields, { values, typed }, showing);
    visit.isFilled = true;
  };
  // A name below an answer is asked for once there is an answer.
  const isSigned = page.actions.some((action) => action.isSigned);
  if (visit.isFilled) await fillIn(wrong);
  else if (!isSigned) await fillIn(page.fields);
  for (;;) {
    const actions = waysOn(page, visit);
    const chosen = await questions.action({ actions, mustChoose: page.mustChoose }, signal);
    if (chosen === readOn.id) visit.unread = await show(visit.unread, false, showing);
    else if (chosen === change.id) await fillIn(page.fields);
    else {
      const isToSign = actions.some((action) => action.id === chosen && action.isSigned === true);
      if (isToSign && !visit.isFilled) await fillIn(page.fields);
      return chosen;
    }
  }
}

/** The ways on as a terminal has them; what is for readers is there once nothing is left that they need. */
function waysOn({ actions, fields }: Page, { unread, isFilled }: Visit): readonly Action[] {
  const isRead = unread.needed === 0;
  const offered = actions.filter((action) => isRead || action.isForReaders !== true);
  const isOut = offered.findIndex(({ id }) => id === 'back' || id === 'leave');
  const out = isOut < 0 ? offered.length : isOut;
  return [
    ...(isRead ? [] : [readOn]),
    ...offered.slice(0, out),
    ...(isFilled && fields.length > 0 ? [change] : []),
    ...offered.slice(out),
  ];
}

/** Asks for fields one by one. What was wrong with one is not told any more once it was typed again. */
async function fill(
  fields: readonly Field[],
  { values, typed }: { readonly values: Record<string, string>; readonly typed: Set<string> },
  { questions, signal }: Showing,
): Promise<void> {
  for (const field of fields) {
    const before = values[field.name];
    const isTyped = before !== undefined && before !== '';
    const stands = !isTyped ? {} : field.secret ? { isKept: true } : { value: before };
    const problem = typed.has(field.name) ? null : field.problem;
    const said = await questions.field({ ...field, ...stands, problem }, signal);
    if (said === undefined) continue;
    values[field.name] = said;
    typed.add(field.name);
  }
}

/** Writes lines, screen by screen, until there are no more or the person has seen enough; what is left then. */
async function show(
  unread: Unread,
  isBusy: boolean,
  { screen, questions, signal }: Showing,
): Promise<Unread> {
  const { output } = screen;
  const { lines } = unread;
  const rows = rowsOf(screen);
  for (let at = 0; at < lines.length; at += rows) {
    const shown = at + rows;
    output.write(
      lines
        .slice(at, shown)
        .map((line) => `${line}\n`)
        .join(''),
    );
    if (shown < lines.length && !isBusy && !(await questions.more(signal))) return leftAfter(unread, shown);
  }
  return nothingUnread;
}

/** What is under way, as it comes; resolves when the page is another or asks something. */
async function follow(guide: Guide, page: Page, { screen, signal }: Showing): Promise<void> {
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
}

function isTenth(text: string, before: string): boolean {
  const tenth = (one: string): string => one.replace(/(\d*)\d %$/, '$1');
  return tenth(text) !== tenth(before);
}

function mannerOf({ output, hasColour, isPlain }: Screen): Manner {
  return { columns: Math.max(40, output.columns ?? 80), hasColour: hasColour && !isPlain };
}

/** Lines of text that fit on it at once, above a question. */
const rowsOf = ({ output }: Screen): number => Math.max(10, output.rows ?? 24) - 2;
