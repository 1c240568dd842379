import { request } from 'node:https';
import { networkInterfaces } from 'node:os';
import { expect, describe, test } from 'vitest';
import { feedServer, HttpError, type FeedServer } from '../../../src/http/index.ts';
import type { CompanyCertificate } from '../../../src/identity/index.ts';
import { silentLog } from '../../../src/log.ts';
import { memoryFolder } from '../../support/build-nupkg.ts';
import { makeCertificate, pem } from '../../support/certificates.ts';
import { raw, request as lines, statusOf } from '../raw-client.ts';
import { ask, exampleFeed } from './example-feed.ts';

const keyPem = ({ privateKey }: CompanyCertificate): string =>
  privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const token = 'a-token-that-is-long';
const certificate = makeCertificate({ commonName: 'packages.contoso.example' });
const tls = { cert: pem(certificate), key: keyPem(certificate) };

/** A server of its own for one small package. */
async function served(
  facts: Partial<Omit<Parameters<typeof feedServer>[0], 'feed'>>,
): Promise<FeedServer & { [Symbol.asyncDispose](): Promise<void> }> {
  const folder = memoryFolder();
  try {
    const tokens = facts.hasToken === true ? [token] : [];
    const { feed } = exampleFeed(folder, [{ id: 'Acme.App', version: '1.0.0' }], { tokens });
    const listen = { host: '127.0.0.1', port: 0 };
    const server = await feedServer({ listen, feed, hasToken: false, log: silentLog(), ...facts });
    return {
      address: server.address,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        folder[Symbol.dispose]();
      },
    };
  } catch (error) {
    folder[Symbol.dispose]();
    throw error;
  }
}

describe('T-83 a feed that other machines reach', () => {
  const open = { host: '0.0.0.0', port: 0 };
  test.each([
    ['neither token nor TLS', {}, ['a token', 'TLS']],
    ['a token and no TLS', { hasToken: true }, ['TLS']],
    ['TLS and no token', { tls }, ['a token']],
  ])('is not opened with %s', async (_what, facts, missing) => {
    const refused = served({ listen: open, ...facts });
    await expect(refused).rejects.toThrow(HttpError);
    await expect(refused).rejects.toMatchObject({
      code: 'FEED_UNPROTECTED',
      exitCode: 2,
      details: { missing },
    });
  });

  test('is opened with both, and answers by name and by address to those who have the token', async () => {
    const names = ['packages.contoso.example'];
    await using server = await served({ listen: { ...open, names }, tls, hasToken: true });
    const { port } = new URL(server.address);
    expect(server.address).toBe(`https://0.0.0.0:${port}`);
    const status = (hostname: string, host: string, password = token): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const authorization = `Basic ${Buffer.from(`x:${password}`).toString('base64')}`;
        const options = {
          hostname,
          port,
          path: '/nuget/v3/index.json',
          headers: { host, authorization },
          ca: tls.cert,
        };
        request({ ...options, checkServerIdentity: () => undefined }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode));
        })
          .on('error', reject)
          .end();
      });
    expect(await status('127.0.0.1', `packages.contoso.example:${port}`)).toBe(200);
    expect(await status('127.0.0.1', `packages.contoso.example:${port}`, 'a-wrong-token-is-long')).toBe(401);
    expect(await status('127.0.0.1', 'evil.example')).toBe(403);
    const outer = Object.values(networkInterfaces())
      .flat()
      .find((each) => each !== undefined && !each.internal && each.family === 'IPv4')?.address;
    if (outer !== undefined) {
      expect(await status(outer, `${outer}:${port}`)).toBe(200);
      expect(await status('127.0.0.1', `${outer}:${port}`)).toBe(403);
    }
  });
});

test('certificate and key that are no pair are refused before anything listens', async () => {
  const other = keyPem(makeCertificate({ commonName: 'other' }));
  for (const wrong of [
    { ...tls, key: other },
    { cert: 'no PEM', key: tls.key },
    { ...tls, key: '' },
  ])
    await expect(served({ tls: wrong })).rejects.toMatchObject({ code: 'FEED_CERTIFICATE_UNUSABLE' });
});

test('on loopback the feed needs neither, and its server has nothing else', async () => {
  await using server = await served({});
  expect((await ask(server.address, '/nuget/v3/flat/acme.app/index.json')).status).toBe(200);
  for (const path of ['/', '/api/status.json', '/metrics', '/healthz', '/nuget', '/nuget/v2/index.json'])
    expect([path, (await ask(server.address, path)).status]).toEqual([path, 404]);
  const { host } = new URL(server.address);
  expect(statusOf(await raw(server.address, lines('/nuget/v3/%2e%2e/x', { host })))).toBe(404);
  expect(statusOf(await raw(server.address, lines('/nuget/v3/index.json', { host, method: 'PUT' })))).toBe(
    405,
  );
  expect(statusOf(await raw(server.address, 'nonsense\r\n\r\n'))).toBe(400);
});

test('a port that is taken is said so', async () => {
  await using server = await served({});
  const port = Number(new URL(server.address).port);
  await expect(served({ listen: { host: '127.0.0.1', port } })).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    hint: 'Give another port with [feed] listen, or end the program that has this one.',
  });
});
