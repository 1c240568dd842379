/**
 * Features that set up something on the machine. A revision holds them as the properties that Octopus has for them,
 * and ours beside those where Octopus has none, so that revisions keep one form.
 */
import type { Findings } from './findings.ts';
import type {
  IisHomeDirectory,
  IisSiteEntry,
  NginxEntry,
  SystemdEntry,
  WindowsServiceEntry,
} from './machine-feature-schema.ts';
import { isTrue } from './read-values.ts';
import type { Step } from './revision.ts';
import type { StepEntry } from './schema.ts';
import type { YamlPath } from './yaml-source.ts';

type Features = NonNullable<StepEntry['features']>;
type Properties = Readonly<Record<string, string | undefined>>;
type MachineFeature = {
  readonly key: 'iis-site' | 'nginx' | 'systemd' | 'windows-service';
  readonly name: string;
  readonly owns: RegExp;
};

const machineFeatures: readonly MachineFeature[] = [
  { key: 'iis-site', name: 'Octopus.Features.IISWebSite', owns: /^Octopus\.Action\.IISWebSite\./i },
  { key: 'nginx', name: 'Octopus.Features.Nginx', owns: /^(?:Octopus|Crossgap)\.Action\.Nginx\./i },
  { key: 'systemd', name: 'Crossgap.Features.Systemd', owns: /^Crossgap\.Action\.Systemd\./i },
  {
    key: 'windows-service',
    name: 'Octopus.Features.WindowsService',
    owns: /^Octopus\.Action\.WindowsService\./i,
  },
];

const iisFile = 'Crossgap.Action.IIS.ConfigurationFile';
const homeFlag = 'Octopus.Action.Package.UpdateIisWebsite';
const homeName = 'Octopus.Action.Package.UpdateIisWebsiteName';

/** Names in `Octopus.Action.EnabledFeatures` that may be written as a property, the way Octopus does. */
export function isMachineFeature(name: string): boolean {
  return machineFeatures.some((feature) => feature.name === name);
}

/** The name of the feature that a property belongs to, undefined for one of none. */
export function featureOwning(property: string): string | undefined {
  return machineFeatures.find(({ owns }) => owns.test(property))?.name;
}

/**
 * What the keys below `features:` mean: names of features to enable, and their properties. A property that belongs to a
 * feature which is not on, or is said by a key too, is added to the findings.
 */
export function machineProperties(
  entry: StepEntry,
  enabledByProperty: readonly string[],
  path: YamlPath,
  findings: Findings,
): { readonly names: readonly string[]; readonly properties: Step['properties'] } {
  const features = entry.features ?? {};
  const made: Properties = {
    ...(features.nginx && nginxProperties(features.nginx)),
    ...(features.systemd && systemdProperties(features.systemd)),
    ...(features['iis-site'] && iisProperties(features['iis-site'])),
    ...(features['windows-service'] && windowsServiceProperties(features['windows-service'])),
    ...homeProperties(features['iis-home-directory']),
  };
  const byKey = machineFeatures.filter(({ key }) => features[key] !== undefined);
  const names = [...new Set([...enabledByProperty, ...byKey.map(({ name }) => name)])];
  checkIis(features, path, findings);
  const folded = new Set(Object.keys(made).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(entry.properties ?? {})) {
    const here = [...path, 'properties', name];
    if (folded.has(name.toLowerCase())) {
      findings.add(here, `${name}: a key below features: says this too`, 'Keep one of the two.', 'key');
    }
    const owner = machineFeatures.find(({ owns }) => owns.test(name));
    if (owner === undefined || names.includes(owner.name) || /^\s*(?:false)?\s*$/i.test(value)) continue;
    const hint = `Write features: ${owner.key}, or Octopus.Action.EnabledFeatures: ${owner.name}.`;
    findings.add(here, `${name}: belongs to ${owner.name}, which is not on`, hint, 'key');
  }
  const properties = Object.entries(made).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name, value }],
  );
  return { names, properties };
}

/** The key below `features:` that became this property, undefined for one that a person writes as it is. */
export function machineKeyOf(property: string): string | undefined {
  if (property === homeFlag || property === homeName) return 'iis-home-directory';
  return machineFeatures.find(({ owns }) => owns.test(property))?.key;
}

function checkIis(features: Features, path: YamlPath, findings: Findings): void {
  const site = features['iis-site'];
  if (site === undefined) return;
  const at = [...path, 'features', 'iis-site'];
  const isSite = site.name !== undefined;
  if (!isSite && site.application === undefined && site['virtual-directory'] === undefined) {
    findings.add(
      at,
      'nothing of IIS is asked for here',
      'Give it a `name:`, an `application:` or a `virtual-directory:`.',
    );
  }
  if (isSite && site.pool === undefined) findings.add(at, 'a site has a pool', 'Write `pool: { name: … }`.');
  if (isSite && (site.bindings ?? []).length === 0)
    findings.add(at, 'a site listens somewhere', 'Write `bindings: [{ port: 80 }]`.');
}

function nginxProperties(nginx: NginxEntry): Properties {
  const server = 'Octopus.Action.Nginx.Server';
  const bindings = nginx.bindings.map((binding) => ({
    protocol: binding.protocol ?? 'http',
    port: binding.port,
    ipAddress: binding.address ?? '*',
    certificateLocation: binding.certificate,
    certificateKeyLocation: binding['certificate-key'],
    certificateVariable: binding['certificate-variable'],
    securityProtocols: binding.protocols,
    enabled: true,
  }));
  const locations = nginx.locations.map(({ path, proxy, headers, directives }) => ({
    path,
    directives,
    ...(proxy === undefined
      ? { headers }
      : { reverseProxy: true, reverseProxyUrl: proxy, reverseProxyHeaders: headers }),
  }));
  return {
    [`${server}.ConfigName`]: nginx.name,
    [`${server}.HostName`]: nginx.host,
    [`${server}.Bindings`]: JSON.stringify(bindings),
    [`${server}.Locations`]: JSON.stringify(locations),
    'Octopus.Action.Nginx.ConfigurationsDirectory': nginx.folder,
    'Octopus.Action.Nginx.CertificatesDirectory': nginx['certificates-folder'],
    'Crossgap.Action.Nginx.Program': nginx.program,
    'Crossgap.Action.Nginx.ConfigurationFile': nginx['configuration-file'],
    'Crossgap.Action.Nginx.Prefix': nginx.prefix,
  };
}

function systemdProperties(service: SystemdEntry): Properties {
  const prefix = 'Crossgap.Action.Systemd';
  const environment = Object.entries(service.environment ?? {}).map(([name, value]) => `${name}=${value}`);
  return {
    [`${prefix}.ServiceName`]: service.name,
    [`${prefix}.Description`]: service.description,
    [`${prefix}.ExecutablePath`]: service.program,
    [`${prefix}.Arguments`]: service.arguments?.join('\n'),
    [`${prefix}.Environment`]: service.environment && environment.join('\n'),
    [`${prefix}.ServiceAccount`]: service.account,
    [`${prefix}.Type`]: service.type,
    [`${prefix}.Restart`]: service.restart,
    [`${prefix}.StopTimeout`]: service['stop-timeout'],
    [`${prefix}.Dependencies`]: service.after?.join('\n'),
    [`${prefix}.StartMode`]: service.start,
    [`${prefix}.DesiredStatus`]: service.status,
    [`${prefix}.UnitsDirectory`]: service.folder,
  };
}

function iisProperties(site: IisSiteEntry): Properties {
  const prefix = 'Octopus.Action.IISWebSite';
  const { application, 'virtual-directory': directory, authentication } = site;
  const bindings = (site.bindings ?? []).map((binding) => ({
    protocol: binding.protocol ?? 'http',
    port: binding.port,
    host: binding.host ?? '',
    ipAddress: binding.address ?? '*',
    thumbprint: binding.thumbprint ?? '',
    requireSni: binding.sni !== undefined && isTrue(binding.sni),
    enabled: true,
  }));
  const own: Properties =
    site.name === undefined
      ? {}
      : {
          [`${prefix}.CreateOrUpdateWebSite`]: 'True',
          [`${prefix}.WebSiteName`]: site.name,
          [`${prefix}.WebRoot`]: site.root,
          [`${prefix}.Bindings`]: JSON.stringify(bindings),
          [`${prefix}.EnableAnonymousAuthentication`]: authentication?.anonymous,
          [`${prefix}.EnableBasicAuthentication`]: authentication?.basic,
          [`${prefix}.EnableWindowsAuthentication`]: authentication?.windows,
          ...poolProperties(prefix, site.pool),
        };
  const below = (
    kind: string,
    place: { site: string; path: string; root?: string | undefined } | undefined,
  ) =>
    place && {
      [`${prefix}.${kind}.CreateOrUpdate`]: 'True',
      [`${prefix}.${kind}.WebSiteName`]: place.site,
      [`${prefix}.${kind}.VirtualPath`]: place.path,
      [`${prefix}.${kind}.PhysicalPath`]: place.root,
    };
  return {
    ...own,
    ...below('WebApplication', application),
    ...poolProperties(`${prefix}.WebApplication`, application?.pool),
    ...below('VirtualDirectory', directory),
    [iisFile]: site['configuration-file'],
  };
}

function poolProperties(below: string, pool: IisSiteEntry['pool']): Properties {
  if (pool === undefined) return {};
  return {
    [`${below}.ApplicationPoolName`]: pool.name,
    [`${below}.ApplicationPoolFrameworkVersion`]: pool.framework,
    [`${below}.ApplicationPoolIdentityType`]: pool.identity,
    [`${below}.ApplicationPoolUsername`]: pool.user,
    [`${below}.ApplicationPoolPassword`]: pool.password,
  };
}

function windowsServiceProperties(service: WindowsServiceEntry): Properties {
  const prefix = 'Octopus.Action.WindowsService';
  return {
    [`${prefix}.CreateOrUpdateService`]: 'True',
    [`${prefix}.ServiceName`]: service.name,
    [`${prefix}.DisplayName`]: service['display-name'],
    [`${prefix}.Description`]: service.description,
    [`${prefix}.ExecutablePath`]: service.program,
    [`${prefix}.Arguments`]: service.arguments,
    [`${prefix}.StartMode`]: service.start,
    [`${prefix}.ServiceAccount`]: service.account ?? (service.user === undefined ? undefined : '_CUSTOM'),
    [`${prefix}.CustomAccountName`]: service.user,
    [`${prefix}.CustomAccountPassword`]: service.password,
    [`${prefix}.Dependencies`]: service.dependencies?.join('/'),
    [`${prefix}.DesiredStatus`]: service.status,
  };
}

function homeProperties(home: IisHomeDirectory | undefined): Properties {
  if (home === undefined) return {};
  if (typeof home === 'string') return isTrue(home) ? { [homeFlag]: 'True' } : {};
  return {
    [homeFlag]: 'True',
    [homeName]: home.site,
    ...(home['configuration-file'] !== undefined && { [iisFile]: home['configuration-file'] }),
  };
}
