import { misuse } from '../command.ts';

/**
 * The words of a command written on one line: parted by blanks, which '…' and "…" keep inside a word. Nothing else has
 * a meaning, neither backslashes nor variables: no shell reads it. @throws CliError USAGE_INVALID
 */
export function commandWords(line: string, option: string): [string, ...string[]] {
  const words: string[] = [];
  const word = /\s*((?:[^\s'"]+|'[^']*'|"[^"]*")+)(?=\s|$)/y;
  let end = 0;
  for (let found = word.exec(line); found !== null; found = word.exec(line)) {
    words.push(found[1]!.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
    end = word.lastIndex;
  }
  const [program, ...args] = words;
  if (line.slice(end).trim() !== '')
    throw misuse(
      `Cannot follow ${option}: a quote in it is not closed`,
      'Close each quote with one of its kind.',
    );
  if (program === undefined || program === '')
    throw misuse(`Cannot follow ${option}: it names no program`, 'Give a program and its arguments.');
  return [program, ...args];
}
