import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { CliError } from '../../src/cli/errors.ts';
import { parse } from '../../src/cli/shell/parse.ts';
import { firstWords, programFor } from '../../src/cli/program.ts';

const src = resolve(import.meta.dirname, '../../src');

type Named = { readonly where: string; readonly words: readonly string[] };

/**
 * The commands that texts of the program name: `crossgap` with the words behind it, up to where it is closed or the
 * sentence goes on. A value that is put in counts as a word. What only says where a file is from is no advice to type.
 */
function namedCommands(): Named[] {
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  return files.flatMap((name) =>
    readFileSync(join(src, name), 'utf8')
      .split('\n')
      .flatMap((line, at) =>
        /^\s*(?:\*|\/[*/]|example:)/.test(line)
          ? []
          : commandsIn(line).map((words) => ({ where: `${name}:${at + 1}`, words })),
      ),
  );
}

function commandsIn(line: string): string[][] {
  const plain = line.replaceAll(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, 'X').replaceAll('\\`', '`');
  return [...plain.matchAll(/\bcrossgap ([a-z]+(?: (?:[^\s`'",;:()]|[:,](?=\S))+)*)/g)]
    .filter(({ 0: all, index }) => !/^` (?:then )?(?:wrote|writes)\b/.test(plain.slice(index + all.length)))
    .map(([, words]) => words!.replace(/\.(?: .*)?$/, '').split(' '))
    .filter(([first]) => firstWords.has(first!));
}

/** What a command line lacks, as a person is told who types it. */
async function lackingIn(words: readonly string[]): Promise<string | undefined> {
  try {
    parse(await programFor(words), words);
    return undefined;
  } catch (error) {
    // Words of the sentence behind it are no part of what is typed.
    const lacking = error instanceof CliError ? error.details['lacking'] : undefined;
    if (typeof lacking === 'string') return lacking;
    if (error instanceof CliError) return undefined;
    throw error;
  }
}

test('a command that a text of the program names has all that it needs', async () => {
  const named = namedCommands();
  expect(named.length).toBeGreaterThan(80);
  const lacking: string[] = [];
  for (const { where, words } of named) {
    const lacks = await lackingIn(words);
    if (lacks !== undefined) lacking.push(`${where}: ${words.join(' ')} lacks ${lacks}`);
  }
  expect(lacking).toEqual([]);
});
