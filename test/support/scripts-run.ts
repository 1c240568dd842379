import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve, sep } from 'node:path';
import {
  makeRunKey,
  runPlan,
  type Plan,
  type RunOptions,
  type RunOutcome,
} from '../../src/executor/index.ts';
import type { PackageAction, PlannedStep } from '../../src/executor/index.ts';
import { packNupkg, verifyPackage } from '../../src/packages/index.ts';

const appsOf = (root: string): string => join(root, 'data', 'apps', 'uat');

/** A folder to install into that is there already. */
export function installedFolder(root: string, ...names: string[]): string {
  const folder = join(root, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A plan of the given steps, with everything in folders below `root`. */
export function planOf(root: string, steps: readonly PlannedStep[], more: Partial<Plan> = {}): Plan {
  for (const { action } of steps) {
    const wanted = action.kind === 'package' ? (action.installTo?.folder ?? '') : '';
    // A test installs below its own temporary folder or nowhere: what is to be refused is asked of the check alone.
    const isOwn = wanted.trim() === '' || wanted.startsWith('#{') || resolve(wanted).startsWith(root + sep);
    assert(isOwn, `a test must not install to ${wanted}`);
  }
  return {
    format: 1,
    deployment: 'deployment-1',
    process: 'Orders',
    release: '3.2.0',
    environment: 'uat',
    machine: 'web-1',
    appsFolder: appsOf(root),
    guardedFolders: [join(root, 'data')],
    variables: [],
    inputs: [],
    steps,
    ...more,
  };
}

/** A step that is one script. */
export function runStep(name: string, text: string, more: Partial<PlannedStep> = {}): PlannedStep {
  const action = { kind: 'run', script: { kind: 'bash', text } } as const;
  return { id: name.toLowerCase(), name, when: 'success', retriesMax: 0, properties: {}, action, ...more };
}

export const pythonScript = (text: string) => ({ kind: 'run', script: { kind: 'python', text } }) as const;

/** A step that deploys an unsigned package made of `files`. */
export async function packageStep(
  root: string,
  files: Readonly<Record<string, string | Buffer>>,
  more: Partial<PackageAction> & { readonly step?: Partial<PlannedStep> } = {},
): Promise<PlannedStep> {
  const { step, ...action } = more;
  const outFile = join(root, `Orders.Web.${Object.keys(files).length}.nupkg`);
  const packed = Object.entries(files).map(([path, bytes]) => ({ path, bytes: Buffer.from(bytes) }));
  await packNupkg({ id: 'Orders.Web', version: '3.2.0', files: packed, outFile });
  const report = await verifyPackage(outFile, { trust: { fingerprints: new Set() } });
  return {
    id: 'web',
    name: 'Web',
    when: 'success',
    retriesMax: 0,
    properties: {},
    ...step,
    action: {
      kind: 'package',
      package: {
        id: 'Orders.Web',
        version: '3.2.0',
        sha256: report.sha256,
        contentDigest: report.contentDigest!,
        file: outFile,
        trustedFingerprints: [],
        unsigned: true,
      },
      substituteInFiles: [],
      configVariables: false,
      scripts: { preDeploy: [], deploy: [], postDeploy: [] },
      ...action,
    },
  };
}

/** Runs a plan in this process, in `root/run`. */
export async function run(
  root: string,
  plan: Plan | undefined,
  more: Partial<RunOptions> = {},
): Promise<RunOutcome> {
  return await runPlan(plan, {
    runFolder: join(root, 'run'),
    mode: 'start',
    secrets: {},
    runKey: makeRunKey(),
    graceMs: 2000,
    ...more,
  });
}

export function logOf(root: string): string {
  return readFileSync(join(root, 'run', 'log.txt'), 'utf8');
}

/** The lines of the log that a script wrote, in order, without time and place. */
export function saidOf(root: string, level = 'info'): string[] {
  return logOf(root)
    .split('\n')
    .filter((line) => line.includes(' · ') && line.includes(`  ${level}`))
    .map((line) => line.split(/ {2}(?:info|error|verbose|warning|highlight|wait) {2,}/)[1] ?? '');
}

/** A trace as one can read it: `number state`. */
export function traceOf(outcome: RunOutcome, step = 0): string[] {
  return (outcome.steps[step]?.conventions ?? []).map(({ number, state }) => `${number} ${state}`);
}

/** Every file below a folder with its bytes. */
export function everyFile(folder: string): [path: string, bytes: Buffer][] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => [path, readFileSync(path)]);
}

/** Whether a process has ended; one that nobody waited for yet has. */
export function isGone(pid: number): boolean {
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || /\) [ZX] /.test(readFileSync(stat, 'latin1'));
}
