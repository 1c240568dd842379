import type { Terminal } from '../terminal.ts';

/** Tells a story on the terminal: points, what people type, and what they see. */
export interface Narrator {
  /** A new point of the story. */
  point(number: number, title: string): void;
  /** A sentence between commands. */
  say(text: string): void;
  /** What somebody types. */
  types(who: string, command: string): void;
  /** What they see; long answers are cut in the middle. */
  sees(text: string, exitCode: number, expected: number): void;
}

const linesShown = 12;
/** How it ended tells more than how it began. */
const tailShown = 7;

/** A narrator that talks on a terminal. */
export function narrator({ talk, talkTone }: Pick<Terminal, 'talk' | 'talkTone'>): Narrator {
  return {
    point(number, title) {
      talk(`\n${talkTone('strong', `${number}. ${title}`)}`);
    },
    say(text) {
      talk(`   ${text}`);
    },
    types(who, command) {
      talk(`   ${talkTone('strong', `${who} $`)} ${command}`);
    },
    sees(text, exitCode, expected) {
      const lines = text
        .trimEnd()
        .split('\n')
        .filter((line) => line !== '');
      const cut = lines.length > linesShown;
      const shown = cut
        ? [...lines.slice(0, linesShown - tailShown - 1), '…', ...lines.slice(-tailShown)]
        : lines;
      for (const line of shown) talk(`     │ ${line}`);
      if (exitCode !== 0)
        talk(`     └ ${talkTone(exitCode === expected ? 'warn' : 'bad', `exit ${exitCode}`)}`);
    },
  };
}
