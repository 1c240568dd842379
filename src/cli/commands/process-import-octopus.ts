import { basename } from 'node:path';
import { importProcess } from '../../octopus/index.ts';
import {
  featureOwning,
  isMachineFeature,
  readProcessFile,
  refusedProperty,
  scriptsBeside,
} from '../../process/index.ts';
import { namesIn } from '../../variables/index.ts';
import { count } from '../../words.ts';
import { command, list, misuse, needed, text, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { readGivenText, writeGivenFile } from '../given/files.ts';

const exportBytesMax = 16 * 1024 * 1024;

export const importOctopus = command({
  path: 'process import-octopus',
  about:
    'Turn a deployment process of Octopus Deploy (OCL or JSON) into a process file; says what it leaves out',
  example: 'crossgap process import-octopus .octopus/deployment_process.ocl --name Orders --out orders.yaml',
  args: { FILE: needed('FILE', "a project's deployment_process.ocl, or the JSON of its deployment process") },
  options: {
    name: text('P', 'name of the process (else made from the name of the file)'),
    environment: list(
      'ID=NAME',
      'what an environment is called here, which the export names by an id or slug',
    ),
    out: text('F', 'where the process file goes; without it, to standard output'),
  },
  async run(context, { FILE }, { name, environment, out }): Promise<Outcome> {
    const given = name ?? nameFrom(FILE);
    const { yaml, steps, notCarried } = importProcess({
      path: FILE,
      text: readGivenText(FILE, 'export', exportBytesMax),
      name: given,
      environments: new Map(environment.map(environmentNamed)),
      known: {
        refusedProperty: (property, value) => refusedProperty(property, value)?.message,
        isFeature: isMachineFeature,
        featureOwning,
      },
    });
    for (const { step, what, why } of notCarried) {
      context.terminal.talk(`not carried: step ${step}: ${what}: ${why}`);
    }
    if (yaml === undefined) {
      throw new CliError('NOTHING_CARRIED', `Cannot import ${FILE}: none of its steps can be carried`, {
        hint: 'The reasons are listed; write the steps that are wanted into a process file by hand.',
        details: { path: FILE, notCarried },
      });
    }
    // What is handed over can be published as it is.
    readProcessFile({ path: out ?? FILE, text: yaml, readScript: scriptsBeside('.'), namesIn });
    const document = { process: given, steps, notCarried, out: out ?? null, yaml };
    if (out === undefined) return { document, text: yaml.trimEnd() };
    writeGivenFile(out, yaml);
    const left =
      notCarried.length === 0 ? 'all of it is carried' : `${count(notCarried.length, 'thing')} not carried`;
    return { document, text: `${out} is written: ${count(steps, 'step')}, ${left}` };
  },
});

/** The name of the process where nobody says it: that of the file, which no process may have other characters than. */
function nameFrom(file: string): string {
  const stem = basename(file)
    .replace(/\.[^.]*$/, '')
    .replaceAll(/[/:\\]/g, ' ')
    .trim();
  return stem === '' ? 'Imported' : stem;
}

function environmentNamed(pair: string): readonly [id: string, name: string] {
  const at = pair.indexOf('=');
  if (at > 0 && at < pair.length - 1) return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
  throw misuse(
    `Cannot read --environment ${pair}: it is no ID=NAME`,
    'Write --environment Environments-1=qa.',
  );
}
