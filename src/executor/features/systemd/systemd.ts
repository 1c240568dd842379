import { accessSync, constants, existsSync } from 'node:fs';
import { z } from 'zod';
import { currentFolder, packageAction } from '../../convention.ts';
import { ExecutorError } from '../../errors.ts';
import { isPut, putBack, putFiles } from '../changed-files.ts';
import type { Feature, FeatureDone, FeatureStage, FeatureWork } from '../feature.ts';
import { keepFacts, keptFacts } from '../kept-facts.ts';
import { runFeatureScript } from '../run-feature-script.ts';
import { lookAhead } from './look-ahead.ts';
import { readService, systemdSettings, unitOf, unitsFolder } from './settings.ts';
import { systemdScripts } from './scripts.ts';
import { unitFiles } from './unit.ts';

const name = 'Crossgap.Features.Systemd';
const kept = 'systemd';

/** How a unit was before the step touched it, as systemd says it. */
const Before = z.strictObject({ load: z.string(), active: z.string(), unitFile: z.string() });
type Before = z.infer<typeof Before>;

/**
 * A service of systemd: stopped before its files are replaced, its unit written and started after; after a failure the
 * unit, and whether it runs, are as they were.
 */
export const systemd: Feature = {
  name,
  called: 'a systemd service',
  settings: systemdSettings,
  lacking(settings, host) {
    if (host.platform !== 'linux') return ['systemd is there on Linux only'];
    const lacking = ['systemctl', 'bash'].filter((program) => host.find([program]) === undefined);
    const folder = unitsFolder(settings);
    return [...lacking.map((program) => `${program} is not on this machine`), ...notWritable(folder)];
  },
  look: lookAhead,
  stages: {
    BeforePreDeploy: { does: 'how it is now is written down', run: lookAt },
    AfterPreDeploy: { does: 'it is stopped', run: stop },
    BeforePostDeploy: { does: 'its unit is written, checked and loaded, and it is started', run: putUnit },
    DeployFailed: { does: 'its unit and state of before are put back', run: restore },
  },
};

/** Before anything is changed: the settings can be used, and how the service is. */
async function lookAt(work: FeatureWork): Promise<FeatureDone> {
  serviceOf(work);
  const known = keptFacts(work, kept, Before);
  const before = known ?? (await look(work, 'BeforePreDeploy'));
  if (known === undefined) keepFacts(work, kept, before);
  const { load, active } = before;
  const { unit } = unitOf(work.settings, packageId(work));
  return { detail: load === 'not-found' ? `${unit} is not there yet` : `${unit} is ${active}` };
}

async function stop(work: FeatureWork): Promise<FeatureDone> {
  const { unit } = unitOf(work.settings, packageId(work));
  const before = keptFacts(work, kept, Before);
  if (before === undefined || !runs(before)) return {};
  await ask(work, 'AfterPreDeploy', systemdScripts.stop);
  return { detail: `${unit} is stopped` };
}

async function putUnit(work: FeatureWork): Promise<FeatureDone> {
  const service = serviceOf(work);
  const { unitFile, unit, environmentFile, environment } = unitFiles(service);
  if (work.masker.holds(unit)) throw secretInUnit(unitFile);
  if (!existsSync(service.program)) throw noProgram(service.program);
  const stage = 'BeforePostDeploy';
  const files = putFiles(work, kept, [
    { path: unitFile, bytes: Buffer.from(unit) },
    ...(environment !== undefined || existsSync(environmentFile)
      ? [
          {
            path: environmentFile,
            ...(environment !== undefined && { bytes: Buffer.from(environment) }),
            mode: 0o600,
          },
        ]
      : []),
  ]);
  await ask(work, stage, systemdScripts.load, { 'Crossgap.Action.Systemd.UnitFile': unitFile });
  const { startMode, desiredStatus } = service;
  if (startMode === 'auto') await ask(work, stage, systemdScripts.enable);
  if (startMode === 'demand' || startMode === 'disabled') await ask(work, stage, systemdScripts.disable);
  const before = keptFacts(work, kept, Before);
  const asBefore = before !== undefined && runs(before);
  const isWanted = desiredStatus === 'Started' || (desiredStatus === 'Unchanged' && asBefore);
  const starts = isWanted && startMode !== 'disabled';
  if (starts) await ask(work, stage, systemdScripts.start);
  return { files, detail: `${service.unit} is ${starts ? 'started' : 'left stopped'}` };
}

/** A convention failed: unit, enablement and state are again what they were before this step. */
async function restore(work: FeatureWork): Promise<FeatureDone> {
  const before = keptFacts(work, kept, Before);
  if (before === undefined) return {};
  const { unit } = unitOf(work.settings, packageId(work));
  const stage = 'DeployFailed';
  const now = await look(work, stage);
  const wasPut = isPut(work, kept);
  if (wasPut && runs(now)) await ask(work, stage, systemdScripts.stop);
  if (wasPut && now.unitFile === 'enabled' && before.unitFile !== 'enabled')
    await ask(work, stage, systemdScripts.disable);
  const files = putBack(work, kept);
  if (wasPut) await ask(work, stage, systemdScripts.forget);
  if (wasPut && before.unitFile === 'enabled' && now.unitFile !== 'enabled')
    await ask(work, stage, systemdScripts.enable);
  const starts = runs(before) && (wasPut || !runs(now));
  if (starts) await ask(work, stage, systemdScripts.start);
  if (!wasPut && !starts) return {};
  return { files, detail: `${unit} is as it was before${starts ? ', and started again' : ''}` };
}

const runs = ({ active }: Before): boolean =>
  active === 'active' || active === 'activating' || active === 'reloading';

async function look(work: FeatureWork, stage: FeatureStage): Promise<Before> {
  await ask(work, stage, systemdScripts.look);
  const said = (property: string): string => work.variables.get(`Crossgap.Action.Systemd.${property}`) ?? '';
  return { load: said('LoadState'), active: said('ActiveState'), unitFile: said('UnitFileState') };
}

async function ask(
  work: FeatureWork,
  stage: FeatureStage,
  text: string,
  values: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { unit } = unitOf(work.settings, packageId(work));
  const all = { 'Crossgap.Action.Systemd.Unit': unit, ...values };
  await runFeatureScript(work, name, stage, { kind: 'bash', text }, all);
}

const packageId = (work: FeatureWork): string => packageAction(work.step).package.id;

function serviceOf(work: FeatureWork): ReturnType<typeof readService> {
  return readService(work.settings, packageId(work), currentFolder(work) ?? '/');
}

function secretInUnit(unitFile: string): ExecutorError {
  const message = `Cannot write ${unitFile}: it would hold a secret, and everybody on this machine may read it`;
  return new ExecutorError('FEATURE_FAILED', message, {
    hint: 'Hand the secret over in Crossgap.Action.Systemd.Environment, which has a file that others can’t read.',
    details: { unitFile },
  });
}

function noProgram(program: string): ExecutorError {
  return new ExecutorError('FEATURE_FAILED', `Cannot set up the service: there is no ${program}`, {
    hint: 'Crossgap.Action.Systemd.ExecutablePath names a program of the package, or one that is there.',
    details: { program },
  });
}

/** Why the unit can't be written; empty where it can. */
function notWritable(folder: string): string[] {
  try {
    accessSync(folder, constants.W_OK);
    return [];
  } catch {
    return [existsSync(folder) ? `this account may not write to ${folder}` : `there is no folder ${folder}`];
  }
}
