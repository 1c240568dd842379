import type { Ending, Field, Guide, Page, Said } from '../../../src/guide/index.ts';

/** A guide whose pages are put up by the test, and which keeps what was said to it. */
export type ScriptedGuide = Guide & {
  readonly said: readonly Said[];
  /** How often it was asked to end. */
  readonly endsAsked: number;
  show(page: Page): void;
  finish(ending?: Partial<Ending>): void;
  /** What it does with an answer; the page stays where nothing is said. */
  onSaid(answer: (said: Said) => void | Promise<void>): void;
};

export function scriptedGuide(first: Page): ScriptedGuide {
  const said: Said[] = [];
  const callbacks = new Set<() => void>();
  const ending = Promise.withResolvers<Ending>();
  let page = first;
  let endsAsked = 0;
  let answer: (given: Said) => void | Promise<void> = () => {};
  const tell = (): void => callbacks.forEach((callback) => callback());
  const finish = (more: Partial<Ending> = {}): void =>
    ending.resolve({ exitCode: 0, document: {}, text: ['Orders 3.2.0 is installed'], ...more });
  return {
    get page() {
      return page;
    },
    said,
    get endsAsked() {
      return endsAsked;
    },
    async submit(given) {
      said.push(given);
      await answer(given);
    },
    onChange(callback) {
      callbacks.add(callback);
      return () => callbacks.delete(callback);
    },
    async end() {
      endsAsked += 1;
      finish({ exitCode: 3, text: ['Nothing was changed on this machine'] });
    },
    ending: ending.promise,
    show(next) {
      page = next;
      tell();
    },
    finish,
    onSaid: (does) => void (answer = does),
  };
}

export function aPage(more: Partial<Page> = {}): Page {
  return {
    id: 'about',
    title: 'Orders 3.2.0',
    place: { at: 2, of: 6 },
    blocks: [{ kind: 'text', text: 'A text to read' }],
    fields: [],
    actions: [
      { id: 'next', label: 'Go on', about: null },
      { id: 'back', label: 'Back', about: null },
      { id: 'leave', label: 'Leave', about: null },
    ],
    mustChoose: false,
    isBusy: false,
    ...more,
  };
}

export function aField(more: Partial<Field> = {}): Field {
  return {
    name: 'Site.Port',
    label: 'Port',
    help: null,
    type: 'text',
    choices: [],
    secret: false,
    mayBeShown: false,
    required: true,
    value: null,
    isKept: false,
    problem: null,
    ...more,
  };
}
