import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Answer } from './companies.ts';

const script = fileURLToPath(new URL('./counter-process.ts', import.meta.url));

/** A counter where somebody's command lines are taken one after another, by one process of a built program. */
export type Counter = {
  /** Whether a command is under way: another one at the same time wants a process of its own. */
  readonly isBusy: () => boolean;
  readonly types: (words: readonly string[], input?: string) => Promise<Answer>;
  readonly end: () => Promise<void>;
};

/** @param main `dist/cli/main.js` of the program; @param cwd from where its files are named. */
export function openCounter(main: string, cwd: string): Counter {
  let opened: { readonly child: ChildProcess; readonly gone: Promise<never> } | undefined;
  let busy = false;
  const open = (): NonNullable<typeof opened> => {
    const child = fork(script, [main], { cwd, env: { ...process.env, CROSSGAP_DATA: '' }, execArgv: [] });
    const gone = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the process at the counter ended with ${code ?? signal}`);
    });
    // It is told to whoever asks for something.
    gone.catch(() => undefined);
    return { child, gone };
  };
  return {
    isBusy: () => busy,
    async types(words, input = '') {
      const { child, gone } = (opened ??= open());
      busy = true;
      try {
        const answered = once(child, 'message');
        child.send({ words, input });
        return ((await Promise.race([answered, gone])) as [Answer])[0];
      } finally {
        busy = false;
      }
    },
    async end() {
      opened?.child.kill('SIGKILL');
      await opened?.gone.catch(() => undefined);
    },
  };
}
