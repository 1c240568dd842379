import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { addPackage } from '../src/commands/index.ts';
import { openFeed } from '../src/daemon/open-feed.ts';
import type { PackagePin } from '../src/events/index.ts';
import { certificateFacts } from '../src/identity/index.ts';
import { openInstance, type Instance } from '../src/instance/index.ts';
import { silentLog } from '../src/log.ts';
import { signPackage } from '../src/packages/index.ts';
import { packageBytes } from '../test/support/feed.ts';
import { benchInstance } from './instances.ts';
import { milliseconds, peakMiB, profiled } from './measured.ts';
import type { Figure, Measured, Measurement } from './measurement.ts';

const run = promisify(execFile);
const restored = 50;
const atOnce = 16;
const requests = 4000;
const turns = 3;

export const measurement: Measurement = {
  what: 'packages are restored from the feed of a daemon',
  baseline:
    'a bare Node server that answers the same bytes; `dotnet restore` from a folder with the same packages',
  how: `Half of the packages are versions of one id. Documents: ${requests} requests, ${atOnce} at a time, client and server in one process. Restore: \`dotnet restore\` of ${restored} packages, signed, nothing in its caches, ours and the folder by turns; ours verifies each the first time, the fastest of ${turns} each.`,
  unit: 'packages',
  sizes: [100, 5000],
  prepare: async (folder, size) => {
    const { instance, company } = await benchInstance(folder, 'vendor');
    const feed = join(folder, 'folder-feed');
    mkdirSync(feed);
    const pins: PackagePin[] = [];
    for (let n = 0; n < size; n += 1) {
      const isMany = n >= size / 2;
      const [id, version] = [isMany ? 'Acme.Many' : `Acme.Part${n}`, isMany ? `1.${n}.0` : '1.0.0'];
      const file = packInto(feed, id, version);
      if (isRestored(size)) await signPackage(file, file, company, { hash: 'sha256' });
      pins.push(put(instance, file, id, version));
    }
    const signer = { subject: 'CN=vendor', fingerprint: certificateFacts(company.chain[0]!).fingerprint };
    instance.record(() => pins.flatMap((pin) => addPackage([], { pin, signer, link: null })));
    instance.close();
  },
  measure: async (folder, size) => {
    const opened = await openInstance(join(folder, 'vendor'));
    using instance: Instance = {
      ...opened,
      settings: { ...opened.settings, feed: { serve: true, listen: '127.0.0.1:0' } },
    };
    await using feed = await openFeed(instance, silentLog());
    const base = `${feed.address}/nuget/v3/`;
    const figures: Figure[] = [
      {
        name: 'first search',
        unit: 'ms',
        ours: await milliseconds(() => fetched(`${base}query?q=acme&semVerLevel=2.0.0`)),
      },
      {
        name: 'first registration',
        unit: 'ms',
        ours: await milliseconds(() => fetched(`${base}reg-semver2/acme.many/index.json`)),
      },
    ];
    // Neither side is to pay for what the other warmed up.
    await requestsPerSecond(`${base}index.json`);
    const documents = [
      ['service index', 'index.json'],
      ['versions of one id', 'flat/acme.many/index.json'],
      ['registration of one id', 'reg-semver2/acme.many/index.json'],
    ] as const;
    for (const [name, path] of documents) {
      const bare = await bareServer(await fetched(`${base}${path}`));
      const [ours, baseline] = [
        await requestsPerSecond(`${base}${path}`),
        await requestsPerSecond(bare.address),
      ];
      bare.close();
      figures.push({ name, unit: '/s', ours, baseline, goal: '≥ 0.5 ×' });
    }
    const search = await requestsPerSecond(
      `${base}query?q=acme.part&take=20&semVerLevel=2.0.0`,
      requests / 20,
    );
    figures.push({ name: 'search', unit: '/s', ours: search });
    if (isRestored(size)) figures.push(await restoreFigure(folder, `${base}index.json`));
    const peak = peakMiB();
    const timeIn = await profiled(() => requestsPerSecond(`${base}index.json`));
    return { figures, peakMiB: { '': peak }, timeIn } satisfies Measured;
  },
};

/** What is not restored need not be signed, which is most of the work. */
const isRestored = (size: number): boolean => size < 1000;

function packInto(feed: string, id: string, version: string): string {
  const content = Buffer.alloc(20_000, `${id} ${version} `);
  const file = join(feed, `${id}.${version}.nupkg`);
  const files = [{ name: `content/${id}.bin`, content, stored: true }];
  writeFileSync(file, packageBytes({ id, version, files }));
  return file;
}

/** Puts a package into the store, as if it had been verified; what verifying and safe writing cost is measured elsewhere. */
function put(instance: Instance, file: string, id: string, version: string): PackagePin {
  const bytes = readFileSync(file);
  const digest = createHash('sha256').update(bytes).digest('hex');
  mkdirSync(dirname(instance.blobs.path(digest)), { recursive: true });
  writeFileSync(instance.blobs.path(digest), bytes);
  return { id, version, sha256: digest, contentDigest: digest, sizeBytes: bytes.length };
}

async function fetched(url: string): Promise<Buffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} answers ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function bareServer(body: Buffer): Promise<{ readonly address: string; close(): void }> {
  const headers = { 'content-type': 'application/json', 'content-length': body.length };
  const server = createServer((_, response) => response.writeHead(200, headers).end(body));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => server.close(),
  };
}

async function requestsPerSecond(url: string, count = requests): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  const one = (): Promise<void> =>
    new Promise((resolve, reject) => {
      get(url, { agent }, (response) => response.resume().on('end', resolve).on('error', reject)).on(
        'error',
        reject,
      );
    });
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) await one();
  };
  const ms = await milliseconds(() => Promise.all(Array.from({ length: atOnce }, worker)));
  agent.destroy();
  return (count * 1000) / ms;
}

async function restoreFigure(folder: string, index: string): Promise<Figure> {
  const best = { ours: Number.POSITIVE_INFINITY, baseline: Number.POSITIVE_INFINITY };
  const names = readdirSync(join(folder, 'folder-feed'))
    .map((name) => /^(Acme\.Part\d+)\./.exec(name)?.[1])
    .filter((id) => id !== undefined);
  for (let turn = 0; turn < turns; turn += 1) {
    best.ours = Math.min(best.ours, await restore(join(folder, `ours-${turn}`), index, names));
    best.baseline = Math.min(
      best.baseline,
      await restore(join(folder, `folder-${turn}`), join(folder, 'folder-feed'), names),
    );
  }
  return { name: `restore of ${names.length}`, unit: 'ms', ...best, goal: '≤ 1.5 ×' };
}

/** How many milliseconds `dotnet restore` takes for a project that needs these packages, nothing kept from before. */
async function restore(folder: string, source: string, ids: readonly string[]): Promise<number> {
  mkdirSync(folder);
  const project = join(folder, 'app.csproj');
  const references = ids.map((id) => `<PackageReference Include="${id}" Version="1.0.0" />`).join('');
  writeFileSync(
    project,
    `<Project Sdk="Microsoft.NET.Sdk"><PropertyGroup><TargetFramework>net10.0</TargetFramework>
<DisableImplicitFrameworkReferences>true</DisableImplicitFrameworkReferences><UseAppHost>false</UseAppHost>
</PropertyGroup><ItemGroup>${references}</ItemGroup></Project>`,
  );
  writeFileSync(
    join(folder, 'nuget.config'),
    `<configuration><packageSources><clear /><add key="only" value="${source}" allowInsecureConnections="true" />
</packageSources></configuration>`,
  );
  const env = {
    ...process.env,
    NUGET_PACKAGES: join(folder, 'packages'),
    NUGET_HTTP_CACHE_PATH: join(folder, 'http-cache'),
    DOTNET_CLI_TELEMETRY_OPTOUT: '1',
    DOTNET_NOLOGO: '1',
    MSBUILDDISABLENODEREUSE: '1',
  };
  const began = performance.now();
  await run('dotnet', ['restore', project], { env });
  return performance.now() - began;
}
