import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { RunOutcome } from '../../../src/executor/index.ts';
import { temporaryFolder } from '../../support/build-nupkg.ts';
import { requires } from '../../support/requires.ts';
import { follow, start } from '../../support/scripts-killed.ts';
import { logOf, packageStep, planOf, run, traceOf } from '../../support/scripts-run.ts';

const hasNginx = requires('nginx', 'the nginx feature against a real nginx');
const program = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/bin/nginx'].find((path) =>
  existsSync(path),
);
const index = { 'site/index.html': 'hello from 3.2.0' };

/** A port of the loopback that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What a web server answers, undefined while nobody listens. */
async function fetched(port: number, path = '/'): Promise<{ status: number; body: string } | undefined> {
  const options = { host: '127.0.0.1', port, path, headers: { host: 'shop.test' }, agent: false };
  return await new Promise((resolve) => {
    get(options, (response) => {
      void text(response).then((body) => resolve({ status: response.statusCode ?? 0, body }));
    }).on('error', () => resolve(undefined));
  });
}

/** Waits until the answer is as wanted; an nginx that was told to reload does so in its own time. */
async function answers(port: number, wanted: string, path = '/'): Promise<void> {
  await expect.poll(async () => (await fetched(port, path))?.body).toBe(wanted);
}

/** An nginx of this test alone: its own folder, its own configuration, nothing of the system's. */
async function startNginx(root: string) {
  const prefix = join(root, 'nginx');
  const folder = join(prefix, 'conf.d');
  for (const below of ['conf.d', 'logs', 'temp']) mkdirSync(join(prefix, below), { recursive: true });
  const file = join(prefix, 'nginx.conf');
  const temp = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  const user = process.geteuid?.() === 0 ? 'user root;' : '';
  writeFileSync(
    file,
    `${user} daemon off; master_process on; worker_processes 1; pid logs/nginx.pid; error_log logs/error.log;
events { worker_connections 64; }
http { access_log off; ${temp.map((name) => `${name}_temp_path temp/${name};`).join(' ')}
include conf.d/*.conf; }
`,
  );
  const child: ChildProcess = spawn(program!, ['-p', `${prefix}/`, '-c', file, '-e', 'stderr'], {
    stdio: 'ignore',
  });
  await expect.poll(() => existsSync(join(prefix, 'logs', 'nginx.pid'))).toBe(true);
  return {
    folder,
    file,
    settings: {
      'Octopus.Action.EnabledFeatures': 'Octopus.Features.Nginx',
      'Octopus.Action.Nginx.ConfigurationsDirectory': folder,
      'Octopus.Action.Nginx.CertificatesDirectory': join(prefix, 'certificates'),
      'Crossgap.Action.Nginx.Program': program!,
      'Crossgap.Action.Nginx.ConfigurationFile': file,
      'Crossgap.Action.Nginx.Prefix': prefix,
    },
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

const bindings = (port: number) =>
  JSON.stringify([{ protocol: 'http', port: String(port), ipAddress: '127.0.0.1', enabled: true }]);
const locations = (...more: object[]) =>
  JSON.stringify([
    {
      path: '/',
      directives: JSON.stringify({ root: '#{Octopus.Action.Package.InstallationDirectoryPath}/site' }),
    },
    ...more,
  ]);

function server(port: number, ...more: object[]) {
  return {
    'Octopus.Action.Nginx.Server.ConfigName': 'shop',
    'Octopus.Action.Nginx.Server.HostName': 'shop.test',
    'Octopus.Action.Nginx.Server.Bindings': bindings(port),
    'Octopus.Action.Nginx.Server.Locations': locations(...more),
  };
}

function lineOf(outcome: RunOutcome, number: number | 'F') {
  return outcome.steps[0]!.conventions.find((line) => line.number === number)!;
}

test.skipIf(!hasNginx)('a package is served by nginx under the server its step asks for', async () => {
  using folder = temporaryFolder();
  await using nginx = await startNginx(folder.path);
  const port = await freePort();
  const api = createServer((request, response) =>
    response.end(`api saw ${String(request.headers['x-from'])}`),
  );
  api.listen(0, '127.0.0.1');
  await once(api, 'listening');
  const properties = {
    ...nginx.settings,
    ...server(port, {
      path: '/api/',
      reverseProxy: 'True',
      reverseProxyUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
      reverseProxyHeaders: '{"X-From":"\\"#{Who}\\""}',
      reverseProxyDirectives: '',
    }),
  };
  const step = await packageStep(folder.path, index, { step: { properties } });
  const variables = [{ name: 'Who', value: 'a; proxy' }];
  const outcome = await run(folder.path, planOf(folder.path, [step], { variables }));
  expect(outcome.error).toBeUndefined();
  await answers(port, 'hello from 3.2.0');
  await answers(port, 'api saw a; proxy', '/api/x');
  api.close();
  const extracted = join(folder.path, 'data/apps/uat/Orders.Web/3.2.0');
  expect(readFileSync(join(nginx.folder, 'shop.conf'), 'utf8')).toBe(`server {
    listen 127.0.0.1:${port};
    server_name shop.test;
    include ${nginx.folder}/shop.conf.d/location.*.conf;
    location / {
        root ${extracted}/site;
    }
}
`);
  expect(lineOf(outcome, 1)).toMatchObject({ state: 'done' });
  expect(lineOf(outcome, 11)).toMatchObject({
    state: 'done',
    files: [join(nginx.folder, 'shop.conf.d/location.api.conf'), join(nginx.folder, 'shop.conf')],
    detail: `nginx: ${join(nginx.folder, 'shop.conf')}, loaded by nginx`,
  });
  expect(traceOf(outcome).filter((line) => line.endsWith('nothing-to-do'))).toContain('15 nothing-to-do');
  expect(existsSync(join(folder.path, 'run', 'kept', '1'))).toBe(false);
});

test.skipIf(!hasNginx)(
  'a server that nginx refuses is taken back, and the one of before goes on',
  async () => {
    using folder = temporaryFolder();
    await using nginx = await startNginx(folder.path);
    const port = await freePort();
    const before = `server { listen 127.0.0.1:${port}; location / { return 200 "before"; } }\n`;
    writeFileSync(join(nginx.folder, 'shop.conf'), before, { mode: 0o640 });
    const properties = {
      ...nginx.settings,
      ...server(port, { path: '/x', directives: '{"no_such_word":"1"}' }),
    };
    const step = await packageStep(folder.path, index, { step: { properties } });
    const outcome = await run(folder.path, planOf(folder.path, [step]));
    expect(outcome).toMatchObject({
      state: 'failed',
      errorCode: 'FEATURE_FAILED',
      failedAt: { convention: 11 },
    });
    expect(outcome.error).toContain('its files are as they were before');
    expect(logOf(folder.path)).toContain('unknown directive "no_such_word"');
    expect(readFileSync(join(nginx.folder, 'shop.conf'), 'utf8')).toBe(before);
    expect(statSync(join(nginx.folder, 'shop.conf')).mode & 0o777).toBe(0o640);
    expect(readdirSync(nginx.folder)).toEqual(['shop.conf']);
  },
);

test.skipIf(!hasNginx)(
  'after a later failure the server of before is back and loaded, even where DeployFailed fails too',
  async () => {
    using folder = temporaryFolder();
    await using nginx = await startNginx(folder.path);
    const port = await freePort();
    writeFileSync(
      join(nginx.folder, 'shop.conf'),
      `server { listen 127.0.0.1:${port}; location / { return 200 "before"; } }\n`,
    );
    const files = { ...index, 'PostDeploy.sh': 'exit 3', 'DeployFailed.sh': 'exit 4' };
    const properties = { ...nginx.settings, ...server(port, { path: '/x', directives: '{"return":"204"}' }) };
    const step = await packageStep(folder.path, files, { step: { properties } });
    const outcome = await run(folder.path, planOf(folder.path, [step]));
    expect(outcome).toMatchObject({
      state: 'failed',
      errorCode: 'SCRIPT_FAILED',
      failedAt: { convention: 14 },
    });
    expect(lineOf(outcome, 11).state).toBe('done');
    expect(lineOf(outcome, 'F')).toMatchObject({ state: 'failed' });
    expect(lineOf(outcome, 'F').detail).toContain('its files are as they were before');
    await answers(port, 'before');
    expect(readdirSync(nginx.folder)).toEqual(['shop.conf']);
  },
);

test.skipIf(!hasNginx)('files that nginx would not read are no success', async () => {
  using folder = temporaryFolder();
  await using nginx = await startNginx(folder.path);
  const elsewhere = join(folder.path, 'elsewhere');
  const properties = {
    ...nginx.settings,
    ...server(await freePort()),
    'Octopus.Action.Nginx.ConfigurationsDirectory': elsewhere,
  };
  const step = await packageStep(folder.path, index, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome.state).toBe('failed');
  expect(logOf(folder.path)).toContain(`nginx does not read ${elsewhere}/shop.conf`);
  expect(existsSync(elsewhere)).toBe(false);
});

test.skipIf(!hasNginx)('an nginx that is broken before is told before anything is changed', async () => {
  using folder = temporaryFolder();
  await using nginx = await startNginx(folder.path);
  writeFileSync(join(nginx.folder, 'other.conf'), 'nonsense;\n');
  const properties = { ...nginx.settings, ...server(await freePort()) };
  const step = await packageStep(folder.path, index, { step: { properties } });
  const outcome = await run(folder.path, planOf(folder.path, [step]));
  expect(outcome).toMatchObject({ state: 'failed', failedAt: { convention: 1 } });
  expect(readdirSync(nginx.folder)).toEqual(['other.conf']);
});

test.skipIf(!hasNginx)(
  'J1.F8 killed between its files a run goes on, and a later failure still brings back the server of before',
  async () => {
    using folder = temporaryFolder();
    await using nginx = await startNginx(folder.path);
    const port = await freePort();
    const before = `server { listen 127.0.0.1:${port}; location / { return 200 "before"; } }\n`;
    writeFileSync(join(nginx.folder, 'shop.conf'), before);
    const properties = { ...nginx.settings, ...server(port, { path: '/x', directives: '{"return":"204"}' }) };
    const files = { ...index, 'PostDeploy.sh': 'exit 3' };
    const step = await packageStep(folder.path, files, { step: { properties } });
    await start(folder.path, planOf(folder.path, [step]), 'executor.feature.file-put:2');
    await follow(folder.path);
    expect(readFileSync(join(nginx.folder, 'shop.conf'), 'utf8')).not.toBe(before);
    await start(folder.path, undefined);
    const last = (await follow(folder.path)).at(-1);
    expect(last).toMatchObject({ kind: 'run-ended', state: 'failed', error: { code: 'SCRIPT_FAILED' } });
    expect(readFileSync(join(nginx.folder, 'shop.conf'), 'utf8')).toBe(before);
    expect(readdirSync(nginx.folder)).toEqual(['shop.conf']);
    expect(existsSync(join(folder.path, 'run', 'kept', '1'))).toBe(false);
  },
);
