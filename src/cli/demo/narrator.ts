import { styleText } from 'node:util';

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

/** A narrator that writes to `write`, in colours where `coloured`. */
export function narrator(write: (text: string) => void, coloured: boolean): Narrator {
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    coloured ? styleText(style, text, { validateStream: false }) : text;
  return {
    point(number, title) {
      write(`\n${paint('bold', `${number}. ${title}`)}\n`);
    },
    say(text) {
      write(`   ${text}\n`);
    },
    types(who, command) {
      write(`   ${paint('cyan', `${who} $`)} ${command}\n`);
    },
    sees(text, exitCode, expected) {
      const lines = text.trimEnd().split('\n').filter((line) => line !== '');
      const cut = lines.length > linesShown;
      const shown = cut ? [...lines.slice(0, linesShown - 3), '…', ...lines.slice(-2)] : lines;
      for (const line of shown) write(`     ${paint('dim', '│')} ${line}\n`);
      if (exitCode !== 0) {
        const mark = exitCode === expected ? paint('yellow', `exit ${exitCode}`) : paint('red', `exit ${exitCode}`);
        write(`     ${paint('dim', '└')} ${mark}\n`);
      }
    },
  };
}
