import { realpathSync } from 'node:fs';
import type { CrossgapError } from '../../errors.ts';
import { shellWord } from '../../words.ts';
import type { Table } from './parse.ts';

/** One file that is all of the program, an installer or a runner: how a person typed it, and where it lies. */
export type StartedFile = { readonly typed: string; readonly path: string };

/** What can be typed where one file is all of the program. */
export type Here = {
  readonly file: StartedFile;
  /** The data folder, where it was named; else the file finds it again by itself. */
  readonly folder: string | undefined;
  /** Whether the file itself was started, and not a command of crossgap by it. */
  readonly isGuide: boolean;
};

/** The file that a person started; undefined where the program was started in any other way. */
export function startedFile({
  argv,
  argv0,
  execPath,
}: Pick<NodeJS.Process, 'argv' | 'argv0' | 'execPath'>): StartedFile | undefined {
  // A process that the program itself starts is given the file of the unpacked program.
  if (argv[1] !== execPath) return undefined;
  return { typed: isSameFile(argv0, execPath) ? argv0 : execPath, path: execPath };
}

function isSameFile(typed: string, path: string): boolean {
  try {
    return /[/\\]/.test(typed) && realpathSync(typed) === realpathSync(path);
  } catch {
    // A name that was looked up by a shell is found in no folder.
    return false;
  }
}

/** What is typed to start the file on the same data folder. */
export function fileCall({ file, folder }: Pick<Here, 'file' | 'folder'>): string {
  return [shellWord(file.typed), ...dataWords(folder)].join(' ');
}

/** What is typed before a command of crossgap. */
function commandCall({ file, folder }: Here): string {
  return [shellWord(file.typed), 'crossgap', ...dataWords(folder)].join(' ');
}

/** The table of commands as they are typed behind the file. */
export function commandsByFile(table: Table, { typed }: StartedFile, folder: string | undefined): Table {
  const name = `${shellWord(typed)} crossgap`;
  const examples = table.commands.map((one) => ({
    ...one,
    example: one.example.replace(/^crossgap\b/, () => name),
  }));
  const more = folder === undefined ? {} : { folder: `data folder (else CROSSGAP_DATA; now ${folder})` };
  return { ...table, ...more, name, commands: examples };
}

const dataWords = (folder: string | undefined): string[] =>
  folder === undefined ? [] : ['--data', shellWord(folder)];

/** What is typed where a guide says something else than the command line would. */
const inGuide: Readonly<Record<string, (call: string) => string>> = {
  DEPLOYMENT_HELD: (call) =>
    `Decide about that run first: \`${call}\`, without other options, shows it and what can be done; where nobody is asked, say --if-interrupted with resume or start-over.`,
  DEPLOYMENT_STATE: (call) => `\`${call}\` shows how that run stands, and what can be done.`,
  NOTHING_TO_ROLL_BACK: (call) =>
    `There is nothing to go back to; \`${call}\` installs what the file brings.`,
  LINK_NOT_CONFIRMED: (call) =>
    `Ask its maker for the six words by phone, then: \`${call} --fingerprint "SIX WORDS"\`.`,
  INPUT_MISSING: (call) =>
    `Answer what is asked: \`${call}\`; where nobody is asked, write it into the file of answers.`,
  RELEASE_INCOMPLETE: () => 'Ask its maker for another file of this release, with everything in it.',
  DATABASE_NEWER: () =>
    'A newer program was here, and the folder was left as it is: start the newest file you have for this site, or ask its maker for a newer one.',
};

/** Where the commands of who makes a file begin: whoever sits at a site passes them on. */
const ofMakers =
  /^(?:bundle (?:export|relay)|release (?:create|publish)|process publish|package (?:add|sign|countersign|pack|push)|link invite|hub)\b/;

/**
 * What a person does next. Where one file is all of the program there is no command `crossgap` and, most likely, no
 * daemon: then it is said by what can be typed there. `words` are the first words of all commands.
 */
export function hintHere(
  { code, hint }: Pick<CrossgapError, 'code' | 'hint'>,
  here: Here | undefined,
  words: ReadonlySet<string>,
): string {
  if (here === undefined) return hint;
  const call = fileCall(here);
  // What was said by the file's name is said already.
  if (hint.includes(shellWord(here.file.typed))) return hint;
  const own = here.isGuide ? inGuide[code] : undefined;
  if (own !== undefined) return own(call);
  return hint
    .replaceAll(
      /\b([Ss])tart the program again\b/g,
      (_all, letter: string) => `${letter}tart \`${call}\` again`,
    )
    .replaceAll(/\bcrossgap (--help|[a-z]+)((?: [a-z-]+)?)/g, (all, first: string, second: string) =>
      (first === '--help' || words.has(first)) && !ofMakers.test(first + second)
        ? `${commandCall(here)} ${first}${second}`
        : all,
    );
}
