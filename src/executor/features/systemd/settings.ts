import { isAbsolute, resolve } from 'node:path';
import { unusable, type FeatureSettings } from '../settings.ts';

const prefix = 'Crossgap.Action.Systemd';
export const serviceName = `${prefix}.ServiceName`;

/** Every setting of the feature, by property; the words are those of Octopus' Windows service. */
export const systemdSettings = {
  [serviceName]: 'Name of the unit, without `.service`; the id of the package if not given',
  [`${prefix}.Description`]: 'What it is, for people',
  [`${prefix}.ExecutablePath`]: "The program, in the application's folder or absolute",
  [`${prefix}.Arguments`]: 'Its arguments, one a line',
  [`${prefix}.Environment`]:
    'Its environment, `NAME=value` a line; kept in a file of its own that others can’t read',
  [`${prefix}.ServiceAccount`]: 'The account it runs as; root if not given',
  [`${prefix}.Type`]: '`simple` if not given, `exec`, `notify`, `forking` or `oneshot`',
  [`${prefix}.Restart`]: '`on-failure` if not given, `always` or `no`',
  [`${prefix}.StopTimeout`]: 'Seconds it has to stop before it is killed; 90 if not given',
  [`${prefix}.Dependencies`]: 'Units it starts after and wants, one a line',
  [`${prefix}.StartMode`]:
    '`auto` (if not given): with the machine; `demand`: not; `disabled`: not, nor now; `unchanged`',
  [`${prefix}.DesiredStatus`]: '`Started` (if not given), `Stopped`, or `Unchanged`: as it was before',
  [`${prefix}.UnitsDirectory`]: 'Where the unit goes; `/etc/systemd/system` if not given',
} as const;

export type Service = {
  /** With `.service`. */
  readonly unit: string;
  readonly unitsFolder: string;
  readonly description: string;
  readonly program: string;
  /** The application's folder, in which it runs. */
  readonly folder: string;
  readonly arguments: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly account: string | undefined;
  readonly type: (typeof types)[number];
  readonly restart: 'on-failure' | 'always' | 'no';
  readonly stopTimeout: string | undefined;
  readonly dependencies: readonly string[];
  readonly startMode: 'auto' | 'demand' | 'disabled' | 'unchanged';
  readonly desiredStatus: 'Started' | 'Stopped' | 'Unchanged';
};

const types = ['simple', 'exec', 'notify', 'forking', 'oneshot'] as const;

/** What the step asks of systemd, with programs of `folder`. Throws `FEATURE_FAILED` where a setting can't be used. */
export function readService(settings: FeatureSettings, packageId: string, folder: string): Service {
  const program = settings.text(`${prefix}.ExecutablePath`);
  if (program === undefined) throw unusable(`${prefix}.ExecutablePath`, 'it is empty');
  const stopTimeout = settings.text(`${prefix}.StopTimeout`);
  if (stopTimeout !== undefined && !/^\d{1,6}$/.test(stopTimeout))
    throw unusable(`${prefix}.StopTimeout`, 'it is not a number of seconds');
  const { unit, unitsFolder, account, dependencies } = settingsAhead(settings, packageId);
  return {
    unit,
    unitsFolder,
    description: settings.text(`${prefix}.Description`) ?? packageId,
    program: resolve(folder, program),
    folder,
    arguments: settings.lines(`${prefix}.Arguments`),
    environment: settings.lines(`${prefix}.Environment`).map(environmentPair),
    account,
    type: settings.choice(`${prefix}.Type`, types, 'simple'),
    restart: settings.choice(`${prefix}.Restart`, ['on-failure', 'always', 'no'], 'on-failure'),
    stopTimeout,
    dependencies,
    startMode: settings.choice(`${prefix}.StartMode`, ['auto', 'demand', 'disabled', 'unchanged'], 'auto'),
    desiredStatus: settings.choice(`${prefix}.DesiredStatus`, ['Started', 'Stopped', 'Unchanged'], 'Started'),
  };
}

/** What can be asked of a machine before there is an application to set up; what is not known yet is not there. */
export function settingsAhead(
  settings: FeatureSettings,
  packageId: string,
): Pick<Service, 'unit' | 'unitsFolder' | 'account' | 'dependencies'> {
  const account = settings.text(`${prefix}.ServiceAccount`);
  if (account !== undefined && !/^[\w][\w.-]*\$?$/.test(account))
    throw unusable(`${prefix}.ServiceAccount`, `"${account}" is not the name of an account`);
  const dependencies = settings.lines(`${prefix}.Dependencies`);
  for (const unit of dependencies) checkUnit(`${prefix}.Dependencies`, unit);
  return { ...unitOf(settings, packageId), account, dependencies };
}

/** The unit's name and where its file goes. */
export function unitOf(settings: FeatureSettings, packageId: string): Pick<Service, 'unit' | 'unitsFolder'> {
  const name = settings.text(serviceName) ?? packageId;
  const unit = name.endsWith('.service') ? name : `${name}.service`;
  checkUnit(serviceName, unit);
  return { unit, unitsFolder: unitsFolder(settings) };
}

export function unitsFolder(settings: FeatureSettings): string {
  const folder = settings.text(`${prefix}.UnitsDirectory`) ?? '/etc/systemd/system';
  if (isAbsolute(folder)) return folder;
  throw unusable(`${prefix}.UnitsDirectory`, 'it is not an absolute path');
}

/** systemd's own rule for the name of a unit; a template (`name@`) is none that can be started. */
function checkUnit(property: string, unit: string): void {
  if (/^[\w:.\\][\w:.\\@-]{0,240}\.[a-z]+$/.test(unit) && !unit.includes('@.')) return;
  throw unusable(property, `"${unit}" is not the name of a unit`);
}

function environmentPair(line: string): [name: string, value: string] {
  const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/.exec(line) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw unusable(`${prefix}.Environment`, 'a line of it is not NAME=value');
}
