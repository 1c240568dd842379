import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readToldLog } from '../../daemon/index.ts';
import { logPath, parseLogLine, readJournal, readRunLog, type LogLine } from '../../executor/index.ts';
import type { Instance } from '../../instance/index.ts';
import { findDeployment, type DeploymentView } from '../../projections/index.ts';
import type { RunLogFacts } from './describe-deployment.ts';
import { CliError } from '../errors.ts';

const linesShown = 10;

/** Where the log of a run lies; undefined where the run is another side's or has not begun. */
export function runLogOf({ folder }: Instance, deployment: string): string | undefined {
  const file = logPath(folder.run(deployment));
  return existsSync(file) ? file : undefined;
}

/** A file that a step asked to be kept, in the run's folder on this host. */
export type KeptArtifact = {
  readonly step: string;
  readonly name: string;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
};

/** What the steps of a run asked to be kept, whatever became of the run; none where it is another side's. */
export function artifactsOf({ folder }: Instance, deployment: string): KeptArtifact[] {
  const runFolder = folder.run(deployment);
  if (!existsSync(runFolder)) return [];
  return readJournal(runFolder).steps.flatMap(({ id, artifacts }) =>
    artifacts.map(({ name, file, sizeBytes, sha256 }) => ({
      step: id,
      name,
      file: join(runFolder, file),
      sizeBytes,
      sha256,
    })),
  );
}

/** The whole log of a run. @throws CliError RUN_LOG_MISSING */
export function runLog(instance: Instance, deployment: string): { file: string; lines: LogLine[] } {
  const file = runLogOf(instance, deployment);
  if (file !== undefined) return { file, lines: readRunLog(instance.folder.run(deployment)) };
  const told = readToldLog(instance, deployment);
  if (told !== undefined) {
    return { file: told.file, lines: told.text.split('\n').flatMap((line) => parseLogLine(line) ?? []) };
  }
  const isHere = findDeployment(instance.db, deployment) !== undefined;
  throw new CliError(
    'RUN_LOG_MISSING',
    `Cannot show the log of deployment ${deployment}: ${isHere ? 'it has not begun' : 'it ran at another side, and its log is not here'}`,
    {
      hint: isHere
        ? 'Start the daemon with `crossgap run`, or do what waits with `crossgap run --once`.'
        : 'Who runs it may tell it with `crossgap report --with-log`; `crossgap deployment show` has what was told of it.',
      details: { deployment },
    },
  );
}

/** What stands beside a trace: of a run that failed, what its failing step wrote last. */
export function lastLinesOf(instance: Instance, { id, state, failedAt }: DeploymentView): RunLogFacts {
  const file = runLogOf(instance, id);
  const artifacts = artifactsOf(instance, id).map((one) => `${one.file} (${one.sizeBytes} bytes)`);
  if (file === undefined || state !== 'failed') return { file, lastLines: [], artifacts };
  const ofStep = failedAt === undefined ? '' : `${failedAt.step}/`;
  const said = readRunLog(instance.folder.run(id)).filter(
    ({ place, level }) => place.startsWith(ofStep) && place.includes(' · ') && level !== 'verbose',
  );
  return { file, lastLines: said.slice(-linesShown).map(({ text }) => text), artifacts };
}

export function logText({ at, place, level, text }: LogLine): string {
  return `${new Date(at).toISOString()}  ${place}  ${level === 'info' ? '' : `${level}: `}${text}`;
}

export function logDocument({ at, ...line }: LogLine): Record<string, unknown> {
  return { at: new Date(at).toISOString(), ...line };
}
