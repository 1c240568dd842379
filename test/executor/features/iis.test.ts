import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { RunOutcome } from '../../../src/executor/index.ts';
import { withHomeDirectory } from '../../../src/executor/features/iis/application-host.ts';
import { readIis } from '../../../src/executor/features/iis/settings.ts';
import { withWishes } from '../../../src/executor/features/iis/site.ts';
import { featureSettings } from '../../../src/executor/features/settings.ts';
import { VariableSet } from '../../../src/variables/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { logOf, packageStep, planOf, run } from '../../support/scripts-run.ts';

const site = 'Octopus.Action.IISWebSite';

/** What IIS writes itself: tabs or blanks as they come, CRLF, elements that this program knows nothing of. */
const applicationHost = [
  '<?xml version="1.0" encoding="UTF-8"?>',
  '<!-- kept as it is -->',
  '<configuration>',
  '    <configSections />',
  '    <system.applicationHost>',
  '        <applicationPools>',
  '            <add name="DefaultAppPool" />',
  `            <add name='Orders' autoStart="true" managedRuntimeVersion="v2.0"/>`,
  '            <applicationPoolDefaults managedRuntimeVersion="v4.0">',
  '                <processModel identityType="ApplicationPoolIdentity" />',
  '            </applicationPoolDefaults>',
  '        </applicationPools>',
  '        <sites>',
  '            <site name="Default Web Site" id="1">',
  '                <application path="/">',
  '                    <virtualDirectory path="/" physicalPath="%SystemDrive%\\inetpub\\wwwroot" />',
  '                </application>',
  '                <bindings>',
  '                    <binding protocol="http" bindingInformation="*:80:" />',
  '                </bindings>',
  '            </site>',
  '            <site name="Orders" id="7" serverAutoStart="true">',
  '                <application path="/" applicationPool="Orders">',
  '                    <virtualDirectory path="/" physicalPath="C:\\old\\web &amp; more" />',
  '                    <virtualDirectory path="/images" physicalPath="C:\\old\\images" userName="x" />',
  '                </application>',
  `                <application path='/Shop' applicationPool="DefaultAppPool"><virtualDirectory path="/" physicalPath='C:\\old\\shop'/></application>`,
  '                <bindings>',
  '                    <binding protocol="http" bindingInformation="*:8080:orders.test" />',
  '                    <binding protocol="net.tcp" bindingInformation="808:*" />',
  '                </bindings>',
  '            </site>',
  '            <siteDefaults>',
  '                <logFile logFormat="W3C" />',
  '            </siteDefaults>',
  '        </sites>',
  '    </system.applicationHost>',
  '</configuration>',
  '',
].join('\r\n');

function wishes(settings: Readonly<Record<string, string>>) {
  const variables = new VariableSet(Object.entries(settings));
  return readIis(featureSettings(variables, 'wholly'), '/apps/orders');
}

/** The lines that differ, as a person would look at them. */
function difference(before: string, after: string): string[] {
  const [old, now] = [before.split('\r\n'), after.split('\r\n')];
  const gone = old.filter((line) => !now.includes(line)).map((line) => `- ${line.trim()}`);
  return [...gone, ...now.filter((line) => !old.includes(line)).map((line) => `+ ${line.trim()}`)];
}

test('the home directory of a site is the one thing that changes', () => {
  const { text, changes } = withHomeDirectory(applicationHost, 'orders', 'D:\\new & "better"');
  expect(text).toBe(applicationHost.replace('C:\\old\\web &amp; more', 'D:\\new &amp; &quot;better&quot;'));
  expect(changes).toEqual(['orders: C:\\old\\web & more to D:\\new & "better"']);
});

test.each([
  ['Orders/images', 'C:\\old\\images'],
  ['Orders/shop', 'C:\\old\\shop'],
  ['ORDERS/Shop/', 'C:\\old\\shop'],
])('the place %s is found by its whole virtual path', (place, old) => {
  const { text } = withHomeDirectory(applicationHost, place, 'D:\\new');
  expect(text).toBe(applicationHost.replace(old, 'D:\\new'));
});

test.each([
  ['Nobody', 'there is no site Nobody, but Default Web Site, Orders'],
  ['Orders/nothing', 'site Orders has nothing at /nothing'],
  ['Orders/shop/images', 'site Orders has nothing at /shop/images'],
])('%s, which is not there, fails by its name and is never made', (place, why) => {
  expect(() => withHomeDirectory(applicationHost, place, 'D:\\new')).toThrow(`Cannot change IIS: ${why}`);
});

test('a new site comes with its pool, folder, bindings and authentication', () => {
  const { text, changes } = withWishes(
    applicationHost,
    wishes({
      [`${site}.CreateOrUpdateWebSite`]: 'True',
      [`${site}.WebSiteName`]: 'Shop "x"',
      [`${site}.WebRoot`]: 'wwwroot',
      [`${site}.ApplicationPoolName`]: 'Shop',
      [`${site}.ApplicationPoolFrameworkVersion`]: 'No Managed Code',
      [`${site}.ApplicationPoolIdentityType`]: 'NetworkService',
      [`${site}.Bindings`]: JSON.stringify([
        { protocol: 'http', port: '80', host: 'shop.test', ipAddress: '*', enabled: 'True' },
        { protocol: 'https', port: 443, host: 'shop.test', thumbprint: 'ab 12', requireSni: true },
        { protocol: 'http', port: '81', enabled: false },
      ]),
      [`${site}.EnableAnonymousAuthentication`]: 'False',
      [`${site}.EnableWindowsAuthentication`]: 'True',
    }),
  );
  const expected = applicationHost
    .replace(
      `            <applicationPoolDefaults`,
      `            <add name="Shop" managedRuntimeVersion="">\r
                <processModel identityType="NetworkService" />\r
            </add>\r
            <applicationPoolDefaults`,
    )
    .replace(
      '            <siteDefaults>',
      `            <site name="Shop &quot;x&quot;" id="8" serverAutoStart="true">\r
                <application path="/" applicationPool="Shop">\r
                    <virtualDirectory path="/" physicalPath="/apps/orders/wwwroot" />\r
                </application>\r
                <bindings>\r
                    <binding protocol="http" bindingInformation="*:80:shop.test" />\r
                    <binding protocol="https" bindingInformation="*:443:shop.test" sslFlags="1" />\r
                </bindings>\r
            </site>\r
            <siteDefaults>`,
    )
    .replace(
      '</configuration>\r\n',
      `    <location path="Shop &quot;x&quot;">\r
        <system.webServer>\r
            <security>\r
                <authentication>\r
                    <anonymousAuthentication enabled="false" />\r
                    <windowsAuthentication enabled="true" />\r
                </authentication>\r
            </security>\r
        </system.webServer>\r
    </location>\r
</configuration>\r\n`,
    );
  expect(text).toBe(expected);
  expect(changes).toEqual([
    'pool Shop made',
    'site Shop "x" made at /apps/orders/wwwroot',
    'Shop "x": anonymousAuthentication off',
    'Shop "x": windowsAuthentication on',
  ]);
});

const update = {
  [`${site}.CreateOrUpdateWebSite`]: 'True',
  [`${site}.WebSiteName`]: 'orders',
  [`${site}.ApplicationPoolName`]: 'orders',
  [`${site}.ApplicationPoolFrameworkVersion`]: 'v4.0',
  [`${site}.Bindings`]: 'http/*:8080:orders.test|http/*:9090:|http/*:1:off//False',
};

test('a site that is there is brought to what is asked for, and keeps the rest', () => {
  const { text, changes } = withWishes(applicationHost, wishes(update));
  expect(difference(applicationHost, text)).toEqual([
    `- <add name='Orders' autoStart="true" managedRuntimeVersion="v2.0"/>`,
    '- <virtualDirectory path="/" physicalPath="C:\\old\\web &amp; more" />',
    '- <binding protocol="net.tcp" bindingInformation="808:*" />',
    `+ <add name='Orders' autoStart="true" managedRuntimeVersion="v4.0"/>`,
    '+ <virtualDirectory path="/" physicalPath="/apps/orders" />',
    '+ <binding protocol="http" bindingInformation="*:9090:" />',
  ]);
  expect(changes).toEqual([
    'pool orders set',
    'orders: C:\\old\\web & more to /apps/orders',
    'orders: bindings http *:8080:orders.test, http *:9090:',
  ]);
});

test('what is as asked for changes no byte', () => {
  const once = withWishes(applicationHost, wishes(update)).text;
  expect(withWishes(once, wishes(update))).toEqual({ text: once, changes: [] });
});

test('an application and a virtual directory are added to a site that is there', () => {
  const below = (kind: string, more: Readonly<Record<string, string>>) => ({
    [`${site}.${kind}.CreateOrUpdate`]: 'True',
    [`${site}.${kind}.WebSiteName`]: 'Orders',
    ...Object.fromEntries(Object.entries(more).map(([name, value]) => [`${site}.${kind}.${name}`, value])),
  });
  const { text } = withWishes(
    applicationHost,
    wishes({
      ...below('WebApplication', { VirtualPath: '/api', ApplicationPoolName: 'Orders', PhysicalPath: 'api' }),
      ...below('VirtualDirectory', { VirtualPath: 'shop/files' }),
    }),
  );
  expect(difference(applicationHost, text)).toEqual([
    `- <application path='/Shop' applicationPool="DefaultAppPool"><virtualDirectory path="/" physicalPath='C:\\old\\shop'/></application>`,
    `+ <application path='/Shop' applicationPool="DefaultAppPool"><virtualDirectory path="/" physicalPath='C:\\old\\shop'/>`,
    '+ <virtualDirectory path="/files" physicalPath="/apps/orders" /></application>',
    '+ <application path="/api" applicationPool="Orders">',
    '+ <virtualDirectory path="/" physicalPath="/apps/orders/api" />',
  ]);
});

test.each([
  ['WebApplication', 'images', 'is a virtual directory'],
  ['VirtualDirectory', 'shop', 'is an application'],
  ['VirtualDirectory', 'nothing/files', '/nothing is not there'],
])('a %s at /%s is refused', (kind, path, why) => {
  const asked = wishes({
    [`${site}.${kind}.CreateOrUpdate`]: 'True',
    [`${site}.${kind}.WebSiteName`]: 'Orders',
    [`${site}.${kind}.VirtualPath`]: path,
    [`${site}.${kind}.ApplicationPoolName`]: 'Orders',
  });
  expect(() => withWishes(applicationHost, asked)).toThrow(why);
});

test.each([
  [{ [`${site}.WebSiteName`]: '' }, 'WebSiteName: it is empty'],
  [{ [`${site}.Bindings`]: '' }, 'it has no binding that is on'],
  [{ [`${site}.Bindings`]: '[{"protocol":"https","port":"443"}]' }, 'https binding has no thumbprint'],
  [{ [`${site}.Bindings`]: '[{"protocol":"http","port":"a"}]' }, '0.port: is not the number of a port'],
  [{ [`${site}.Bindings`]: 'http/80' }, '"http/80" is not a binding'],
  [{ [`${site}.ApplicationPoolIdentityType`]: 'Root' }, 'it is none of ApplicationPoolIdentity'],
  [{ [`${site}.ApplicationPoolIdentityType`]: 'SpecificUser' }, 'ApplicationPoolUsername: it is empty'],
])('settings that can not be used are refused: %j', (wrong, why) => {
  expect(() => wishes({ ...update, ...wrong })).toThrow(why);
});

function lineOf(outcome: RunOutcome, number: number | 'F') {
  return outcome.steps[0]!.conventions.find((line) => line.number === number)!;
}

/** IIS' file below the test's own folder, in UTF-8 with a byte order mark. */
function iisBelow(root: string) {
  const file = join(root, 'inetsrv', 'applicationHost.config');
  mkdirSync(join(root, 'inetsrv'));
  writeFileSync(file, `\uFEFF${applicationHost}`);
  return { file, settings: { 'Crossgap.Action.IIS.ConfigurationFile': file } };
}

test('convention 12 points a site at the folder with the Web.config and tells the old path and the new', async () => {
  using folder = temporaryFolder();
  const { file, settings } = iisBelow(folder.path);
  const properties = {
    ...settings,
    'Octopus.Action.Package.UpdateIisWebsite': 'True',
    'Octopus.Action.Package.UpdateIisWebsiteName': '#{Site}',
  };
  const files = { 'site/deep/web.config': '<x/>', 'site/Web.config': '<x/>', 'a/b/c/web.config': '<x/>' };
  const step = await packageStep(folder.path, files, { step: { properties } });
  const variables = [{ name: 'Site', value: 'Orders' }];
  const outcome = await run(folder.path, planOf(folder.path, [step], { variables }));
  expect(outcome.error).toBeUndefined();
  const home = join(folder.path, 'data/apps/uat/Orders.Web/3.2.0/site');
  expect(lineOf(outcome, 12)).toEqual({
    number: 12,
    name: 'SetIisHomeDirectory',
    state: 'done',
    files: [file],
    detail: `Orders: C:\\old\\web & more to ${home}`,
  });
  expect(readFileSync(file, 'utf8')).toBe(
    `\uFEFF${applicationHost.replace('C:\\old\\web &amp; more', home)}`,
  );
});

test.each([
  ['Nobody', { 'Web.config': '<x/>' }, 'there is no site Nobody'],
  ['Orders', { 'index.html': 'x' }, 'has no Web.config'],
])('a home directory for %s fails by name and leaves the file alone', async (name, files, why) => {
  using folder = temporaryFolder();
  const { file, settings } = iisBelow(folder.path);
  const properties = {
    ...settings,
    'Octopus.Action.Package.UpdateIisWebsite': 'True',
    'Octopus.Action.Package.UpdateIisWebsiteName': name,
  };
  const step = await packageStep(folder.path, files as Record<string, string>, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome).toMatchObject({
    state: 'failed',
    errorCode: 'FEATURE_FAILED',
    failedAt: { convention: 12 },
  });
  expect(outcome.error).toContain(why);
  expect(readFileSync(file, 'utf8')).toBe(`\uFEFF${applicationHost}`);
});

test('the site of a package is set up by its feature, and a password in the file is warned of', async () => {
  using folder = temporaryFolder();
  const { file, settings } = iisBelow(folder.path);
  const properties = {
    ...settings,
    ...update,
    'Octopus.Action.EnabledFeatures': 'Octopus.Features.IISWebSite',
    [`${site}.ApplicationPoolIdentityType`]: 'SpecificUser',
    [`${site}.ApplicationPoolUsername`]: 'CORP\\orders',
    [`${site}.ApplicationPoolPassword`]: '#{Pool.Password}',
  };
  const step = await packageStep(folder.path, { 'Web.config': '<x/>' }, { step: { properties } });
  const inputs = [{ name: 'Pool.Password', secret: true, version: 1 }] as const;
  const secrets = { 'Pool.Password': 'hush&"hush"' };
  const outcome = await run(folder.path, planOf(folder.path, [step], { inputs }), { secrets });
  expect(outcome.error).toBeUndefined();
  expect(lineOf(outcome, 13)).toMatchObject({ state: 'done', files: [file] });
  expect(readFileSync(file, 'utf8')).toContain(
    '<processModel identityType="SpecificUser" userName="CORP\\orders" password="hush&amp;&quot;hush&quot;" />',
  );
  expect(logOf(folder.path)).toContain(`The password of pool orders stands in ${file} as it is`);
  expect(logOf(folder.path)).not.toContain('hush');
});

test('IIS on a host without it is refused before anything is started, unless its file is named', async () => {
  using folder = temporaryFolder();
  const asked = [
    { 'Octopus.Action.EnabledFeatures': 'Octopus.Features.IISWebSite' },
    { 'Octopus.Action.Package.UpdateIisWebsite': 'True' },
    {
      'Octopus.Action.Package.UpdateIisWebsite': 'True',
      'Crossgap.Action.IIS.ConfigurationFile': join(folder.path, 'none.config'),
    },
  ];
  for (const properties of asked) {
    const step = await packageStep(folder.path, { 'Web.config': '<x/>' }, { step: { properties } });
    await expect(run(folder.path, planOf(folder.path, [step]))).rejects.toMatchObject({
      code: 'HOST_LACKS_FEATURE',
      message: expect.stringMatching(
        /asks for an IIS (?:site|home directory), and (?:IIS is there|there is no)/,
      ),
    });
  }
});

test('a file of IIS that is not well-formed is named with line and column, and stays', async () => {
  using folder = temporaryFolder();
  const { file, settings } = iisBelow(folder.path);
  writeFileSync(file, '<configuration>\n<sites></configuration>');
  const properties = { ...settings, 'Octopus.Action.Package.UpdateIisWebsite': 'True' };
  const step = await packageStep(folder.path, { 'Web.config': '<x/>' }, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome).toMatchObject({ state: 'failed', errorCode: 'XML_NOT_WELL_FORMED' });
  expect(outcome.error).toContain(`Cannot change ${file}: `);
  expect(readFileSync(file, 'utf8')).toBe('<configuration>\n<sites></configuration>');
});

test.each([
  ['Deploy.sh', 10, true],
  ['PostDeploy.sh', 14, false],
])('J3.6 where %s fails at %i, IIS still points to the old folder: %s', async (script, number, isOld) => {
  using folder = temporaryFolder();
  const { file, settings } = iisBelow(folder.path);
  const properties = {
    ...settings,
    'Octopus.Action.Package.UpdateIisWebsite': 'True',
    'Octopus.Action.Package.UpdateIisWebsiteName': 'Orders',
  };
  const files = { 'Web.config': '<x/>', [script]: 'exit 1' };
  const step = await packageStep(folder.path, files, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome).toMatchObject({ state: 'failed', failedAt: { convention: number } });
  expect(readFileSync(file, 'utf8').includes('C:\\old\\web')).toBe(isOld);
});
