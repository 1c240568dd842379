import type { Keys } from './typed-lines.ts';

/**
 * Lets a terminal that was closed refuse to be set to raw mode or back: that it is gone is told by the end of what is
 * read from it, and who reads would otherwise end in the midst of something.
 */
export function outliveTerminal(input: Keys): void {
  const set = input.setRawMode?.bind(input);
  if (set === undefined) return;
  Object.defineProperty(input, 'setRawMode', {
    configurable: true,
    value(isRaw: boolean): unknown {
      try {
        return set(isRaw);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EIO') throw error;
        return input;
      }
    },
  });
}
