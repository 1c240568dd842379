import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSource } from '../../../src/nuget/index.ts';
import { signPackage } from '../../../src/packages/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { selfSigned } from '../../support/certificates.ts';
import { nugetServer, onlyPart, type Recorded } from '../../support/nuget-server.ts';
import { requires } from '../../support/requires.ts';
import { httpRepository, never, packed, pushFile } from '../repositories.ts';

if (requires('dotnet', 'packages are pushed as the real NuGet client pushes them')) {
  describe('the real NuGet client', () => {
    let root: ReturnType<typeof temporaryFolder>;
    let file: string;
    beforeAll(async () => {
      root = temporaryFolder();
      file = await packed(root.file('Orders.Web.1.0.0-Beta.1.nupkg'), { version: '1.0.0-Beta.1' });
      await signPackage(file, file, selfSigned('Acme Ltd'), { hash: 'sha256' });
    });
    afterAll(() => root[Symbol.dispose]());

    /** Runs the SDK of this machine with a home of its own; its exit code, and what it said where it failed. */
    function dotnet(...words: string[]): Promise<string> {
      const env = {
        ...process.env,
        DOTNET_CLI_HOME: root.path,
        DOTNET_CLI_TELEMETRY_OPTOUT: '1',
        DOTNET_NOLOGO: '1',
        DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
      };
      return new Promise((resolve) => {
        execFile('dotnet', words, { env, cwd: root.path }, (error, stdout, stderr) => {
          resolve(error === null ? 'done' : `${error.code}\n${stdout}${stderr}`);
        });
      });
    }

    /** A push as it went over the wire, with what differs each time called by its kind. */
    function described({ method, path, headers, body }: Recorded): object {
      const { head, content } = onlyPart(body, headers['content-type']!);
      const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers['content-type']!) ?? [];
      return {
        method,
        path,
        headers: {
          ...headers,
          'content-type': headers['content-type']!.replace(boundary, 'UUID'),
          'user-agent': typeof headers['user-agent'],
        },
        isUuid: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(boundary),
        partHead: head.split('\r\n'),
        isFile: content.equals(readFileSync(file)),
      };
    }

    test('sends what we send', async () => {
      await using server = await nugetServer();
      const arguments_ = ['--source', server.index, '--api-key', 'sesame', '--allow-insecure-connections'];
      expect(await dotnet('nuget', 'push', file, ...arguments_)).toBe('done');
      server.packages.clear();
      await pushFile(httpRepository(server.index, { apiKey: 'sesame' }), file, { signal: never });
      const [theirs, ours] = server.requests.filter(({ method }) => method === 'PUT').map(described) as [
        { headers: object },
        { headers: object },
      ];
      // What says which client it is, and that a connection may be kept, is each one's own.
      const own = {
        'x-nuget-session-id': expect.any(String),
        'x-nuget-client-version': expect.any(String),
        'accept-encoding': expect.any(String),
      };
      const { headers, ...rest } = ours;
      const { 'x-nuget-protocol-version': protocol, connection, ...same } = headers as Record<string, string>;
      expect({ protocol, connection }).toEqual({ protocol: '4.1.0', connection: 'keep-alive' });
      delete (theirs.headers as Record<string, string>)['accept-language'];
      expect(theirs).toEqual({ ...rest, headers: { ...same, ...own } });
      expect(same).toMatchObject({ 'transfer-encoding': 'chunked', 'x-nuget-apikey': 'sesame' });
    });

    test('restores from the folder we push to, and pushes there itself what we read', async () => {
      const feed = root.file('feed');
      const project = root.file('project');
      mkdirSync(feed);
      mkdirSync(project);
      await pushFile({ kind: 'folder', name: 'share', folder: feed }, file, { signal: never });
      writeFileSync(
        join(project, 'project.csproj'),
        `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
         <ItemGroup><PackageReference Include="Orders.Web" Version="1.0.0-Beta.1" /></ItemGroup></Project>`,
      );
      writeFileSync(
        join(project, 'nuget.config'),
        `<configuration><packageSources><clear/><add key="share" value="${feed}"/></packageSources></configuration>`,
      );
      const restored = await dotnet('restore', project, '--packages', root.file('restored'));
      expect(restored).toBe('done');
      const there = root.file('restored/orders.web/1.0.0-beta.1/orders.web.1.0.0-beta.1.nupkg');
      expect(readFileSync(there)).toEqual(readFileSync(file));
      // What it notes itself of the content is what we noted.
      const metadata = (folder: string): { contentHash: string } =>
        JSON.parse(readFileSync(join(folder, 'orders.web/1.0.0-beta.1/.nupkg.metadata'), 'utf8')) as never;
      expect(metadata(root.file('restored')).contentHash).toBe(metadata(feed).contentHash);

      const second = await packed(root.file('Orders.Web.2.0.0.nupkg'), { version: '2.0.0' });
      expect(await dotnet('nuget', 'push', second, '--source', feed)).toBe('done');
      const theirs = join(feed, 'orders.web/2.0.0');
      for (const name of [
        'orders.web.2.0.0.nupkg',
        'orders.web.2.0.0.nupkg.sha512',
        'orders.web.nuspec',
        '.nupkg.metadata',
      ])
        expect(existsSync(join(theirs, name))).toBe(true);
      using source = openSource({ kind: 'folder', name: 'share', folder: feed }, { signal: never });
      const target = { path: root.file('fetched'), bytesMax: 100_000 };
      expect(await source.fetch({ id: 'orders.web', version: '2.0.0' }, target)).toBe(true);
      expect(readFileSync(target.path)).toEqual(readFileSync(second));
      const ours = root.file('ours');
      mkdirSync(ours);
      await pushFile({ kind: 'folder', name: 'ours', folder: ours }, second, { signal: never });
      for (const name of ['orders.web.2.0.0.nupkg.sha512', 'orders.web.nuspec', '.nupkg.metadata']) {
        const [they, we] = [join(theirs, name), join(ours, 'orders.web/2.0.0', name)];
        expect(readFileSync(we, 'utf8').trim()).toBe(readFileSync(they, 'utf8').trim());
      }
    });
  });
}
