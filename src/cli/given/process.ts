import { dirname, resolve } from 'node:path';
import { readProcessFile, scriptsBeside, type ProcessFile } from '../../process/index.ts';
import { namesIn } from '../../variables/index.ts';
import { commandLine } from '../../words.ts';
import { misuse } from '../command.ts';
import { readGivenFile } from './files.ts';

const processFileBytesMax = 16 * 1024 * 1024;

/** The process file a person named, with the scripts beside it. @throws CliError, ProcessFileError */
export function readGivenProcess(path: string): ProcessFile {
  const text = readGivenFile(path, 'process file', processFileBytesMax);
  // A package is a ZIP file, and all that could be said of it otherwise is that it is no YAML.
  if (text.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    throw misuse(
      `Cannot read process file ${path}: it is a package`,
      `Add a package with \`${commandLine('package', 'add', path)}\`; a process is a YAML file.`,
    );
  }
  const readScript = scriptsBeside(dirname(resolve(path)));
  return readProcessFile({ path, text, readScript, namesIn });
}
