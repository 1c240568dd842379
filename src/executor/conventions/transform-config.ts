import { relative } from 'node:path';
import {
  ConfigFileError,
  decodeText,
  inFile,
  transformXml,
  type TransformPair,
} from '../../config-files/index.ts';
import { flag } from '../../variables/index.ts';
import { currentFolder, type Done, type Work } from '../convention.ts';
import { explained, warn } from './config-failures.ts';
import { plannedTransforms } from './planned-transforms.ts';
import { contentOf, rewriteFiles } from './rewrite-files.ts';

const prefix = 'Octopus.Action.Package';
const warningsAsErrors = `${prefix}.TreatConfigTransformationWarningsAsErrors`;
const errorsIgnored = `${prefix}.IgnoreConfigTransformationErrors`;

/**
 * Applies XML transforms: those the step lists, then `Release`, the environment's and the tenant's. A file that several
 * transforms meet is written once, after the last of them.
 */
export async function transformConfig(work: Work): Promise<Done> {
  const planned = plannedTransforms(work);
  if (planned === undefined) return { state: 'feature-off' };
  for (const rule of planned.unused) {
    work.remark({ kind: 'rule-unused', rule });
    warnUnused(work, `the transform ${rule} was not applied: no files match it`);
  }
  for (const rule of planned.overlapping) {
    work.log(
      'verbose',
      `The transform ${rule} was not applied where another had applied the same file before`,
    );
  }
  const byTarget = Map.groupBy(planned.pairs, (pair) => shown(work, pair.target));
  const details: string[] = [];
  const files = await rewriteFiles(work, currentFolder(work)!, [...byTarget.keys()], (bytes, target) => {
    const pairs = byTarget.get(target)!;
    work.remark({ kind: 'transformed', target, by: pairs.map((pair) => shown(work, pair.transform)) });
    details.push(`${target}: ${pairs.map((pair) => shown(work, pair.transform)).join(', ')}`);
    const after = pairs.reduce<Uint8Array>((before, pair) => transformed(work, pair, before), bytes);
    return Buffer.compare(after, bytes) === 0 ? undefined : after;
  });
  // Scripts can see which files were no configuration but instructions for one.
  const applied = [...new Set(planned.pairs.map((pair) => pair.transform))].join('|');
  work.variables.setLiteral('OctopusAppliedXmlConfigTransforms', applied);
  const detail = details.join('; ');
  return files.length === 0
    ? { state: 'nothing-to-do', ...(detail !== '' && { detail }) }
    : { state: 'done', files, ...(detail !== '' && { detail }) };
}

/** A rule without a file is only told; a step that wants to know says so. */
function warnUnused(work: Work, what: string): void {
  if (flag(work.variables, 'Crossgap.Action.Package.TreatConfigurationWarningsAsErrors', false)) {
    warn(work, 'transform configuration files', what);
  }
  work.log('verbose', `${what[0]!.toUpperCase()}${what.slice(1)}`);
}

function shown(work: Work, path: string): string {
  const below = relative(currentFolder(work)!, path);
  return below.replaceAll('\\', '/');
}

/** The target after one transform; unchanged where that can't be applied and the step ignores it. */
function transformed(work: Work, pair: TransformPair, before: Uint8Array): Uint8Array {
  const { variables } = work;
  const [target, transform] = [shown(work, pair.target), shown(work, pair.transform)];
  const ignoresErrors = flag(variables, errorsIgnored, false);
  const fails = !ignoresErrors && flag(variables, warningsAsErrors, true);
  const isQuiet = flag(variables, `${prefix}.SuppressConfigTransformationLogging`, false);
  work.log('info', `Transforming ${target} by ${transform}`);
  try {
    const { bytes, messages } = transformXml({
      source: { name: target, bytes: before },
      transform: { name: transform, bytes: contentOf(work.disk, pair.transform) },
      ...(!isQuiet && { detail: (line) => work.log('verbose', line) }),
    });
    for (const { level, message, line, column, in: file } of messages) {
      const name = { source: target, transform }[file ?? 'transform'];
      const place = line === undefined ? '' : `${name}, line ${line}, column ${column}: `;
      const isError = level === 'error' || fails;
      work.log(isError ? 'error' : ignoresErrors ? 'info' : 'warning', `${place}${message}`);
    }
    const decisive = messages.find(({ level }) => level === 'error' || fails);
    if (decisive !== undefined && !(bytes === undefined && ignoresErrors)) {
      throw explained(work, notTransformed(target, transform, decisive));
    }
    if (bytes === undefined) return before;
    if (!hasElement(bytes)) {
      work.log(fails ? 'error' : 'warning', `${target} has no root element any more after ${transform}`);
    }
    return bytes;
  } catch (error) {
    const isUnreadable = error instanceof ConfigFileError && error.code !== 'TRANSFORM_FAILED';
    if (!isUnreadable) throw error;
    const failure = inFile(
      error,
      'transform',
      `${target} by ${transform}`,
      `The deployment fails; with ${errorsIgnored} it goes on, the file left as it was.`,
    );
    work.log(ignoresErrors ? 'warning' : 'error', failure.message);
    if (!ignoresErrors) throw explained(work, failure);
    return before;
  }
}

function notTransformed(
  target: string,
  transform: string,
  { level, message, line, column, in: file }: ReturnType<typeof transformXml>['messages'][number],
): ConfigFileError {
  const name = { source: target, transform }[file ?? 'transform'];
  const place = line === undefined ? '' : `${name}, line ${line}, column ${column}: `;
  const rule =
    level === 'warning'
      ? `A warning counts as an error unless ${warningsAsErrors} is False.`
      : 'An error of a transform always fails the deployment, as with Octopus Deploy.';
  return new ConfigFileError(
    'TRANSFORM_FAILED',
    `Cannot transform ${target} by ${transform}: ${place}${message}`,
    {
      hint: `Correct the transform. ${rule}`,
      details: { target, transform, level, ...(line !== undefined && { line, column }) },
    },
  );
}

/** Whether anything but comments, instructions and white space is left. */
function hasElement(bytes: Uint8Array): boolean {
  const { text } = decodeText(bytes);
  return /<[^!?]/.test(text.replaceAll(/<!--[^]*?-->|<\?[^]*?\?>/g, ''));
}
