import { z } from 'zod';
import type { Ask, Feature, FeatureDone, FeatureWork, Sight } from '../feature.ts';
import { keepFacts, keptFacts } from '../kept-facts.ts';
import { runFeatureScript } from '../run-feature-script.ts';
import { unusable, type FeatureSettings } from '../settings.ts';
import { windowsServiceScripts } from './scripts.ts';

const name = 'Octopus.Features.WindowsService';
const prefix = 'Octopus.Action.WindowsService';
const kept = 'windows-service';
const Before = z.strictObject({ status: z.string() });

/** Every setting of the feature, by property. */
const settings = {
  [`${prefix}.CreateOrUpdateService`]: '`True`; with anything else the feature does nothing',
  [`${prefix}.ServiceName`]: 'Name of the service',
  [`${prefix}.DisplayName`]: 'What people see',
  [`${prefix}.Description`]: 'What it is, for people',
  [`${prefix}.ExecutablePath`]: "The program, in the application's folder or absolute",
  [`${prefix}.Arguments`]: 'Its arguments, as one text',
  [`${prefix}.StartMode`]: '`auto`, `delayed-auto`, `demand`, `disabled` or `unchanged`',
  [`${prefix}.ServiceAccount`]:
    '`LocalSystem`, `NT AUTHORITY\\LocalService` or another; `_CUSTOM`: the two below',
  [`${prefix}.CustomAccountName`]: 'For `_CUSTOM`: the account',
  [`${prefix}.CustomAccountPassword`]: 'Its password; none for a managed service account',
  [`${prefix}.Dependencies`]: 'Services it needs, with `/` between them',
  [`${prefix}.DesiredStatus`]:
    '`Started`, `Stopped` or `Unchanged`: as it was before; `Default`: started, unless it starts by hand',
} as const;

/** A Windows service: stopped before its files are replaced, made or set and started after; started again after a failure. */
export const windowsService: Feature = {
  name,
  called: 'a Windows service',
  settings,
  lacking(_settings, host) {
    if (host.platform !== 'win32') return ['Windows services are there on Windows only'];
    const powershell = host.find(['powershell', 'pwsh']);
    return powershell === undefined ? ['PowerShell is not on this machine'] : [];
  },
  look: lookAhead,
  stages: {
    BeforePreDeploy: { does: 'its settings are read', run: lookBefore },
    AfterPreDeploy: { does: 'it is stopped', run: stop },
    BeforePostDeploy: { does: 'it is made or set, and started', run: setUp },
    DeployFailed: { does: 'it is started again where it ran', run: startAgain },
  },
};

const isAsked = (given: FeatureSettings): boolean => given.flag(`${prefix}.CreateOrUpdateService`, false);

/** The state in what `sc query` says, whose words are those of the machine's language and whose numbers are not. */
const stateNumber = /:\s*([1-7])\s+[A-Z_]+/;
/** ERROR_SERVICE_DOES_NOT_EXIST. */
const noSuchService = 1060;

/** Whether the service is there and runs, before a run. */
export async function lookAhead(settings: FeatureSettings, _packageId: string, ask: Ask): Promise<Sight[]> {
  const service = settings.text(`${prefix}.ServiceName`);
  if (!isAsked(settings) || service === undefined) return [];
  checkSettings(settings);
  const told = await ask('sc.exe', ['query', service]);
  const good = (found: string): Sight[] => [{ state: 'good', found: `${service} ${found}`, hint: null }];
  if (told?.exitCode === noSuchService) return good('is not there yet, and is made');
  const number = told?.exitCode === 0 ? stateNumber.exec(told.stdout)?.[1] : undefined;
  if (number === undefined) {
    const hint = `sc.exe query "${service}" tells more.`;
    return [{ state: 'note', found: `Windows does not say whether ${service} is there`, hint }];
  }
  return good(
    number === '1' ? 'is there, and does not run' : 'runs, and stands still while its files are replaced',
  );
}

/** Before anything is changed: the settings can be used. */
async function lookBefore(work: FeatureWork): Promise<FeatureDone> {
  if (!isAsked(work.settings)) return {};
  checkSettings(work.settings);
  return {};
}

/** Throws `FEATURE_FAILED` where a setting can't be used. */
export function checkSettings(given: FeatureSettings): void {
  for (const needed of ['ServiceName', 'ExecutablePath']) {
    if (given.text(`${prefix}.${needed}`) === undefined) throw unusable(`${prefix}.${needed}`, 'it is empty');
  }
  const service = given.text(`${prefix}.ServiceName`)!;
  if (/[/\\]/.test(service) || service.length > 256)
    throw unusable(
      `${prefix}.ServiceName`,
      'the name of a service has no / or \\ and at most 256 characters',
    );
  if (given.text(`${prefix}.ExecutablePath`)!.includes('"'))
    throw unusable(`${prefix}.ExecutablePath`, 'it has a quotation mark');
  given.choice(
    `${prefix}.StartMode`,
    ['auto', 'delayed-auto', 'demand', 'disabled', 'unchanged'],
    'unchanged',
  );
  given.choice(`${prefix}.DesiredStatus`, ['Default', 'Started', 'Stopped', 'Unchanged'], 'Default');
  const isCustom = given.text(`${prefix}.ServiceAccount`)?.toUpperCase() === '_CUSTOM';
  if (isCustom && given.text(`${prefix}.CustomAccountName`) === undefined)
    throw unusable(`${prefix}.CustomAccountName`, 'it is empty, and the account is _CUSTOM');
}

async function stop(work: FeatureWork): Promise<FeatureDone> {
  if (!isAsked(work.settings)) return {};
  await run(work, 'AfterPreDeploy', windowsServiceScripts.stop);
  // Of a run that goes on the first look counts: by now the service may be stopped by this very step.
  const status = work.variables.get(`${prefix}.Status`) ?? '';
  keepFacts(work, kept, { status });
  work.variables.setLiteral(`${prefix}.Status`, keptFacts(work, kept, Before)!.status);
  return { detail: `${work.settings.text(`${prefix}.ServiceName`)} was ${status}` };
}

async function setUp(work: FeatureWork): Promise<FeatureDone> {
  if (!isAsked(work.settings)) return {};
  const before = keptFacts(work, kept, Before);
  if (before !== undefined) work.variables.setLiteral(`${prefix}.Status`, before.status);
  await run(work, 'BeforePostDeploy', windowsServiceScripts.setUp);
  return { detail: `${work.settings.text(`${prefix}.ServiceName`)} is set up` };
}

/** A convention failed: a service that ran before runs again. What was set about it stays. */
async function startAgain(work: FeatureWork): Promise<FeatureDone> {
  const before = keptFacts(work, kept, Before);
  if (before === undefined || !['Running', 'StartPending'].includes(before.status)) return {};
  await run(work, 'DeployFailed', windowsServiceScripts.startAgain);
  return { detail: `${work.settings.text(`${prefix}.ServiceName`)} runs again` };
}

async function run(
  work: FeatureWork,
  stage: 'AfterPreDeploy' | 'BeforePostDeploy' | 'DeployFailed',
  text: string,
): Promise<void> {
  await runFeatureScript(work, name, stage, { kind: 'powershell', text });
}
