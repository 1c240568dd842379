import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { accountName } from '../../account.ts';
import { runTeller } from '../../daemon/index.ts';
import {
  foreseeRun,
  logPath,
  makeRunKey,
  readRunning,
  runPlan,
  type RunOutcome,
} from '../../executor/index.ts';
import { openWaits, type DeploymentView } from '../../projections/index.ts';
import { command, flag, list, misuse, needed, text, type Context, type Outcome } from '../command.ts';
import { newDeploymentId } from '../runs/deployment-id.ts';
import { deploymentLine, describeSteps } from '../told/describe-deployment.ts';
import { describeForeseen } from '../told/describe-foreseen.ts';
import { refuseUnfitName } from '../given/environment-name.ts';
import { CliError } from '../errors.ts';
import { readGivenProcess } from '../given/process.ts';
import { readGivenVariables } from '../given/variables.ts';
import { whyFailed } from '../runs/settle.ts';
import { facts, section } from '../table.ts';
import { limitsHere } from '../given/limits-here.ts';
import { triedPackages } from '../tried/packages.ts';
import { triedPlan, type TriedPlan } from '../tried/plan.ts';
import { triedView } from '../tried/run.ts';
import { everyTrust, pemTrust, type Judges } from '../links/trust.ts';

export const tryDeploy = command({
  path: 'try deploy',
  about: 'Run a process file on packages at hand, without an instance; nothing is recorded',
  example: 'crossgap try deploy orders.yaml --package Orders.Web.1.0.0.nupkg --env uat --apps ./apps',
  args: { PROCESS: needed('PROCESS.yaml', 'the process file') },
  options: {
    package: list('FILE', 'the packages its steps deploy'),
    env: needed('E', 'the environment it is tried as'),
    tag: list('T', 'tags of that environment'),
    variables: text('FILE', 'values, a JSON file: an object, or an array of {name, value, sensitive?}'),
    apps: text('DIR', 'where applications are extracted (else in a new folder, which is told)'),
    trust: text('PEM', 'certificates whose signatures are believed (else those of this instance)'),
    plan: flag('only show what would be done'),
    'allow-unsigned': flag('take packages without a signature, or by an unknown signer, too'),
  },
  async run(context, { PROCESS }, options): Promise<Outcome> {
    for (const name of [options.env, ...options.tag]) refuseUnfitName(name);
    const file = readGivenProcess(PROCESS);
    const { apps } = options;
    if (apps !== undefined) refuseUnfitFolder(apps);
    const values = options.variables === undefined ? [] : readGivenVariables(options.variables);
    const limits = await limitsHere(context);
    const packages = await triedPackages(options.package, {
      trust: await trusted(context, options.trust),
      allowUnsigned: options['allow-unsigned'],
      limits,
    });
    for (const { note } of packages) if (note !== undefined) context.terminal.talk(`note: ${note}`);
    const folder = mkdtempSync(join(tmpdir(), 'crossgap-try-'));
    let isOver = false;
    try {
      const tried = triedPlan(file, {
        id: newDeploymentId(),
        place: { environment: options.env, tags: options.tag },
        packages: packages.map(({ planned }) => planned),
        limits,
        values,
        appsFolder: apps === undefined ? join(folder, 'apps') : resolve(apps),
        guardedFolders: [resolve(context.folder)],
      });
      if (options.plan) return await foreseen(tried);
      const view = await runTried(context, tried, join(folder, 'run'));
      isOver = true;
      return told(context, view, { folder, apps: tried.plan.appsFolder, isKept: apps === undefined });
    } finally {
      // What did not begin leaves nothing behind.
      if (!isOver) rmSync(folder, { recursive: true, force: true });
    }
  },
});

/** Applications lie in a folder of a file system that is one. */
function refuseUnfitFolder(apps: string): void {
  const folder = resolve(apps);
  const why = /^\/(?:proc|sys|dev)(?:\/|$)/.test(folder)
    ? 'what lies there is no file system for applications'
    : existsSync(folder) && !statSync(folder).isDirectory()
      ? 'it is a file'
      : undefined;
  if (why !== undefined)
    throw misuse(`Cannot extract to ${apps}: ${why}`, 'Name another folder with --apps.');
}

/** What it would do, with its folder gone as nothing was put into it. */
async function foreseen({ plan }: TriedPlan): Promise<Outcome> {
  const steps = await foreseeRun(plan);
  return {
    document: { process: plan.process, release: plan.release, environment: plan.environment, steps },
    text: [
      `Plan for ${plan.process} in ${plan.environment}; nothing is done`,
      ...section('What each step would do', describeForeseen(steps)),
    ],
  };
}

async function trusted(context: Context, pem: string | undefined): Promise<Judges> {
  if (pem !== undefined) return pemTrust(pem);
  const instance = await context.openIfThere();
  return instance === undefined ? { fingerprints: [] } : everyTrust(instance);
}

async function runTried(
  context: Context,
  { plan, secrets }: TriedPlan,
  runFolder: string,
): Promise<DeploymentView> {
  const { talk, talkTone } = context.terminal;
  const tell = runTeller((line, tone) => talk(tone === 'plain' ? line : talkTone(tone, line)));
  // A line is told as it comes, beside what was known when it was written.
  let known: RunOutcome | undefined;
  const outcome = await runPlan(plan, {
    runFolder,
    mode: 'start',
    secrets,
    runKey: makeRunKey(),
    isTrial: true,
    cancel: context.signal,
    report(event) {
      if (event.kind !== 'log') known = readRunning(runFolder);
      tell(known, event.kind === 'log' ? [event] : []);
    },
  });
  tell(outcome);
  return triedView(plan, outcome, accountName());
}

function told(
  { terminal }: Context,
  view: DeploymentView,
  { folder, apps, isKept }: { folder: string; apps: string; isKept: boolean },
): Outcome {
  const hasSucceeded = view.state === 'succeeded';
  const log = logPath(join(folder, 'run'));
  const isThere = existsSync(apps);
  if (hasSucceeded)
    rmSync(isKept && isThere ? join(folder, 'run') : folder, { recursive: true, force: true });
  return {
    document: { ...view, apps: isThere ? apps : null, log: hasSucceeded ? null : log },
    text: [
      deploymentLine(view, terminal),
      ...facts([
        ['applications', isThere ? apps : undefined],
        ['log', hasSucceeded ? undefined : log],
      ]),
      ...describeSteps(view, terminal, 'all'),
    ],
    ...(!hasSucceeded && { failure: failureOf(view, log) }),
  };
}

function failureOf(view: DeploymentView, log: string): CliError {
  const { process, environment, state, failedAt } = view;
  const details = { state, log, ...(failedAt !== undefined && { failedAt }) };
  if (state === 'cancelled') {
    return new CliError(
      'DEPLOYMENT_CANCELLED',
      `Cannot deploy ${process} to ${environment}: it was cancelled`,
      {
        hint: 'Try it again when it is wanted.',
        details,
      },
    );
  }
  const [wait] = openWaits(view);
  if (wait !== undefined) {
    return new CliError(
      'DEPLOYMENT_WAITS',
      `Cannot go on with ${process} in ${environment}: step ${wait.name} is to be confirmed, which a try can't wait for`,
      {
        hint: 'Leave the step out for the try, with `environments:` or `when:`, to see what comes after it.',
        details: { ...details, waits: view.waits },
      },
    );
  }
  return new CliError('DEPLOYMENT_FAILED', `Cannot deploy ${process} to ${environment}: ${whyFailed(view)}`, {
    hint: `Mend what is wrong, then try it again; all that was said is in ${log}.`,
    details,
  });
}
