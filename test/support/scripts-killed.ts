import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect } from 'vitest';
import {
  followRun,
  makeRunKey,
  readJournal,
  startRun,
  type Fact,
  type Plan,
} from '../../src/executor/index.ts';
import { temporaryFolder } from './build-nupkg.ts';
import { everyFile, installedFolder, packageStep, planOf, runStep } from './scripts-run.ts';

const entry = resolve(import.meta.dirname, 'scripts-execute.ts');
/** What Node compiled once it need not compile for every process of a test. */
export const compiled = resolve(import.meta.dirname, '../../node_modules/.cache/crossgap-tests');

/** How a test starts the executor, killed at a fault point where one is named. */
export const command = (fault = ''): string[] => [
  'env',
  `NODE_COMPILE_CACHE=${compiled}`,
  `CROSSGAP_FAULT=${fault}`,
  process.execPath,
  entry,
];

export const runKey = makeRunKey();

/** Starts a plan, or resumes what lies there, in a process of its own. */
export async function start(
  root: string,
  plan: Plan | undefined,
  fault = '',
): Promise<{ readonly pid: number }> {
  return await startRun({
    runFolder: join(root, 'run'),
    mode: plan === undefined ? 'resume' : 'start',
    secrets: {},
    runKey,
    command: command(fault),
    ...(plan && { plan }),
  });
}

/** Every fact of the run, once its process is gone. */
export async function follow(root: string): Promise<Fact[]> {
  const facts: Fact[] = [];
  const { signal } = new AbortController();
  for await (const fact of followRun(join(root, 'run'), { signal })) facts.push(fact);
  return facts;
}

/** How often each line stands in `root/effects`, to which scripts append what they do. */
export function counted(root: string): Record<string, number> {
  const path = join(root, 'effects');
  const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : [];
  return Object.fromEntries(lines.map((line) => [line, lines.filter((one) => one === line).length]));
}

/** A fault point, where a run that ends there is interrupted, and which effects may be there twice afterwards. */
export type Fault = readonly [point: string, at: string, twice: readonly string[]];

/** Kills a run at a fault point, resumes it, and holds what came of it against what a whole run does. */
export async function killedRunResumes([point, at, twice]: Fault): Promise<void> {
  using folder = temporaryFolder();
  const root = folder.path;
  const effect = (name: string): string => `echo '${name}' >> ${root}/effects`;
  const target = installedFolder(root, 'srv', 'orders');
  for (const name of ['old-1', 'old-2']) writeFileSync(join(target, name), 'old');
  const web = await packageStep(
    root,
    {
      'PreDeploy.sh': `${effect('packaged pre')}; set_octopusvariable Token "s3cr3t-$((1+1))token" -sensitive`,
      'a.txt': '#{Title} ##{kept} ##{##{twice}}',
      'b.txt': '#{Title} and #{Octopus.Action.Package.InstallationDirectoryPath}',
      'Deploy.sh': `${effect('deploy')}; [ "$(get_octopusvariable Token)" = "s3cr3t-$((1+1))token" ]`,
    },
    {
      substituteInFiles: ['*.txt'],
      installTo: { folder: target, purge: true, keep: [] },
      scripts: { preDeploy: [{ kind: 'bash', text: effect('inline pre') }], deploy: [], postDeploy: [] },
    },
  );
  const check = `[ "$(get_octopusvariable 'Octopus.Action[Web].Output.Token')" = "s3cr3t-$((1+1))token" ]`;
  const steps = [runStep('Stop', effect('stop')), web, runStep('Check', `${effect('check')}; ${check}`)];
  const plan = planOf(root, steps, { variables: [{ name: 'Title', value: 'Orders' }] });
  await start(root, plan, point);
  await follow(root);
  const interrupted = readJournal(join(root, 'run'));
  expect(interrupted.state).toBe('interrupted');
  expect(interrupted.error).toContain(at === '' ? 'interrupted at its end' : at);

  await start(root, undefined);
  await follow(root);
  const outcome = readJournal(join(root, 'run'));
  expect(outcome.error).toBeUndefined();
  expect(outcome.state).toBe('succeeded');
  const effects = ['stop', 'inline pre', 'packaged pre', 'deploy', 'check'];
  const times = effects.map((name) => [name, twice.includes(name) ? 2 : 1] as const);
  expect(counted(root)).toEqual(Object.fromEntries(times));
  const versions = join(root, 'data/apps/uat/Orders.Web');
  expect(readdirSync(versions)).toEqual(['3.2.0']);
  expect(readdirSync(target).sort()).toEqual(['a.txt', 'b.txt']);
  expect(readFileSync(join(target, 'a.txt'), 'utf8')).toBe('Orders #{kept} #{#{twice}}');
  expect(readFileSync(join(target, 'b.txt'), 'utf8')).toBe(`Orders and ${versions}/3.2.0`);
  for (const [path, bytes] of everyFile(root)) {
    expect(bytes.includes('s3cr3t-2token'), path).toBe(false);
  }
}
