import { programVersion } from '../installation.ts';
import { shellWord } from '../words.ts';
import type { Command } from './command.ts';
import { install } from './commands/install.ts';
import type { Table } from './shell/parse.ts';
import type { StartedFile } from './shell/started-file.ts';

/** What can be said to an installer or a runner: what `install` takes, of the file itself. */
export function fileProgram({ typed, path }: StartedFile, folder: string | undefined): Table {
  const file = shellWord(typed);
  const itself: Command = {
    ...install,
    path: '',
    args: {},
    about: '',
    example: `${file} --answers answers.yaml --check

Any command of crossgap, on the same data folder:
  ${file} crossgap --help`,
    excess: `To start it, name options only; a command of crossgap stands behind that word: \`${file} crossgap status\`.`,
    run: (context, _args, options) => install.run(context, { FILE: path }, options),
  };
  return {
    name: file,
    about:
      'Install on this machine what this file brings. A guide leads through it: every byte is checked first, and nothing is changed before you say so.',
    version: programVersion(),
    folder:
      folder === undefined
        ? 'where everything is kept'
        : `where everything is kept (else CROSSGAP_DATA; now ${folder})`,
    itself,
    commands: [],
    families: {},
  };
}
