import { ConfigFileError, setConfigVariables } from '../../config-files/index.ts';
import { flag } from '../../variables/index.ts';
import { command, needed, type Outcome } from '../command.ts';
import { triedFileOptions, tryOnFile } from '../tried/file.ts';

export const tryConfigVariables = command({
  path: 'try config-variables',
  about: 'What XML configuration variables make of a file: appSettings and kin, set by name',
  example: 'crossgap try config-variables Web.config --variables values.json --out Web.out.config',
  args: { FILE: needed('FILE', 'the configuration file; it is only read') },
  options: triedFileOptions,
  // oxlint-disable-next-line require-await -- a command is asynchronous whatever it does
  async run(context, { FILE }, { variables, out }): Promise<Outcome> {
    return tryOnFile(
      context,
      { file: FILE, variables, out, doing: 'set configuration variables in' },
      (bytes, values) => {
        try {
          return { ...setConfigVariables(bytes, values), warnings: [] };
        } catch (error) {
          const goesOn = flag(values, 'Octopus.Action.Package.IgnoreVariableReplacementErrors', false);
          if (!goesOn || !(error instanceof ConfigFileError)) throw error;
          return { bytes, replaced: [], warnings: [error.message] };
        }
      },
    );
  },
});
