import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { PersonEnded } from './questions.ts';

/** A terminal that is read from: raw mode is where each key comes by itself and the system writes none of them back. */
export type Keys = Readable & { readonly setRawMode?: (isRaw: boolean) => unknown };

export type TypedLines = Disposable & {
  /**
   * The next line, once `ask` has put the question. A hidden one is written back by nobody, however soon it is typed.
   *
   * @throws PersonEnded; the signal's reason
   */
  readonly next: (
    how: { readonly hidden: boolean; readonly ask: () => void },
    signal: AbortSignal,
  ) => Promise<string>;
};

/**
 * Lines as they are typed. What was typed ahead is kept for the next question, and nothing is written back but what the
 * system's own line discipline writes: no cursor is moved.
 */
export function typedLines(input: Keys): TypedLines {
  const decoder = new StringDecoder('utf8');
  let [ahead, isOver] = ['', false];
  let wake: (() => void) | undefined;
  const onData = (bytes: Buffer | string): void => {
    ahead += typeof bytes === 'string' ? bytes : decoder.write(bytes);
    wake?.();
  };
  const onEnd = (): void => {
    isOver = true;
    wake?.();
  };
  input.on('data', onData).on('end', onEnd).on('close', onEnd).on('error', onEnd);

  /** Takes one line off what was typed; undefined while its end is not there yet. */
  const take = (hidden: boolean): string | undefined => {
    // In raw mode the system makes no signal of Ctrl-C and no end of Ctrl-D.
    // oxlint-disable-next-line no-control-regex -- these are the keys
    if (hidden && /^[^\r\n]*[\u0003\u0004]/.test(ahead)) throw new PersonEnded();
    const end = /\r\n|\r|\n/.exec(ahead);
    if (end === null) return undefined;
    const line = ahead.slice(0, end.index);
    ahead = ahead.slice(end.index + end[0].length);
    return hidden ? afterKeys(line) : line;
  };

  return {
    async next({ hidden, ask }, signal) {
      // Before the question is there: who sees it may type at once.
      if (hidden) input.setRawMode?.(true);
      ask();
      const abort = (): void => wake?.();
      signal.addEventListener('abort', abort);
      try {
        for (;;) {
          signal.throwIfAborted();
          const line = take(hidden);
          if (line !== undefined) return line;
          if (isOver) throw new PersonEnded();
          const { promise, resolve } = Promise.withResolvers<void>();
          wake = resolve;
          await promise;
        }
      } finally {
        wake = undefined;
        signal.removeEventListener('abort', abort);
        if (hidden) input.setRawMode?.(false);
      }
    },
    [Symbol.dispose]() {
      input.off('data', onData).off('end', onEnd).off('close', onEnd).off('error', onEnd);
      input.pause();
    },
  };
}

/** What keys leave of a line where nobody edits it but us: keys that move are nothing, those that delete take one character. */
function afterKeys(keys: string): string {
  // oxlint-disable-next-line no-control-regex -- keys that are no characters come as control sequences
  const typed = keys.replaceAll(/\u001b\[[0-9;?]*[ -/]*[@-~]|\u001bO.|\u001b/g, '');
  const characters: string[] = [];
  for (const one of typed) {
    if (one === '\u007f' || one === '\b') characters.pop();
    else if (one === '\u0015') characters.length = 0;
    else if (one >= ' ' || one === '\t') characters.push(one);
  }
  return characters.join('');
}
