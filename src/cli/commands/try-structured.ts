import { basename } from 'node:path';
import { setStructuredVariables } from '../../config-files/index.ts';
import { flag } from '../../variables/index.ts';
import { command, needed, type Outcome } from '../command.ts';
import { triedFileOptions, tryOnFile } from '../tried/file.ts';

export const tryStructured = command({
  path: 'try structured',
  about: 'What structured variables make of a file: JSON, YAML, XML or properties, set by path',
  example: 'crossgap try structured appsettings.json --variables values.json --out appsettings.out.json',
  args: { FILE: needed('FILE', 'the file of settings; it is only read') },
  options: triedFileOptions,
  // oxlint-disable-next-line require-await -- a command is asynchronous whatever it does
  async run(context, { FILE }, { variables, out }): Promise<Outcome> {
    return tryOnFile(
      context,
      { file: FILE, variables, out, doing: 'set structured variables in' },
      (bytes, values) =>
        setStructuredVariables(basename(FILE), bytes, values, {
          onlyJson: flag(values, 'Octopus.Action.StructuredConfigurationFallbackFlag', false),
        }),
    );
  },
});
