import { join } from 'node:path';
import type { VariableSet } from '../../../variables/index.ts';
import type { NewFile } from '../changed-files.ts';
import { unusable } from '../settings.ts';
import type { Binding, Location, Nginx } from './settings.ts';
import { nginxArguments, nginxName, nginxWord } from './words.ts';

const bindingsAt = 'Octopus.Action.Nginx.Server.Bindings';
const locationsAt = 'Octopus.Action.Nginx.Server.Locations';

export type NginxFiles = {
  readonly server: string;
  readonly locationsFolder: string;
  readonly files: readonly NewFile[];
};

/** The server file, a file for each further location, and certificates that variables hold. Pure. */
export function nginxFiles(nginx: Nginx, variables: Pick<VariableSet, 'get'>): NginxFiles {
  const server = join(nginx.folder, `${nginx.name}.conf`);
  const locationsFolder = `${server}.d`;
  const certificates = new Map<string, NewFile>();
  const listens = nginx.bindings.flatMap((binding) => listenLines(nginx, binding, variables, certificates));
  const names = new Set<string>();
  const locations = nginx.locations.map((location) => ({
    path: join(locationsFolder, `location.${nameOf(location.path, names)}.conf`),
    bytes: Buffer.from(lines(locationLines(location))),
  }));
  const text = lines([
    'server {',
    ...new Set(listens.map((line) => `    ${line}`)),
    ...(nginx.hostName === undefined || nginx.hostName === '*'
      ? []
      : [
          `    server_name ${nginx.hostName
            .split(/\s+/)
            .map((word) => nginxWord('Octopus.Action.Nginx.Server.HostName', word))
            .join(' ')};`,
        ]),
    ...(locations.length === 0
      ? []
      : [`    include ${nginxWord(locationsAt, `${locationsFolder}/location.*.conf`)};`]),
    ...locationLines(nginx.root).map((line) => `    ${line}`),
    '}',
  ]);
  return {
    server,
    locationsFolder,
    files: [...certificates.values(), ...locations, { path: server, bytes: Buffer.from(text) }],
  };
}

function listenLines(
  nginx: Nginx,
  binding: Binding,
  variables: Pick<VariableSet, 'get'>,
  certificates: Map<string, NewFile>,
): string[] {
  const { protocol, port, ipAddress } = binding;
  const bare = ipAddress === '' || ipAddress === '*' ? '' : ipAddress;
  const address = bare.includes(':') && !bare.startsWith('[') ? `[${bare}]` : bare;
  const listen = `listen ${address === '' ? '' : `${address}:`}${port}${protocol === 'https' ? ' ssl' : ''};`;
  if (protocol === 'http') return [listen];
  const { certificate, key } = certificateOf(nginx, binding, variables, certificates);
  const protocols = binding.securityProtocols.map((word) => nginxWord(bindingsAt, word)).join(' ');
  return [
    listen,
    `ssl_certificate ${nginxWord(bindingsAt, certificate)};`,
    `ssl_certificate_key ${nginxWord(bindingsAt, key)};`,
    ...(protocols === '' ? [] : [`ssl_protocols ${protocols};`]),
  ];
}

/** Where the certificate lies; one that a variable holds becomes two files, of which others can't read the key. */
function certificateOf(
  nginx: Nginx,
  binding: Binding,
  variables: Pick<VariableSet, 'get'>,
  certificates: Map<string, NewFile>,
): { certificate: string; key: string } {
  const { certificateLocation, certificateKeyLocation, certificateVariable } = binding;
  if (certificateLocation !== '') return { certificate: certificateLocation, key: certificateKeyLocation };
  const chain = variables.get(`${certificateVariable}.CertificatePem`)?.trim() ?? '';
  const secret = variables.get(`${certificateVariable}.PrivateKeyPem`)?.trim() ?? '';
  if (chain === '' || secret === '')
    throw unusable(bindingsAt, `the variable ${certificateVariable} holds no certificate with its key`);
  const subject = variables.get(`${certificateVariable}.SubjectCommonName`)?.trim() ?? '';
  const name = (subject === '' ? certificateVariable : subject).replaceAll(/[^\p{L}\p{N}.*-]/gu, '_');
  if (/^\.*$/.test(name)) throw unusable(bindingsAt, `the variable ${certificateVariable} names no subject`);
  const stem = join(nginx.certificatesFolder, name, name);
  certificates.set(`${stem}.crt`, { path: `${stem}.crt`, bytes: Buffer.from(`${chain}\n`) });
  certificates.set(`${stem}.key`, { path: `${stem}.key`, bytes: Buffer.from(`${secret}\n`), mode: 0o600 });
  return { certificate: `${stem}.crt`, key: `${stem}.key` };
}

function locationLines(location: Location): string[] {
  const { reverseProxy, reverseProxyUrl } = location;
  if (reverseProxy && reverseProxyUrl === '')
    throw unusable(locationsAt, `the location ${location.path} has no reverseProxyUrl`);
  const directives = [...location.directives, ...(reverseProxy ? location.reverseProxyDirectives : [])];
  const proxied = reverseProxy ? location.reverseProxyHeaders : [];
  return [
    `location ${pathWords(location.path)} {`,
    ...(reverseProxy ? [`    proxy_pass ${nginxWord(locationsAt, reverseProxyUrl)};`] : []),
    ...directives.map(([name, value]) => `    ${directive(name, value)}`),
    ...location.headers.map(([name, value]) => `    ${header('proxy_set_header', name, value)}`),
    ...proxied.map(([name, value]) => `    ${header('proxy_set_header', name, value)}`),
    '}',
  ];
}

/** `/api`, or one of nginx' modifiers and a path: `~ \.php$`. */
function pathWords(path: string): string {
  const [, modifier, place] = /^(=|~\*?|\^~)\s+(\S.*)$/.exec(path) ?? [];
  if (modifier !== undefined && place !== undefined) return `${modifier} ${nginxWord(locationsAt, place)}`;
  return nginxWord(locationsAt, path);
}

function directive(name: string, value: string): string {
  const words = nginxArguments(locationsAt, value);
  return `${nginxName(locationsAt, name)}${words === '' ? '' : ` ${words}`};`;
}

function header(what: string, name: string, value: string): string {
  if (!/^[\w-]+$/.test(name)) throw unusable(locationsAt, `"${name}" is not the name of a header`);
  return `${what} ${name} ${nginxArguments(locationsAt, value) || '""'};`;
}

/** A file name made of a location's path, one of its own for each. */
function nameOf(path: string, taken: Set<string>): string {
  const name = (/[a-z0-9][a-z0-9/]*/i.exec(path)?.[0] ?? 'other').replaceAll('/', '_').replace(/_+$/, '');
  let free = name;
  for (let n = 2; taken.has(free.toLowerCase()); n += 1) free = `${name}.${n}`;
  taken.add(free.toLowerCase());
  return free;
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\n`).join('');
