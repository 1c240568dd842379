import { resolve } from 'node:path';
import {
  checkHubSettings,
  defaultRoutePort,
  parseHubUrls,
  settingUnfit,
  type HubServer,
  type HubSettings,
} from '../../hub/index.ts';
import { list, text } from '../command.ts';

/** What an operator may choose of a hub; all of it is remembered. */
export const hubOptions = {
  out: text('DIR', 'where the files are written; needed once, remembered like everything else here'),
  at: text('DIR', "where that folder is on the server's machine (else the same path)"),
  host: list('HOST', 'another name or address for the certificate; those of the links are in it anyway'),
  replicas: text('N', 'copies of each stream, and servers: 1 (default) or 3'),
  server: list('SERVER', 'HOST[:PORT[:ROUTE-PORT]] of one in the cluster (else those that the links dial)'),
  listen: text('ADDRESS', 'the address the server listens at (else all, or loopback where all dial that)'),
  port: text('PORT', 'where it listens (else the port that the links dial)'),
  websocket: text(
    'PORT|off',
    'a WebSocket listener, for customers behind proxies (on where a link dials wss://)',
  ),
  monitor: text('PORT|off', "the server's own figures, on its loopback (default off)"),
  store: text('DIR', "where streams are stored on the server's machine (else `jetstream` beside the files)"),
  'max-file': text('SIZE', 'how much disk they may take there together (else 100GB or more, by the links)'),
  down: text('SIZE', 'how much may wait there for each customer (default 256MB)'),
  up: text('SIZE', 'how much may wait there from each customer (default 64MB)'),
  'own-url': text('URL', 'where this instance itself dials the server (else where the links do)'),
};

type Given = {
  readonly [Name in keyof typeof hubOptions]: ReturnType<(typeof hubOptions)[Name]['read']>;
};

/** What was chosen before, with what is chosen now. @throws HubError HUB_SETTING_UNFIT */
export function chosenSettings(before: HubSettings, given: Given): HubSettings {
  const listed = (hosts: readonly string[]): string[] => hosts.map((host) => host.toLowerCase());
  return checkHubSettings({
    ...before,
    ...(given.out !== undefined && { out: resolve(given.out) }),
    ...(given.at !== undefined && { at: given.at }),
    ...(given.host.length > 0 && { hosts: listed(given.host) }),
    ...(given.replicas !== undefined && { replicas: replicasOf(given.replicas) }),
    ...(given.server.length > 0 && { servers: given.server.map(serverOf) }),
    ...(given.listen !== undefined && { listen: given.listen }),
    ...(given.port !== undefined && { port: portOf('--port', given.port) }),
    ...(given.websocket !== undefined && { websocket: portOrNone('--websocket', given.websocket) }),
    ...(given.monitor !== undefined && { monitor: portOrNone('--monitor', given.monitor) }),
    ...(given.store !== undefined && { store: given.store }),
    ...(given['max-file'] !== undefined && { maxFile: given['max-file'].toUpperCase() }),
    ...(given.down !== undefined && { down: given.down.toUpperCase() }),
    ...(given.up !== undefined && { up: given.up.toUpperCase() }),
    ...(given['own-url'] !== undefined && { ownUrls: parseHubUrls(given['own-url']).map((url) => url.text) }),
  });
}

function replicasOf(given: string): 1 | 3 {
  if (given === '1' || given === '3') return given === '1' ? 1 : 3;
  throw settingUnfit('--replicas', `${JSON.stringify(given)} is neither 1 nor 3`, 'Give 1 or 3.');
}

function portOf(name: string, given: string): number {
  const port = /^[0-9]{1,5}$/.test(given) ? Number(given) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw settingUnfit(name, `${JSON.stringify(given)} is no port`, 'Ports go from 1 to 65535.');
}

function portOrNone(name: string, given: string): number | null {
  return given === 'off' ? null : portOf(name, given);
}

function serverOf(given: string): HubServer {
  const [, bracketed, plain, port, route] =
    /^(?:\[([0-9a-f:.]+)\]|([^:[\]]+))(?::([0-9]+)(?::([0-9]+))?)?$/i.exec(given) ?? [];
  const host = (bracketed ?? plain)?.toLowerCase();
  if (host === undefined) {
    throw settingUnfit(
      '--server',
      `${JSON.stringify(given)} is not of the form HOST[:PORT[:ROUTE-PORT]]`,
      'Name it as in n1.hub.acme.example:4222; an IPv6 address in brackets.',
    );
  }
  return {
    host,
    port: portOf('--server', port ?? '4222'),
    routePort: portOf('--server', route ?? String(defaultRoutePort)),
  };
}
