/** Features of a package step that set up something on the machine, as they are written below `features:`. */
import { z } from 'zod';
import { choice, line, list, mapping, record, text, truth, word } from './schema-words.ts';

const port = text('Number of the port', 500);
const address = text('The address to listen at; all if not given', 500).optional();
const program = text("The program, in the application's folder or absolute", 4000);

const NginxEntry = z.strictObject(
  {
    name: text('Name of the generated files; the id of the package if not given', 200).optional(),
    host: text('What clients ask for; several with blanks between; any if not given', 1000).optional(),
    bindings: list(
      z.strictObject(
        {
          protocol: choice(['http', 'https'], 'What is spoken there').optional(),
          port,
          address,
          certificate: text('File of the certificate, for https', 4000).optional(),
          'certificate-key': text('File of its key', 4000).optional(),
          'certificate-variable': text('The variable that holds both', 200).optional(),
          protocols: list(text('TLSv1.2, TLSv1.3', 50), 'The versions of TLS that are spoken').optional(),
        },
        { error: mapping },
      ),
      'Where it listens',
    ).min(1, { error: 'nginx has to listen somewhere' }),
    locations: list(
      z.strictObject(
        {
          path: text('The path below the server: / or /api/', 1000),
          proxy: text('The address that requests are handed on to', 4000).optional(),
          headers: record(text('Its value', 4000), 'Headers that are handed on with them').optional(),
          directives: record(text('Its words', 4000), 'Directives of nginx by name').optional(),
        },
        { error: mapping },
      ),
      'What is served where; one of them is /',
    ).min(1, { error: 'one location / is needed' }),
    folder: text('Where the files go; /etc/nginx/conf.d if not given', 4000).optional(),
    'certificates-folder': text(
      'Where certificates out of variables go; /etc/ssl if not given',
      4000,
    ).optional(),
    program: text('The nginx program, absolute; found on the PATH if not given', 4000).optional(),
    'configuration-file': text('nginx’s own configuration file', 4000).optional(),
    prefix: text('nginx’s own folder', 4000).optional(),
  },
  { error: mapping },
);

const starts = ['auto', 'demand', 'disabled', 'unchanged'];
const SystemdEntry = z.strictObject(
  {
    name: text('Name of the unit; the id of the package if not given', 200).optional(),
    description: text('What it is, for people', 1000).optional(),
    program,
    arguments: list(line('One argument'), 'Its arguments').optional(),
    environment: record(line('The value'), 'Its environment, in a file that others can’t read').optional(),
    account: text('The account it runs as; root if not given', 200).optional(),
    type: choice(['simple', 'exec', 'notify', 'forking', 'oneshot'], 'How systemd knows it runs').optional(),
    restart: choice(['on-failure', 'always', 'no'], 'When it is started again').optional(),
    'stop-timeout': text('Seconds it has to stop', 200).optional(),
    after: list(word('Name of a unit'), 'Units it starts after and wants').optional(),
    start: choice(starts, 'Whether it starts with the machine').optional(),
    status: choice(['Started', 'Stopped', 'Unchanged'], 'How it is left').optional(),
    folder: text('Where the unit goes; /etc/systemd/system if not given', 4000).optional(),
  },
  { error: mapping },
);

const Pool = z.strictObject(
  {
    name: text('The application pool; made where it is not there', 200),
    framework: text('v4.0, v2.0 or No Managed Code', 200).optional(),
    identity: choice(
      ['ApplicationPoolIdentity', 'LocalService', 'LocalSystem', 'NetworkService', 'SpecificUser'],
      'What it runs as',
    ).optional(),
    user: text('For SpecificUser: the account', 500).optional(),
    password: text('Its password; none for a managed service account', 4000).optional(),
  },
  { error: mapping },
);
const root = text("Its folder, in the application's or absolute; the application's if not given", 4000);
const configurationFile = text("IIS's applicationHost.config; on Windows the system's if not given", 4000);

const IisSiteEntry = z.strictObject(
  {
    name: text('Name of the site', 200).optional(),
    root: root.optional(),
    bindings: list(
      z.strictObject(
        {
          protocol: choice(['http', 'https'], 'What is spoken there').optional(),
          port,
          host: text('What clients ask for', 500).optional(),
          address,
          thumbprint: text('The certificate, for https', 500).optional(),
          sni: truth('Whether the certificate belongs to the host name').optional(),
        },
        { error: mapping },
      ),
      'Where it listens',
    ).optional(),
    authentication: z
      .strictObject(
        {
          anonymous: truth('Whether it is on').optional(),
          basic: truth('Whether it is on').optional(),
          windows: truth('Whether it is on').optional(),
        },
        { error: mapping },
      )
      .optional(),
    pool: Pool.optional(),
    application: z
      .strictObject(
        {
          site: text('Name of the site', 200),
          path: text('Where it is below the site', 1000),
          root: root.optional(),
          pool: Pool,
        },
        { error: mapping },
      )
      .meta({ description: 'An application of a site that is there' })
      .optional(),
    'virtual-directory': z
      .strictObject(
        {
          site: text('Name of the site', 200),
          path: text('Where it is below the site', 1000),
          root: root.optional(),
        },
        { error: mapping },
      )
      .meta({ description: 'A virtual directory of a site that is there' })
      .optional(),
    'configuration-file': configurationFile.optional(),
  },
  { error: mapping },
);

const WindowsServiceEntry = z.strictObject(
  {
    name: text('Name of the service', 200),
    'display-name': text('What people see', 500).optional(),
    description: text('What it is', 1000).optional(),
    program,
    arguments: text('Its arguments, as one text', 10_000).optional(),
    start: choice(['auto', 'delayed-auto', 'demand', 'disabled', 'unchanged'], 'When it starts').optional(),
    account: text('LocalSystem, NT AUTHORITY\\LocalService or _CUSTOM', 500).optional(),
    user: text('For _CUSTOM: the account', 500).optional(),
    password: text('Its password', 4000).optional(),
    dependencies: list(word('Name of a service'), 'Services it needs').optional(),
    status: choice(['Default', 'Started', 'Stopped', 'Unchanged'], 'How it is left').optional(),
  },
  { error: mapping },
);

const IisHomeDirectory = z.union(
  [
    truth('Points the site named like the package at the application'),
    z.strictObject(
      {
        site: text('The site, or a place below it: Orders/shop', 1000),
        'configuration-file': configurationFile.optional(),
      },
      { error: mapping },
    ),
  ],
  { error: 'true, or { site: NAME }, is expected here' },
);

/** The keys below `features:`. */
export const machineFeatureEntries = {
  'iis-home-directory': IisHomeDirectory.meta({
    description: 'Points an IIS site at the application',
  }).optional(),
  'iis-site': IisSiteEntry.meta({ description: 'Sets up a site of IIS with its pool' }).optional(),
  nginx: NginxEntry.meta({ description: 'Sets up a server of nginx' }).optional(),
  systemd: SystemdEntry.meta({ description: 'Sets up a service of systemd' }).optional(),
  'windows-service': WindowsServiceEntry.meta({ description: 'Sets up a Windows service' }).optional(),
};
export type NginxEntry = z.infer<typeof NginxEntry>;
export type SystemdEntry = z.infer<typeof SystemdEntry>;
export type IisSiteEntry = z.infer<typeof IisSiteEntry>;
export type IisHomeDirectory = z.infer<typeof IisHomeDirectory>;
export type WindowsServiceEntry = z.infer<typeof WindowsServiceEntry>;
