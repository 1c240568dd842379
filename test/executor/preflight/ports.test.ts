import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import {
  holderOf,
  lookAtPorts,
  type PortAsked,
  type PortHolder,
  type PortShared,
} from '../../../src/executor/preflight/ports.ts';
import type { HostCheck } from '../../../src/executor/preflight/host-check.ts';

const nothing: PortShared = { replaced: [], features: [] };
const shop: PortShared = { replaced: ['/srv/shop'], features: [] };
const web: PortAsked = { input: 'Web.Port', label: 'Port of the shop', port: 8080 };

/** Looks at one port where the system refuses it so, and says that this one holds it. */
async function look(
  refusal: string | undefined,
  holder: PortHolder | undefined,
  shared = nothing,
  asked = web,
): Promise<HostCheck> {
  const found = { refusal: async () => refusal, holder: () => holder };
  return (await lookAtPorts([asked], shared, found))[0]!;
}

const by = (called: string | null, ...paths: string[]): PortHolder => ({ called, paths });

test('a free port is good', async () => {
  expect(await look(undefined, undefined)).toEqual({
    id: 'port:Web.Port',
    name: 'Port 8080 (Port of the shop)',
    state: 'good',
    found: 'it is free',
    hint: null,
  });
});

test('a port that somebody else holds is lacking, and by whom is said', async () => {
  expect(
    await look('EADDRINUSE', by('redis-server (process 12)', '/usr/bin/redis-server'), shop),
  ).toMatchObject({
    state: 'lacking',
    found: 'redis-server (process 12) listens there',
    hint: 'Stop it, or choose another port.',
  });
});

test.each([
  ['the program itself', '/srv/shop/bin/shop'],
  ['its folder', '/srv/shop'],
  ['its command line', 'node\0/srv/shop/server.js\0'],
  ['a setting on it', 'java\0-Dhome=/srv/shop\0'],
  ['a second mention on it', 'node\0/srv/shopping\0/srv/shop/server.js\0'],
])('a port held by the version that is replaced is a note, known by %s', async (_by, path) => {
  expect(await look('EADDRINUSE', by('node (process 7)', path), shop)).toMatchObject({
    state: 'note',
    found: 'node (process 7) of the version that is replaced listens there',
  });
});

test.each([['/srv/shopping/bin/x'], ['/data/srv/shop/bin/x'], ['/srv/shop2']])(
  'a program at %s is not taken for the one in /srv/shop',
  async (path) => {
    expect(await look('EADDRINUSE', by('x (process 7)', path), shop)).toMatchObject({ state: 'lacking' });
  },
);

test('a holder that this account may not look at is taken for the version before, where there is one', async () => {
  expect(await look('EADDRINUSE', by(null), shop)).toMatchObject({ state: 'note' });
  expect(await look('EADDRINUSE', by(null))).toMatchObject({
    state: 'lacking',
    found: 'another process listens there',
  });
});

test('a port that the version before was given too is a note, whoever holds it', async () => {
  const docker = by('docker-proxy (process 4)', '/usr/bin/docker-proxy');
  expect(await look('EADDRINUSE', docker, nothing, { ...web, isKept: true })).toMatchObject({
    state: 'note',
    found: 'docker-proxy (process 4) listens there, and the version that is replaced has this port',
  });
});

test('a server that a feature hands the application to may hold its port, and no other server may', async () => {
  const nginx = by('nginx (process 3)', '/usr/sbin/nginx');
  const served = { replaced: [], features: ['nginx'] };
  expect(await look('EADDRINUSE', nginx, served)).toMatchObject({
    state: 'note',
    found: 'nginx (process 3) listens there, and serves this application too',
  });
  expect(await look('EADDRINUSE', nginx)).toMatchObject({ state: 'lacking' });
  expect(await look('EADDRINUSE', by('apache2 (process 3)'), served)).toMatchObject({ state: 'lacking' });
  // Windows names nobody.
  const iis = { replaced: [], features: ['an IIS site'] };
  expect(await look('EADDRINUSE', undefined, iis)).toMatchObject({
    state: 'note',
    found: 'IIS listens there, and serves this application too',
  });
  expect(await look('EADDRINUSE', by('redis (process 3)'), iis)).toMatchObject({ state: 'lacking' });
});

test('a low port is refused to this account: a note where nobody listens, lacking where somebody does', async () => {
  const asked = { input: 'Port', label: null, port: 80 };
  expect(await look('EACCES', undefined, nothing, asked)).toMatchObject({
    name: 'Port 80 (Port)',
    state: 'note',
    found: expect.stringContaining('nobody listens there'),
  });
  expect(await look('EACCES', by('apache2 (process 3)'), nothing, asked)).toMatchObject({ state: 'lacking' });
});

test('a refusal that tells nothing about the port is a note', async () => {
  expect(await look('EAFNOSUPPORT', undefined)).toMatchObject({
    state: 'note',
    found: "it can't be tried out here (EAFNOSUPPORT)",
  });
});

test('a port that two inputs name is tried once, so that the trial itself does not hold it', async () => {
  const tried: number[] = [];
  const refusal = async (port: number): Promise<undefined> => void tried.push(port);
  const asked = [web, { input: 'Admin.Port', label: null, port: 8080 }];
  const checks = await lookAtPorts(asked, nothing, { refusal, holder: () => undefined });
  expect(checks.map(({ id, state }) => [id, state])).toEqual([
    ['port:Web.Port', 'good'],
    ['port:Admin.Port', 'good'],
  ]);
  expect(tried).toEqual([8080]);
});

/** A server of this very process. */
async function listening(host: string): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

test.runIf(process.platform === 'linux')(
  'a listening process is found out by what Linux says, and its port is free again once it has gone',
  async () => {
    const port = await listening('127.0.0.1');
    const asked = [{ input: 'Port', label: null, port }];
    expect(holderOf(port)?.called).toContain(`(process ${process.pid})`);
    expect(await lookAtPorts(asked, nothing)).toMatchObject([
      { state: 'lacking', found: expect.stringContaining(`(process ${process.pid}) listens there`) },
    ]);
    const ours = { replaced: [process.cwd()], features: [] };
    expect(await lookAtPorts(asked, ours)).toMatchObject([{ state: 'note' }]);
  },
);

test('looking at a free port leaves it free', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const asked = [{ input: 'Port', label: null, port }];
  expect(await lookAtPorts(asked, nothing)).toMatchObject([{ state: 'good' }]);
  expect(await lookAtPorts(asked, nothing)).toMatchObject([{ state: 'good' }]);
  expect(holderOf(port)).toBeUndefined();
});
