import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { features as known } from '../../src/executor/features/features.ts';
import { diffRevisions } from '../../src/process/index.ts';
import { problemsOf, read } from './orders.ts';

/** A process with one package step; `more` stands below the step. */
const web = (more: string): string =>
  `process: P\nsteps:\n  - name: Web\n    package: Orders.Web\n${more.replaceAll(/^/gm, '    ')}\n`;

const page = readFileSync(new URL('../../docs/features.md', import.meta.url), 'utf8');
const examples = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, example]) => example!);

function propertiesOf(text: string): Record<string, string> {
  const [step] = read(text).revision.steps;
  return Object.fromEntries(step!.properties.map(({ name, value }) => [name, value]));
}

const all = web(`features:
  config-transforms: true
  iis-home-directory: { site: "Orders/#{Place}" }
  nginx:
    name: shop
    host: shop.example.org
    bindings:
      - { port: 80 }
      - { protocol: https, port: "#{Port}", address: 10.0.0.1, certificate: /c.crt, certificate-key: /c.key, protocols: [TLSv1.3] }
    locations:
      - { path: /, directives: { root: "#{Octopus.Action.Package.InstallationDirectoryPath}/www" } }
      - { path: /api/, proxy: "http://127.0.0.1:81", headers: { Host: $host } }
    folder: /etc/nginx/sites
    certificates-folder: /etc/ssl/own
    program: /opt/nginx
    configuration-file: /opt/nginx.conf
    prefix: /opt
  systemd:
    name: shop
    description: The shop
    program: bin/shop
    arguments: [--port, "#{Port}"]
    environment: { TOKEN: "#{Token}", MODE: live }
    account: www-data
    type: exec
    restart: always
    stop-timeout: 30
    after: [postgresql.service]
    start: auto
    status: Unchanged
    folder: /run/units
  iis-site:
    name: Orders
    root: wwwroot
    bindings: [{ port: 80, host: orders.test }, { protocol: https, port: 443, thumbprint: AB, sni: true }]
    authentication: { anonymous: false, basic: false, windows: true }
    pool: { name: Orders, framework: v4.0, identity: SpecificUser, user: CORP\\x, password: "#{P}" }
    application:
      { site: Other, path: /api, root: api, pool: { name: Api, framework: v4.0, identity: LocalSystem, user: u, password: p } }
    virtual-directory: { site: Other, path: /files, root: files }
    configuration-file: C:\\applicationHost.config
  windows-service:
    name: Orders
    display-name: Orders service
    description: What it does
    program: Orders.exe
    arguments: --x
    start: delayed-auto
    user: CORP\\x
    password: "#{P}"
    dependencies: [Tcpip, Dnscache]
    status: Started`);

describe('features of the machine', () => {
  test('are kept as the properties that Octopus has for them', () => {
    const properties = propertiesOf(all);
    expect(properties['Octopus.Action.EnabledFeatures']).toBe(
      'Octopus.Features.ConfigurationTransforms,Octopus.Features.IISWebSite,Octopus.Features.Nginx,' +
        'Crossgap.Features.Systemd,Octopus.Features.WindowsService',
    );
    expect(properties).toMatchObject({
      'Octopus.Action.Package.UpdateIisWebsite': 'True',
      'Octopus.Action.Package.UpdateIisWebsiteName': 'Orders/#{Place}',
      'Octopus.Action.Nginx.Server.HostName': 'shop.example.org',
      'Crossgap.Action.Systemd.Arguments': '--port\n#{Port}',
      'Crossgap.Action.Systemd.Environment': 'TOKEN=#{Token}\nMODE=live',
      'Octopus.Action.IISWebSite.CreateOrUpdateWebSite': 'True',
      'Octopus.Action.IISWebSite.WebApplication.VirtualPath': '/api',
      'Octopus.Action.WindowsService.ServiceAccount': '_CUSTOM',
      'Octopus.Action.WindowsService.Dependencies': 'Tcpip/Dnscache',
    });
    expect(JSON.parse(properties['Octopus.Action.Nginx.Server.Bindings']!)).toEqual([
      { protocol: 'http', port: '80', ipAddress: '*', enabled: true },
      {
        protocol: 'https',
        port: '#{Port}',
        ipAddress: '10.0.0.1',
        certificateLocation: '/c.crt',
        certificateKeyLocation: '/c.key',
        securityProtocols: ['TLSv1.3'],
        enabled: true,
      },
    ]);
    expect(JSON.parse(properties['Octopus.Action.Nginx.Server.Locations']!)).toEqual([
      { path: '/', directives: { root: '#{Octopus.Action.Package.InstallationDirectoryPath}/www' } },
      {
        path: '/api/',
        reverseProxy: true,
        reverseProxyUrl: 'http://127.0.0.1:81',
        reverseProxyHeaders: { Host: '$host' },
      },
    ]);
  });

  test('have no key whose property no feature reads, and no property without a key', () => {
    const made = Object.keys(propertiesOf(all)).filter((name) => !name.startsWith('Octopus.Action.Package.'));
    const read_ = new Set(known.flatMap(({ settings }) => Object.keys(settings)));
    expect(made.filter((name) => name !== 'Octopus.Action.EnabledFeatures').sort()).toEqual(
      [...read_].sort(),
    );
  });

  test('may be written as Octopus writes them, and join what keys enable', () => {
    const properties = propertiesOf(
      web(`features: { config-transforms: true }
properties:
  Octopus.Action.EnabledFeatures: Octopus.Features.Nginx, Octopus.Features.WindowsService
  Octopus.Action.Nginx.Server.HostName: x
  Octopus.Action.WindowsService.ServiceName: y
  Octopus.Action.Package.UpdateIisWebsite: "True"`),
    );
    expect(properties).toEqual({
      'Octopus.Action.EnabledFeatures':
        'Octopus.Features.ConfigurationTransforms,Octopus.Features.Nginx,Octopus.Features.WindowsService',
      'Octopus.Action.Package.AutomaticallyRunConfigurationTransformationFiles': 'True',
      'Octopus.Action.Nginx.Server.HostName': 'x',
      'Octopus.Action.WindowsService.ServiceName': 'y',
      'Octopus.Action.Package.UpdateIisWebsite': 'True',
    });
  });

  test('are told by their key where two revisions differ', () => {
    const one = read(web('features:\n  systemd: { program: a }')).revision;
    const other = read(web('features:\n  systemd: { program: b }')).revision;
    expect(JSON.stringify(diffRevisions(one, other))).toContain('systemd');
  });

  test.each(examples)('are read as docs/features.md writes them: %s', (example) => {
    expect(() => read(web(example))).not.toThrow();
  });

  test.each([
    [
      'an unknown key',
      'features: { nginx: { bindings: [{ port: 1 }], locations: [{ path: / }], hots: x } }',
      'hots',
    ],
    ['no bindings', 'features: { nginx: { bindings: [], locations: [{ path: / }] } }', 'listen somewhere'],
    ['a word that is none', 'features: { systemd: { program: a, restart: sometimes } }', 'one of on-failure'],
    [
      'two lines in one argument',
      'features: { systemd: { program: a, arguments: ["a\\nb"] } }',
      'has a line break',
    ],
    [
      'a site without a pool',
      'features: { iis-site: { name: A, bindings: [{ port: 80 }] } }',
      'a site has a pool',
    ],
    ['nothing of IIS', 'features: { iis-site: {} }', 'nothing of IIS is asked for'],
    [
      'the property of a feature that is off',
      'properties: { Octopus.Action.Nginx.Server.HostName: x }',
      'belongs to Octopus.Features.Nginx, which is not on',
    ],
    [
      'what a key and a property say',
      'features: { systemd: { program: a } }\nproperties: { crossgap.action.systemd.executablepath: b }',
      'a key below features: says this too',
    ],
    [
      'a feature that has a key of its own',
      'properties: { Octopus.Action.EnabledFeatures: "Octopus.Features.Nginx,Octopus.Features.CustomDirectory" }',
      'the process file has a key of its own',
    ],
  ])('refused with its place: %s', (_what, more, problem) => {
    expect(problemsOf(web(more))).toEqual([expect.stringContaining(problem)]);
  });
});
