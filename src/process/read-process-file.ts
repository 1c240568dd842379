import { checkCycles } from './cycles.ts';
import { explainIssues } from './explain-issues.ts';
import { ProcessFileError, type Problem } from './errors.ts';
import { findingsOf } from './findings.ts';
import { readChecks } from './read-checks.ts';
import { readInputs } from './read-inputs.ts';
import { readSteps } from './read-steps.ts';
import { checkText, checkValues, readVariables } from './read-values.ts';
import type { NamesIn } from './references.ts';
import { formatOf, type LocalPart, type ProcessFile } from './revision.ts';
import { ProcessEntry } from './schema.ts';
import { fileLengthMax, readYaml } from './yaml-source.ts';

export type ProcessFileSource = {
  /** For messages. */
  readonly path: string;
  /** The file, or its text where it is decoded already. */
  readonly text: string | Uint8Array;
  /** Reads a script by its path beside the file; may throw (see `scriptsBeside`). */
  readonly readScript: (path: string) => string;
  /** Finds the names that a text uses. */
  readonly namesIn: NamesIn;
};

/**
 * A process file, read and checked as a whole. Throws ProcessFileError with every problem found, each with line and
 * column; nothing else is ever thrown for what stands in the file.
 */
export function readProcessFile(given: ProcessFileSource): ProcessFile {
  const { path, text, readScript, namesIn } = given;
  const problems: Problem[] = [];
  const source = readYaml(decoded(path, text), problems);
  if (source === undefined) throw new ProcessFileError(path, problems);
  const findings = findingsOf(source, problems);
  const read = ProcessEntry.safeParse(source.value);
  // Where only keys are unknown the rest still makes sense, and is looked into as well.
  const entry = read.success ? read.data : explainIssues(read.error.issues, findings);
  if (entry === undefined) throw new ProcessFileError(path, problems);

  const inputs = readInputs(entry.inputs, readScript, findings);
  const variables = readVariables(entry.variables, ['variables'], findings);
  const local = readVariables(entry.local?.variables, ['local', 'variables'], findings);
  checkValues([...variables, ...local], inputs, findings);
  checkCycles([...variables, ...local], namesIn, findings);
  checkText(['process'], 'the name of a process', findings);
  const checks = entry.checks && readChecks(entry.checks, readScript, findings);
  const steps = readSteps(entry.steps, 'steps', readScript, findings);
  const uninstall = entry.uninstall && readSteps(entry.uninstall, 'uninstall', readScript, findings);
  if (problems.length > 0) throw new ProcessFileError(path, problems);
  const content = {
    process: entry.process,
    inputs,
    variables: variables.map(({ value }) => value),
    steps,
    ...(checks !== undefined && { checks }),
    ...(uninstall !== undefined && { uninstall }),
  };
  return {
    path,
    revision: { format: formatOf(content), ...content },
    local: {
      publishWhen: publishWhenOf(entry.local?.['publish-when']),
      variables: local.map(({ value }) => value),
    },
  };
}

function publishWhenOf(entry: NonNullable<ProcessEntry['local']>['publish-when']): LocalPart['publishWhen'] {
  return {
    deployedTo: entry?.['deployed-to'] ?? [],
    testsPassed: entry?.tests === 'passed',
    testTypes: typeof entry?.tests === 'object' ? Object.keys(entry.tests) : [],
    verdictOk: entry?.verdict !== undefined,
  };
}

function decoded(path: string, text: string | Uint8Array): string {
  const refuse = (message: string, hint: string, cause?: unknown): ProcessFileError =>
    new ProcessFileError(path, [{ line: 1, column: 1, message, hint }], cause);
  if (text.length > fileLengthMax) {
    throw refuse(`the file is larger than ${fileLengthMax} bytes`, 'Put long scripts in files beside it.');
  }
  let read: string;
  try {
    read =
      typeof text === 'string'
        ? text
        : new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch (cause) {
    throw refuse('the file is not UTF-8', 'Save it as UTF-8.', cause);
  }
  if (!read.isWellFormed())
    throw refuse('the file has half a character (a lone surrogate)', 'Save it as UTF-8.');
  return read.startsWith('\uFEFF') ? read.slice(1) : read;
}
