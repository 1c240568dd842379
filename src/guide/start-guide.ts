import { CrossgapError } from '../errors.ts';
import { compose, overPage, type Doing } from './compose.ts';
import { cutOffEnding, endingOf, failedEnding, leftEnding } from './ending.ts';
import type { Ending, Guide } from './guide.ts';
import { knownAtFirst, type GuideOptions, type Known } from './known.ts';
import type { Hand, Leaf, Step } from './leaf.ts';
import type { Page, Said } from './page.ts';
import { pages } from './pages.ts';
import type { Site } from './site.ts';
import { after, before, isPart, stands, type Stand } from './stands.ts';

/** A guide, and what one sees of it who stands behind it: a person's place is taken by a file of answers. */
export type Walk = Guide & {
  readonly known: Known;
  /** What kept the page that stands from being left, or from being all that it should be. */
  readonly trouble: CrossgapError | undefined;
  /** Learns which of these values a run does not have: that run, or what is installed where none is named. */
  compare(environment: string, deployment: string | null, values: Known['typed']): Promise<void>;
  /** Values as if they had been typed already. */
  prefill(values: Known['typed']): void;
  /** Ends here, in a way of the caller's. */
  finish(ending: Ending): void;
};

/** The furthest page of a walk that does not go all the way. */
const lastPages = { questions: 'environment', checks: 'checks', end: 'lines' } as const;
const orderOf = (id: string): number => pages.findIndex((leaf) => leaf.id === id);

/** Pages that only stand where what is done on the way to them could not be done. */
const isUnfinished = ({ id }: Leaf): boolean => id === 'taking-in' || id === 'running';

/** Leads through the pages at a site. It begins at once; everything it needs of the machine it asks of `site`. */
export function startGuide(site: Site, options: GuideOptions): Walk {
  let known = knownAtFirst(site.facts, options);
  let at: Stand = stands(known)[0]!;
  let work: Doing | undefined;
  let problems: Readonly<Record<string, string>> = {};
  let trouble: CrossgapError | undefined;
  let over: Ending | undefined;
  const callbacks = new Set<() => void>();
  const ending = Promise.withResolvers<Ending>();
  // Whoever shows the guide awaits how it ends; where nobody does yet, that is no error of its own.
  ending.promise.catch(() => undefined);
  const stopping = new AbortController();

  const changed = (): void => callbacks.forEach((callback) => callback());
  const learn = (more: Partial<Known>): void => {
    known = { ...known, ...more };
  };
  const finish = (how: Ending): void => {
    if (over !== undefined) return;
    over = how;
    work = undefined;
    // What is still under way for a page is wanted by nobody any more.
    stopping.abort();
    changed();
    ending.resolve(how);
  };
  const fail = (error: unknown): void => {
    if (over !== undefined) return;
    ending.reject(error);
  };

  const hand: Hand = {
    site,
    get known() {
      return known;
    },
    learn,
    progress: (progress) => {
      if (work === undefined) return;
      work.done = progress;
      changed();
    },
    tell: (line) => {
      if (work === undefined) return;
      work.lines.push(line);
      changed();
    },
    signal: stopping.signal,
  };

  /** Does something for the page that stands, which is busy meanwhile. Undefined where it could not be done, or all is over. */
  async function busy<T>(doing: () => Promise<T>): Promise<T | undefined> {
    work = { done: null, lines: [] };
    trouble = undefined;
    changed();
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof CrossgapError)) throw error;
      trouble = error;
      return undefined;
    } finally {
      work = undefined;
    }
  }

  async function arrive(stand: Stand): Promise<void> {
    at = stand;
    problems = {};
    trouble = undefined;
    const { leaf, key } = stand;
    if (leaf.enter !== undefined) {
      await busy(() => leaf.enter!(hand, key));
      if (over !== undefined) return;
      if (stopping.signal.aborted)
        return finish(known.outcome === null ? cutOffEnding(known) : endingOf(known));
      // What can't be read or believed at all is not shown any further.
      if (trouble !== undefined && leaf.id === 'about') return finish(failedEnding(known, trouble));
      if (trouble === undefined && !isPart(stand, known)) return advance();
    }
    changed();
  }

  async function advance(): Promise<void> {
    const following = after(at, known).find(({ leaf, key }) => leaf.isAsked?.(known, key) ?? true);
    if (following === undefined || isBeyondEnd(following)) return finish(endingOf(known));
    return arrive(following);
  }

  const isBeyondEnd = ({ leaf }: Stand): boolean => orderOf(leaf.id) > orderOf(lastPages[options.until]);

  async function follow(step: Step): Promise<void> {
    switch (step.go) {
      case 'next':
        return advance();
      case 'stay':
        problems = step.problems ?? {};
        return changed();
      case 'to': {
        const there = stands(known).find(({ leaf }) => leaf.id === step.page);
        return there === undefined ? advance() : arrive(there);
      }
      case 'end':
        return finish(step.ending);
    }
  }

  /** Begins what comes next; who waits for it waits until that stands or is under way. */
  const begin = (going: Promise<void>): void => void going.catch(fail);

  async function submit(said: Said): Promise<void> {
    if (over !== undefined) return;
    if (work !== undefined) {
      if (said.action === 'stop') await end();
      return;
    }
    if (!pageNow().actions.some(({ id }) => id === said.action)) return;
    const { leaf, key } = at;
    if (leaf.keep !== undefined) learn(leaf.keep(known, key, said));
    if (said.action === 'leave') return finish(leftEnding(known));
    if (said.action === 'back') {
      const last = before(at, known).at(-1);
      return last === undefined ? undefined : begin(arrive(last));
    }
    // What could not be done on the way to a page is done once more.
    if (said.action === 'again' && leaf.enter !== undefined && isUnfinished(leaf)) return begin(arrive(at));
    try {
      const step = await busy(() => leaf.take(hand, key, said));
      if (over !== undefined) return;
      begin(step === undefined ? Promise.resolve(changed()) : follow(step));
    } catch (error) {
      fail(error);
    }
  }

  async function end(): Promise<void> {
    if (over !== undefined) return;
    if (at.leaf.id !== 'running' || work === undefined) return finish(leftEnding(known));
    if (stopping.signal.aborted) return;
    hand.tell({ tone: 'strong', text: 'Stopping: what is under way is ended now, and nothing is undone…' });
    stopping.abort();
  }

  function pageNow(): Page {
    return over === undefined
      ? compose(known, at, { problems, trouble, work, isStopping: stopping.signal.aborted })
      : overPage(over);
  }

  begin(arrive(at));
  return {
    get page() {
      return pageNow();
    },
    get known() {
      return known;
    },
    get trouble() {
      return trouble;
    },
    ending: ending.promise,
    submit,
    end,
    finish,
    async compare(environment, deployment, values) {
      learn({ unused: await site.unusedValues(environment, deployment, values) });
    },
    prefill: (values) => learn({ typed: { ...known.typed, ...values } }),
    onChange(callback) {
      callbacks.add(callback);
      return () => void callbacks.delete(callback);
    },
  };
}
