import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { createRelease, withdrawRelease } from '../../src/commands/index.ts';
import { openFeed, type OpenFeed } from '../../src/daemon/open-feed.ts';
import type { Instance } from '../../src/instance/index.ts';
import { silentLog } from '../../src/log.ts';
import { readPackages, readReleases } from '../../src/projections/index.ts';
import { sha256 as digestOf, memoryFolder } from '../support/build-nupkg.ts';
import { fingerprint, pem } from '../support/certificates.ts';
import { dotnetView, type DotnetView } from '../support/dotnet.ts';
import { addOwnPackage } from '../support/feed.ts';
import { companyOf, makeInstance, sha256 } from '../support/instances.ts';
import { requires } from '../support/requires.ts';

const token = 'a-token-that-is-long';

/** Withdraws a release that names the package, as a vendor does who regrets it. */
function withdrawPackage(instance: Instance, id: string, version: string): void {
  const { pin } = readPackages(instance.db).find((row) => row.pin.id === id && row.pin.version === version)!;
  const revision = { number: 1, digest: sha256('revision'), sizeBytes: 100 };
  instance.record(
    () =>
      createRelease(undefined, {
        process: 'Orders',
        number: version,
        revision,
        packages: [pin],
        needed: [id],
        notes: null,
        inputs: [],
        createdAt: new Date(instance.clock.now()).toISOString(),
      }).decision,
  );
  const { digest } = readReleases(instance.db, version)[0]!;
  instance.record(() => withdrawRelease({ digest, withdrawn: null }, 'it loses orders', []));
}

if (requires('dotnet', 'the real NuGet client restores from our feed')) {
  describe('the real NuGet client, which knows no other feed', () => {
    const folder = memoryFolder();
    const [packages, work] = [join(folder.path, 'packages'), join(folder.path, 'work')];
    const project = join(work, 'app.csproj');
    const digests = new Map<string, string>();
    let instance: Instance;
    let feed: OpenFeed;
    let dotnet: DotnetView;

    /** The configuration as docs/feeds.md gives it, for this address; with `require`, only what the company signed. */
    const config = (name: string, password: string | undefined): string => {
      const credentials = `<packageSourceCredentials><acme><add key="Username" value="crossgap" />
        <add key="ClearTextPassword" value="${password}" /></acme></packageSourceCredentials>`;
      const signer = fingerprint(companyOf('acme')).toUpperCase();
      return folder.file(
        name,
        Buffer.from(`<?xml version="1.0" encoding="utf-8"?><configuration>
  <packageSources><clear />
    <add key="acme" value="${feed.address}/nuget/v3/index.json" allowInsecureConnections="true" />
  </packageSources>
  ${password === undefined ? '' : credentials}
  <config><add key="signatureValidationMode" value="require" /></config>
  <trustedSigners><author name="Acme">
    <certificate fingerprint="${signer}" hashAlgorithm="SHA256" allowUntrustedRoot="true" />
  </author></trustedSigners></configuration>`),
      );
    };

    beforeAll(async () => {
      const made = await makeInstance(folder.path, 'acme', systemClock);
      const tokenFile = folder.file('token', Buffer.from(`${token}\n`));
      instance = {
        ...made,
        settings: {
          ...made.settings,
          feed: { serve: true, listen: '127.0.0.1:0', 'token-file': tokenFile },
        },
      };
      for (const wish of [
        { id: 'Acme.Core', version: '1.0.0' },
        { id: 'Acme.Core', version: '1.1.0-Beta.2+b7' },
        { id: 'Acme.Data', version: '2.0', needs: [['Acme.Core', '[1.0,2.0)']] as const },
        {
          id: 'Acme.Web',
          version: '3.1.4',
          needs: [
            ['Acme.Data', '2.0'],
            ['acme.core', '1.0'],
          ] as const,
        },
        { id: 'Acme.Web', version: '3.2.0' },
      ])
        digests.set(`${wish.id} ${wish.version}`, await addOwnPackage(instance, folder.path, wish));
      withdrawPackage(instance, 'Acme.Web', '3.2.0');
      feed = await openFeed(instance, silentLog());
      mkdirSync(work);
      dotnet = dotnetView([pem(companyOf('acme'))], {
        NUGET_PACKAGES: packages,
        NUGET_HTTP_CACHE_PATH: folder.file('http-cache'),
        NUGET_SCRATCH: folder.file('scratch'),
        MSBUILDDISABLENODEREUSE: '1',
      });
    });
    afterAll(async () => {
      dotnet[Symbol.dispose]();
      await feed[Symbol.asyncDispose]();
      instance.close();
      folder[Symbol.dispose]();
    });

    const restored = (id: string, version: string): string =>
      digestOf(readFileSync(join(packages, id, version, `${id}.${version}.nupkg`)));

    test('restores a package with what it needs, a pre-release of SemVer 2, and one that was withdrawn by its version', async () => {
      const references = [
        ['Acme.Web', '3.1.4'],
        ['Acme.Core', '1.1.0-beta.2'],
      ];
      const file = (named: readonly (readonly string[])[]): string =>
        `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>
  <DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences><UseAppHost>false</UseAppHost>
  </PropertyGroup><ItemGroup>${named
    .map(([id, version]) => `<PackageReference Include="${id}" Version="${version}" />`)
    .join('')}</ItemGroup></Project>`;
      writeFileSync(project, file(references));
      mkdirSync(join(work, 'old'));
      const old = join(work, 'old', 'old.csproj');
      writeFileSync(old, file([['Acme.Web', '[3.2.0]']]));
      writeFileSync(
        join(work, 'both.proj'),
        `<Project><Target Name="Restore"><MSBuild Projects="${project};${old}" Targets="Restore" /></Target></Project>`,
      );
      const configFile = config('nuget.config', token);
      const { exitCode, output } = await dotnet.run(
        'restore',
        join(work, 'both.proj'),
        '--configfile',
        configFile,
      );
      expect({ exitCode, output }).toEqual({
        exitCode: 0,
        output: expect.not.stringMatching(/error/) as string,
      });
      expect(restored('acme.web', '3.1.4')).toBe(digests.get('Acme.Web 3.1.4'));
      expect(restored('acme.web', '3.2.0')).toBe(digests.get('Acme.Web 3.2.0'));
      expect(restored('acme.data', '2.0.0')).toBe(digests.get('Acme.Data 2.0'));
      expect(restored('acme.core', '1.1.0-beta.2')).toBe(digests.get('Acme.Core 1.1.0-Beta.2+b7'));
    });

    test('adds the newest version that is listed to a project', async () => {
      const empty = join(work, 'new.csproj');
      writeFileSync(empty, readFileSync(project, 'utf8').replace(/<ItemGroup>.*<\/ItemGroup>/s, ''));
      writeFileSync(join(work, 'nuget.config'), readFileSync(config('nuget.config', token)));
      const { exitCode, output } = await dotnet.run('add', empty, 'package', 'acme.web');
      expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
      expect(readFileSync(empty, 'utf8')).toMatch(/Include="[Aa]cme\.[Ww]eb" Version="3\.1\.4"/);
    });

    test('finds by search what is listed, and nothing without the token', async () => {
      const search = (configFile: string) =>
        dotnet.run(
          'package',
          'search',
          'acme',
          '--configfile',
          configFile,
          '--prerelease',
          '--format',
          'json',
        );
      const [found, refused] = await Promise.all([
        search(config('nuget.config', token)),
        search(config('other.config', undefined)),
      ]);
      type Answer = {
        searchResult: { packages: { id: string; latestVersion: string }[]; problems?: { text: string }[] }[];
      };
      const [hits, none] = [found, refused].map(
        ({ output }) => (JSON.parse(output) as Answer).searchResult[0],
      );
      expect(hits?.packages.map(({ id, latestVersion }) => `${id} ${latestVersion}`)).toEqual([
        'Acme.Core 1.1.0-Beta.2',
        'Acme.Data 2.0.0',
        'Acme.Web 3.1.4',
      ]);
      expect(none?.packages).toEqual([]);
      expect(none?.problems?.[0]?.text).toMatch(/Failed to retrieve metadata/);
    });
  });
}
