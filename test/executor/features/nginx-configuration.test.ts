import { expect, test } from 'vitest';
import { nginxFiles } from '../../../src/executor/features/nginx/configuration.ts';
import { readNginx } from '../../../src/executor/features/nginx/settings.ts';
import { featureSettings } from '../../../src/executor/features/settings.ts';
import { VariableSet } from '../../../src/variables/index.ts';

const server = 'Octopus.Action.Nginx.Server';
const http = JSON.stringify([{ protocol: 'http', port: 80 }]);
const root = JSON.stringify([{ path: '/', directives: { root: '/srv' } }]);

/** The files that these settings ask for, with their text. */
function filesOf(settings: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>> = {}) {
  const all = { [`${server}.Bindings`]: http, [`${server}.Locations`]: root, ...settings };
  const variables = new VariableSet(Object.entries(all));
  for (const [name, value] of Object.entries(secrets)) variables.setLiteral(name, value);
  const nginx = readNginx(featureSettings(variables, 'wholly'), 'Orders.Web');
  const { files } = nginxFiles(nginx, variables);
  return new Map(
    files.map((file) => [file.path, { ...file, text: Buffer.from(file.bytes ?? []).toString() }]),
  );
}
const textOf = (settings: Readonly<Record<string, string>>, values: Readonly<Record<string, string>> = {}) =>
  filesOf(settings, values).get('/etc/nginx/conf.d/Orders.Web.conf')!.text;
const location = (one: object, ...more: object[]) => ({
  [`${server}.Locations`]: JSON.stringify([{ path: '/', directives: {}, ...one }, ...more]),
});

test('what Octopus writes by default is a server of the package’s name', () => {
  expect(textOf({})).toBe('server {\n    listen 80;\n    location / {\n        root /srv;\n    }\n}\n');
});

test('bindings have addresses of both kinds, and those that are off are left out', () => {
  const bindings = [
    { protocol: 'http', port: '80', ipAddress: '*', enabled: 'True' },
    { protocol: 'http', port: '81', ipAddress: '10.0.0.1', enabled: true },
    { protocol: 'http', port: '82', ipAddress: '::1', enabled: true },
    { protocol: 'http', port: '83', enabled: 'False' },
  ];
  const text = textOf({ [`${server}.Bindings`]: JSON.stringify(bindings) });
  expect(text.match(/listen .*/g)).toEqual(['listen 80;', 'listen 10.0.0.1:81;', 'listen [::1]:82;']);
});

test('a certificate in a variable becomes two files, of which others can’t read the key', () => {
  const bindings = [
    {
      protocol: 'https',
      port: '443',
      certificateVariable: 'Cert',
      securityProtocols: ['TLSv1.2', 'TLSv1.3'],
    },
  ];
  const values = {
    'Cert.CertificatePem': 'CERTIFICATE',
    'Cert.PrivateKeyPem': 'KEY',
    'Cert.SubjectCommonName': '../shop test',
  };
  const files = filesOf({ [`${server}.Bindings`]: JSON.stringify(bindings) }, values);
  const stem = '/etc/ssl/.._shop_test/.._shop_test';
  expect(files.get(`${stem}.crt`)).toMatchObject({ text: 'CERTIFICATE\n' });
  expect(files.get(`${stem}.key`)).toMatchObject({ text: 'KEY\n', mode: 0o600 });
  expect(files.get('/etc/nginx/conf.d/Orders.Web.conf')?.text).toContain(`    listen 443 ssl;
    ssl_certificate ${stem}.crt;
    ssl_certificate_key ${stem}.key;
    ssl_protocols TLSv1.2 TLSv1.3;
`);
});

test('further locations have files of their own, also where their paths are alike', () => {
  const more = [{ path: '/api/' }, { path: '/api' }, { path: String.raw`~ \.php$` }, { path: '= /x y' }];
  const files = filesOf(location({}, ...more));
  const folder = '/etc/nginx/conf.d/Orders.Web.conf.d';
  expect([...files.keys()].slice(0, -1)).toEqual([
    `${folder}/location.api.conf`,
    `${folder}/location.api.2.conf`,
    `${folder}/location.php.conf`,
    `${folder}/location.x.conf`,
  ]);
  const heads = [...files.values()].slice(0, -1).map(({ text }) => text.split('\n')[0]);
  expect(heads).toEqual([
    'location /api/ {',
    'location /api {',
    String.raw`location ~ "\\.php$" {`,
    'location = "/x y" {',
  ]);
});

test('a value is data: it alters neither the form of the JSON nor that of the configuration', () => {
  const evil = '","port":"1"},{"path":"/';
  const text = textOf(location({ directives: { add_header: `X-Who "#{Who}"` } }), { Who: 'a b' });
  expect(text).toContain('        add_header X-Who "a b";\n');
  expect(() => textOf(location({ directives: { root: '#{Who}' } }), { Who: evil })).toThrow('has a }');
  expect(() => textOf({ [`${server}.HostName`]: '#{Who}' }, { Who: 'a\nb' })).toThrow('line break');
  const quoted = textOf({ [`${server}.HostName`]: '#{Who}' }, { Who: 'a;b{c"d' });
  expect(quoted).toContain(String.raw`server_name "a;b{c\"d";`);
});

test.each([
  ['root', '/srv; } server {', 'has a ; outside of quotes'],
  ['root', '/srv }', 'has a } outside of quotes'],
  ['root', '/srv {', 'has a { outside of quotes'],
  ['root', '"/srv', 'has a " that is not closed'],
  ['root', '/srv #', 'has a # that begins a comment'],
  ['root', '/srv\\', 'ends in a backslash'],
  ['root', '/srv\n/x', 'has a line break'],
  ['root /x; evil', '1', 'is not the name of an nginx directive'],
])('the directive %s with %j is refused', (name, value, why) => {
  expect(() => textOf(location({ directives: { [name]: value } }))).toThrow(why);
});

test.each([
  ['/srv/$host ${scheme}', 'root /srv/$host ${scheme};'],
  [`"a ; b" 'c } d'`, `root "a ; b" 'c } d';`],
  [String.raw`a\;b`, String.raw`root a\;b;`],
])('a directive may have %s', (value, line) => {
  expect(textOf(location({ directives: { root: value } }))).toContain(`        ${line}\n`);
});

test.each([
  [{ [`${server}.Bindings`]: '[]' }, 'it has no binding that is on'],
  [{ [`${server}.Bindings`]: 'nonsense' }, 'it is not JSON'],
  [{ [`${server}.Bindings`]: '[{"protocol":"ftp","port":"21"}]' }, '0.protocol'],
  [{ [`${server}.Bindings`]: '[{"protocol":"http","port":"80;"}]' }, '0.port: is not the number of a port'],
  [{ [`${server}.Bindings`]: '[{"protocol":"https","port":"443"}]' }, 'no certificate with its key'],
  [
    { [`${server}.Bindings`]: '[{"protocol":"https","port":"443","certificateVariable":"Nobody"}]' },
    'the variable Nobody holds no certificate',
  ],
  [{ [`${server}.Locations`]: '[{"path":"/api"}]' }, 'it has no location /'],
  [location({ reverseProxy: true }), 'has no reverseProxyUrl'],
  [location({ headers: { 'X Y': 'a' } }), 'is not the name of a header'],
  [{ [`${server}.ConfigName`]: '../evil' }, 'it is not the name of a file'],
  [{ 'Octopus.Action.Nginx.ConfigurationsDirectory': 'conf.d' }, 'it is not an absolute path'],
])('settings that can not be used are refused: %j', (wrong, why) => {
  expect(() => filesOf(wrong)).toThrow(why);
});
