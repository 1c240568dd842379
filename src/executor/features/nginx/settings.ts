import { isAbsolute, join } from 'node:path';
import { z } from 'zod';
import { looseText, unusable, type FeatureSettings } from '../settings.ts';

const prefix = 'Octopus.Action.Nginx';

/** Every setting of the feature, by property. */
export const nginxSettings = {
  [`${prefix}.Server.ConfigName`]: 'Name of the generated files; the id of the package if not given',
  [`${prefix}.Server.HostName`]:
    'What clients ask for (`server_name`); several with blanks between; any if not given',
  [`${prefix}.Server.Bindings`]:
    'JSON: a list of `protocol`, `port`, `ipAddress`, `enabled`, `certificateLocation`, `certificateKeyLocation`, `certificateVariable`, `securityProtocols`',
  [`${prefix}.Server.Locations`]:
    'JSON: a list of `path`, `directives`, `headers`, `reverseProxy`, `reverseProxyUrl`, `reverseProxyHeaders`, `reverseProxyDirectives`; one of them is `/`',
  [`${prefix}.ConfigurationsDirectory`]: 'Where the files go; `/etc/nginx/conf.d` if not given',
  [`${prefix}.CertificatesDirectory`]: 'Where certificates out of variables go; `/etc/ssl` if not given',
  'Crossgap.Action.Nginx.Program': 'The nginx program, absolute; found on the PATH if not given',
  'Crossgap.Action.Nginx.ConfigurationFile': "nginx's own configuration file (`-c`)",
  'Crossgap.Action.Nginx.Prefix': "nginx's own folder (`-p`)",
} as const;

const truth = looseText.transform((text) => text.toLowerCase() === 'true');
const pairs = z
  .union([z.record(z.string(), looseText), z.literal(''), z.null()])
  .transform((value) => Object.entries(value === '' || value === null ? {} : value));
const words = z
  .union([z.array(looseText), looseText.transform((text) => text.split(/[\s,]+/)), z.null()])
  .transform((list) => (list ?? []).filter((word) => word !== ''));

const Binding = z.object({
  protocol: looseText.transform((text) => text.toLowerCase()).pipe(z.enum(['http', 'https'])),
  port: looseText.pipe(z.string().regex(/^\d{1,5}$/, { error: 'is not the number of a port' })),
  ipAddress: looseText
    .pipe(z.string().regex(/^(?:[\da-f.:]*|\[[\da-f:.]+\]|\*)$/i, { error: 'is not an address' }))
    .default(''),
  enabled: truth.default(true),
  certificateLocation: looseText.default(''),
  certificateKeyLocation: looseText.default(''),
  certificateVariable: looseText.default(''),
  securityProtocols: words.default([]),
});
export type Binding = z.infer<typeof Binding>;

const Location = z.object({
  path: looseText.pipe(z.string().min(1, { error: 'is empty' })),
  directives: pairs.default([]),
  headers: pairs.default([]),
  reverseProxy: truth.default(false),
  reverseProxyUrl: looseText.default(''),
  reverseProxyHeaders: pairs.default([]),
  reverseProxyDirectives: pairs.default([]),
});
export type Location = z.infer<typeof Location>;

export type Nginx = {
  readonly name: string;
  readonly hostName: string | undefined;
  readonly bindings: readonly Binding[];
  readonly root: Location;
  readonly locations: readonly Location[];
  readonly folder: string;
  readonly certificatesFolder: string;
};

/** What the step asks of nginx. Throws `FEATURE_FAILED` where a setting can't be used. */
export function readNginx(settings: FeatureSettings, packageId: string): Nginx {
  const name = settings.text(`${prefix}.Server.ConfigName`) ?? packageId;
  if (/[/\\]|^\.+$/.test(name)) throw unusable(`${prefix}.Server.ConfigName`, 'it is not the name of a file');
  const bindingsAt = `${prefix}.Server.Bindings`;
  const bindings = (settings.json(bindingsAt, z.array(Binding)) ?? []).filter(({ enabled }) => enabled);
  if (bindings.length === 0) throw unusable(bindingsAt, 'it has no binding that is on');
  for (const { protocol, certificateLocation, certificateKeyLocation, certificateVariable } of bindings) {
    const files = certificateLocation !== '' && certificateKeyLocation !== '';
    if (protocol === 'https' && !files && certificateVariable === '')
      throw unusable(bindingsAt, 'an https binding has no certificate with its key');
  }
  const locationsAt = `${prefix}.Server.Locations`;
  const all = settings.json(locationsAt, z.array(Location)) ?? [];
  const root = all.find(({ path }) => path === '/');
  if (root === undefined) throw unusable(locationsAt, 'it has no location /');
  const folder = configurationsFolder(settings);
  const certificatesFolder = absolute(settings, `${prefix}.CertificatesDirectory`) ?? '/etc/ssl';
  const locations = all.filter((one) => one !== root);
  const hostName = settings.text(`${prefix}.Server.HostName`);
  return { name, hostName, bindings, root, locations, folder, certificatesFolder };
}

export function configurationsFolder(settings: FeatureSettings): string {
  return absolute(settings, `${prefix}.ConfigurationsDirectory`) ?? '/etc/nginx/conf.d';
}

/** The program where the step names it, and how it finds a configuration of its own. */
export function nginxProgram(settings: FeatureSettings): {
  readonly program: string | undefined;
  readonly options: readonly string[];
} {
  const file = absolute(settings, 'Crossgap.Action.Nginx.ConfigurationFile');
  const folder = absolute(settings, 'Crossgap.Action.Nginx.Prefix');
  const options = [
    ...(folder === undefined ? [] : ['-p', join(folder, '/')]),
    ...(file === undefined ? [] : ['-c', file]),
  ];
  return { program: absolute(settings, 'Crossgap.Action.Nginx.Program'), options };
}

function absolute(settings: FeatureSettings, property: string): string | undefined {
  const path = settings.text(property);
  if (path === undefined || isAbsolute(path)) return path;
  throw unusable(property, 'it is not an absolute path');
}
