import { join } from 'node:path';
import type { Ask, Sight } from '../feature.ts';
import type { FeatureSettings } from '../settings.ts';
import { serviceName, settingsAhead } from './settings.ts';

/**
 * How the service stands before a run: whether it is there, runs and can be started, and what it needs besides. What an
 * earlier step may still put there is told and keeps nothing from being started.
 */
export async function lookAhead(settings: FeatureSettings, packageId: string, ask: Ask): Promise<Sight[]> {
  if (settings.isOpen(serviceName)) return [];
  const { unit, unitsFolder, account, dependencies } = settingsAhead(settings, packageId);
  const properties = ['LoadState', 'ActiveState', 'FragmentPath'];
  const show = await ask('systemctl', ['show', ...properties.map((one) => `--property=${one}`), '--', unit]);
  if (show === undefined || show.exitCode !== 0) return [noSystemd(show?.stderr)];
  const said = new Map(show.stdout.split('\n').map((line) => line.split(/=(.*)/s, 2) as [string, string]));
  return [
    ofUnit(unit, said, join(unitsFolder, unit)),
    ...(await ofAccount(account, ask)),
    ...(await ofDependencies(dependencies, ask)),
  ];
}

function ofUnit(unit: string, said: ReadonlyMap<string, string>, ours: string): Sight {
  const [load, active, from = ''] = ['LoadState', 'ActiveState', 'FragmentPath'].map((one) => said.get(one));
  if (load === 'masked') {
    const hint = `Allow it to be started (systemctl unmask ${unit}), or ask who forbade it.`;
    return { state: 'lacking', found: `${unit} is masked, and can't be started`, hint };
  }
  if (load === 'not-found') return good(`${unit} is not there yet, and is made`);
  if (active === 'failed') {
    const hint = `systemctl status ${unit} tells why; it is started again by this run.`;
    return { state: 'note', found: `${unit} is there, and failed when it ran last`, hint };
  }
  const runs = active === 'active' || active === 'activating' || active === 'reloading';
  const stands = runs ? 'runs, and stands still while its files are replaced' : 'is there, and does not run';
  if (from === '' || from === ours) return good(`${unit} ${stands}`);
  const hint = 'Make sure that no other product has a service of this name here.';
  return { state: 'note', found: `${unit} ${stands}; it comes from ${from}, which is covered then`, hint };
}

async function ofAccount(account: string | undefined, ask: Ask): Promise<Sight[]> {
  if (account === undefined) return [];
  const known = await ask('id', ['-u', '--', account]);
  if (known?.exitCode === 0) return [good(`the account ${account}, as which it runs, is there`)];
  const found = `the account ${account}, as which it is to run, is not there`;
  const hint = `Unless a step before makes it: useradd --system ${account}`;
  return [{ state: 'note', found, hint }];
}

async function ofDependencies(units: readonly string[], ask: Ask): Promise<Sight[]> {
  const sights: Sight[] = [];
  for (const unit of units) {
    const show = await ask('systemctl', ['show', '--property=LoadState', '--', unit]);
    if (show?.stdout.trim() !== 'LoadState=not-found') continue;
    const hint =
      'Unless a step before brings it, install what it belongs to: without it the service may fail.';
    sights.push({ state: 'note', found: `${unit}, which it needs, is not there`, hint });
  }
  return sights;
}

const good = (found: string): Sight => ({ state: 'good', found, hint: null });

function noSystemd(said: string | undefined): Sight {
  const why = said?.trim().split('\n')[0] ?? '';
  const found = `systemd does not answer on this machine${why === '' ? '' : `: ${why}`}`;
  const hint = 'Start this on a machine that systemd has started, by an account that may ask it.';
  return { state: 'lacking', found, hint };
}
