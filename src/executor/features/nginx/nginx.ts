import { accessSync, constants, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ExecutorError } from '../../errors.ts';
import { packageAction } from '../../convention.ts';
import { isPut, putBack, putFiles, type NewFile } from '../changed-files.ts';
import type { Feature, FeatureDone, FeatureStage, FeatureWork } from '../feature.ts';
import { runFeatureScript } from '../run-feature-script.ts';
import { nginxFiles, type NginxFiles } from './configuration.ts';
import { nginxScripts } from './scripts.ts';
import { configurationsFolder, nginxProgram, nginxSettings, readNginx } from './settings.ts';

const name = 'Octopus.Features.Nginx';
const kept = 'nginx';

/** A server of nginx: its files are generated, tested by nginx itself and then loaded; after a failure the old are back. */
export const nginx: Feature = {
  name,
  called: 'nginx',
  settings: nginxSettings,
  lacking(settings, host) {
    if (host.platform === 'win32') return ['nginx is set up on Unix systems only'];
    const program = nginxProgram(settings).program ?? host.find(['nginx']);
    if (program === undefined || !existsSync(program))
      return [program === undefined ? 'nginx is not on this machine' : `there is no ${program}`];
    const bash = host.find(['bash']) === undefined ? ['bash is not on this machine'] : [];
    return [...bash, ...notWritable(configurationsFolder(settings))];
  },
  stages: {
    BeforePreDeploy: { does: 'it has to be content with its configuration', run: lookBefore },
    AfterDeploy: { does: 'files of the server are written, tested and loaded', run: putServer },
    DeployFailed: { does: 'the files of before are put back and loaded', run: putServerBack },
  },
};

/** Before anything is changed: the settings can be used, and nginx is content with what it has. */
async function lookBefore(work: FeatureWork): Promise<FeatureDone> {
  // A server that is already put, in a run that goes on, is not the configuration of before.
  if (isPut(work, kept)) return {};
  filesOf(work);
  await nginxScript(work, 'BeforePreDeploy', nginxScripts.test, '');
  return { detail: 'nginx is content with its configuration' };
}

async function putServer(work: FeatureWork): Promise<FeatureDone> {
  const { server, locationsFolder, files } = filesOf(work);
  const wanted = new Set(files.map(({ path }) => path));
  const stale = locationFiles(locationsFolder).filter((path) => !wanted.has(path));
  let changed: string[];
  try {
    changed = putFiles(work, kept, [...files, ...stale.map((path) => ({ path }))]);
    await nginxScript(work, 'AfterDeploy', nginxScripts.load, server);
  } catch (error) {
    // Whatever ends this, nginx must not be left with files that it may refuse at its next start.
    const back = putBack(work, kept);
    const { message, hint } = error instanceof ExecutorError ? error : { message: String(error), hint: '' };
    if (!(error instanceof ExecutorError) || work.signal.aborted) throw error;
    throw new ExecutorError('FEATURE_FAILED', `Cannot set up nginx: ${message}; ${told(back)}`, {
      hint: error.code === 'SCRIPT_FAILED' ? 'The log of the run has what nginx said.' : hint,
      details: { server },
      cause: error,
    });
  }
  return { files: changed, detail: `${server}, loaded by nginx` };
}

/** A later convention failed: the server of before is back, and nginx told. */
async function putServerBack(work: FeatureWork): Promise<FeatureDone> {
  const files = putBack(work, kept);
  if (files.length === 0) return {};
  await nginxScript(work, 'DeployFailed', nginxScripts.load, '');
  return { files, detail: `${told(files)}, and nginx has loaded them` };
}

const told = (files: readonly string[]): string =>
  files.length === 0 ? 'no file of it was changed' : `its files are as they were before`;

function filesOf(work: FeatureWork): NginxFiles {
  const all = nginxFiles(readNginx(work.settings, packageAction(work.step).package.id), work.variables);
  const isSecret = ({ bytes }: NewFile): boolean => work.masker.holds(Buffer.from(bytes ?? []).toString());
  // nginx reads its configuration as root; a secret in it is nobody else's.
  return { ...all, files: all.files.map((file) => (isSecret(file) ? { ...file, mode: 0o600 } : file)) };
}

function locationFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((file) => /^location\..*\.conf$/.test(file));
  return names.map((file) => join(folder, file));
}

async function nginxScript(
  work: FeatureWork,
  stage: FeatureStage,
  text: string,
  server: string,
): Promise<void> {
  const { program, options } = nginxProgram(work.settings);
  await runFeatureScript(
    work,
    name,
    stage,
    { kind: 'bash', text },
    {
      'Crossgap.Action.Nginx.FoundProgram': program ?? '',
      'Crossgap.Action.Nginx.Options': options.join('\n'),
      'Crossgap.Action.Nginx.ServerFile': server,
    },
  );
}

/** Why files can't be put into a folder that may still have to be made; empty where they can. */
function notWritable(folder: string): string[] {
  let there = folder;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  try {
    accessSync(there, constants.W_OK);
    return [];
  } catch {
    return [`this account may not write to ${there}`];
  }
}
