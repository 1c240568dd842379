import { join } from 'node:path';
import type { Service } from './settings.ts';

/** The unit file and, where there is an environment, the file that holds it. Pure. */
export function unitFiles(service: Service): {
  readonly unitFile: string;
  readonly unit: string;
  readonly environmentFile: string;
  readonly environment: string | undefined;
} {
  const unitFile = join(service.unitsFolder, service.unit);
  const environmentFile = unitFile.replace(/\.service$/, '.env');
  const environment =
    service.environment.length === 0
      ? undefined
      : text(service.environment.map(([name, value]) => `${name}=${environmentValue(value)}`));
  const { account, stopTimeout, dependencies } = service;
  const after = ['network.target', ...dependencies].join(' ');
  const lines = [
    '[Unit]',
    `Description=${specifierless(service.description)}`,
    `After=${after}`,
    ...(dependencies.length === 0 ? [] : [`Wants=${dependencies.join(' ')}`]),
    '',
    '[Service]',
    `Type=${service.type}`,
    `ExecStart=${[service.program, ...service.arguments].map(commandWord).join(' ')}`,
    `WorkingDirectory=${specifierless(service.folder)}`,
    ...(environment === undefined ? [] : [`EnvironmentFile=${specifierless(environmentFile)}`]),
    ...(account === undefined ? [] : [`User=${account}`]),
    ...(service.restart === 'no' || service.type === 'oneshot' ? [] : [`Restart=${service.restart}`]),
    ...(stopTimeout === undefined ? [] : [`TimeoutStopSec=${stopTimeout}`]),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
  return { unitFile, unit: text(lines), environmentFile, environment };
}

/** One word of a command line: systemd would otherwise split it, and replace `%` and `$` in it. */
function commandWord(word: string): string {
  return `"${specifierless(word).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('$', '$$$$')}"`;
}

/** In an environment file double quotes keep everything but these, of which a backslash takes the meaning. */
function environmentValue(value: string): string {
  return `"${value.replaceAll(/["\\`$]/g, (character) => `\\${character}`)}"`;
}

const specifierless = (value: string): string => value.replaceAll('%', '%%');

const text = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
