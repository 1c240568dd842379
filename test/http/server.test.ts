import { networkInterfaces } from 'node:os';
import { expect, describe, test } from 'vitest';
import { silentLog } from '../../src/log.ts';
import { HttpError, statusServer, type StatusServer } from '../../src/http/index.ts';
import { assets } from '../../src/http/assets.ts';
import { acme, contoso, fabrikam } from './example-views.ts';
import { exampleSource } from './example-source.ts';
import { serve } from './serve.ts';

const get = (server: StatusServer, path: string, init?: RequestInit): Promise<Response> =>
  fetch(server.address + path, init);

describe('the routes', () => {
  test('every page and document answers with its type', async () => {
    await using server = await serve(exampleSource(contoso));
    const id = contoso.deployments[0]!.id;
    const types: Readonly<Record<string, string>> = {
      '/': 'text/html; charset=utf-8',
      [`/deployments/${id}`]: 'text/html; charset=utf-8',
      [`/deployments/${id}/log.txt`]: 'text/plain; charset=utf-8',
      '/links/acme': 'text/html; charset=utf-8',
      '/api/status.json': 'application/json; charset=utf-8',
      '/api/fleet.json': 'application/json; charset=utf-8',
      '/api/offers.json': 'application/json; charset=utf-8',
      '/api/deployments.json': 'application/json; charset=utf-8',
      [`/api/deployments/${id}.json`]: 'application/json; charset=utf-8',
      '/api/outbound.json': 'application/json; charset=utf-8',
      '/api/log.json': 'application/json; charset=utf-8',
      '/healthz': 'application/json; charset=utf-8',
      '/readyz': 'application/json; charset=utf-8',
      '/metrics': 'text/plain; version=0.0.4; charset=utf-8',
      [assets.style.path]: 'text/css; charset=utf-8',
      [assets.live.path]: 'text/javascript; charset=utf-8',
      [assets.mark.path]: 'image/svg+xml',
    };
    for (const [path, type] of Object.entries(types)) {
      const answer = await get(server, path);
      expect([path, answer.status, answer.headers.get('content-type')]).toEqual([path, 200, type]);
      const head = await get(server, path, { method: 'HEAD' });
      expect([path, head.status, await head.text()]).toEqual([path, 200, '']);
    }
    expect((await get(server, '/events', { method: 'HEAD' })).headers.get('content-type')).toMatch(
      'event-stream',
    );
  });

  test('the documents are the views', async () => {
    await using server = await serve(exampleSource(acme));
    const json = async (name: string): Promise<unknown> => (await get(server, `/api/${name}.json`)).json();
    expect(await json('status')).toEqual(acme);
    expect(await json('fleet')).toEqual(acme.fleet);
    expect(await json('offers')).toEqual([]);
    expect(await json('deployments')).toEqual(acme.deployments);
    expect(await json(`deployments/${acme.deployments[2]!.id}`)).toEqual(acme.deployments[2]);
    expect(await json('outbound')).toEqual(acme.outbound);
    expect(await json('log')).toEqual(acme.log);
  });

  test('a long fleet is told in parts: behind a customer, so many, those that are behind', async () => {
    await using server = await serve(exampleSource(acme));
    const customers = async (query: string): Promise<string[]> => {
      const rows = (await (await get(server, `/api/fleet.json?${query}`)).json()) as { customer: string }[];
      return [...new Set(rows.map(({ customer }) => customer))];
    };
    expect(await customers('after=metro')).toEqual(['northwind', 'tailspin']);
    expect(await customers('limit=1&after=metro')).toEqual(['northwind']);
    expect(await customers('behind=1')).not.toContain('tailspin');
    for (const query of ['limit=-1', 'behind=x', 'limit=1&limit=2', 'after=a&after=b'])
      expect((await get(server, `/api/fleet.json?${query}`)).status).toBe(400);
  });

  test('what is not there is a 404', async () => {
    await using server = await serve(exampleSource(acme));
    for (const path of [
      '/nothing',
      '/deployments/none',
      '/deployments/none/log.txt',
      '/api/deployments/none.json',
      '/links/nobody',
      '/nuget/v3/index.json',
      '/favicon.ico',
      '/assets/style.css',
      '/API/status.json',
      '/api/status.json/',
    ])
      expect([path, (await get(server, path)).status]).toEqual([path, 404]);
  });

  test('a program is told in JSON, a person on a page', async () => {
    await using server = await serve(exampleSource(acme));
    const missing = await get(server, '/api/deployments/none.json');
    expect(await missing.json()).toEqual({ error: 'There is no such deployment' });
    expect(await (await get(server, '/api/none.json')).json()).toEqual({ error: 'There is no such page' });
    expect(await (await get(server, '/links/nobody')).text()).toContain('<h1>There is no such link</h1>');
  });

  test('every answer carries the headers that keep a page harmless, refusals too', async () => {
    await using server = await serve(exampleSource(acme));
    for (const [path, method] of [
      ['/', 'GET'],
      ['/api/status.json', 'GET'],
      ['/none', 'GET'],
      ['/', 'POST'],
      ['/metrics', 'HEAD'],
    ] as const) {
      const { headers } = await get(server, path, { method });
      expect(headers.get('content-security-policy')).toBe(
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
      );
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      expect(headers.get('referrer-policy')).toBe('no-referrer');
      expect(headers.get('x-frame-options')).toBe('DENY');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('cache-control')).toBe('no-store');
      for (const name of ['server', 'x-powered-by', 'access-control-allow-origin', 'set-cookie'])
        expect(headers.get(name)).toBeNull();
    }
  });

  test('what a page loads may be kept for ever, since its name changes with its content', async () => {
    await using server = await serve(exampleSource(acme));
    const answer = await get(server, assets.style.path);
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    const page = await (await get(server, '/')).text();
    for (const { path } of Object.values(assets)) expect(page).toContain(`"${path}"`);
  });

  test.each(['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])('%s is not allowed anywhere', async (method) => {
    await using server = await serve(exampleSource(acme));
    for (const path of ['/', '/api/status.json', '/events', '/none']) {
      const answer = await get(server, path, { method });
      expect([path, answer.status, answer.headers.get('allow')]).toEqual([path, 405, 'GET, HEAD']);
    }
  });

  test('a source that fails costs one answer, tells nothing, and the next one comes', async () => {
    const source = exampleSource(acme);
    let broken = true;
    const unlessBroken = <T>(value: T): T => {
      if (broken) throw new Error('cannot open /var/lib/secret-place/crossgap.db');
      return value;
    };
    await using server = await serve({
      ...source,
      page: (choice) => unlessBroken(source.page(choice)),
      *fleet() {
        yield unlessBroken([]);
      },
    });
    for (const path of ['/', '/api/fleet.json']) {
      const answer = await get(server, path);
      expect(answer.status).toBe(500);
      expect(await answer.text()).not.toContain('secret-place');
    }
    expect((await get(server, '/healthz')).status).toBe(200);
    broken = false;
    expect((await get(server, '/')).status).toBe(200);
  });

  test('many who ask at once share one reading, and a change brings a new one', async () => {
    const source = exampleSource(acme);
    await using server = await serve(source);
    const answers = await Promise.all(Array.from({ length: 60 }, () => get(server, '/')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(source.readings).toBe(1);
    source.show(fabrikam);
    expect(await (await get(server, '/api/offers.json')).json()).toEqual([]);
    expect(source.readings).toBe(2);
    // Another part of the fleet is another reading.
    await get(server, '/?find=contoso');
    expect(source.readings).toBe(3);
  });
});

describe('readiness', () => {
  test('not ready is 503 with what it waits for, and alive all the same', async () => {
    const source = exampleSource(acme);
    const readiness = {
      ready: false,
      checks: [{ name: 'log', state: 'waiting' as const, detail: '40 of 143 verified' }],
    };
    source.readyWhen(readiness);
    await using server = await serve(source);
    const answer = await get(server, '/readyz');
    expect([answer.status, await answer.json()]).toEqual([503, readiness]);
    expect(await (await get(server, '/healthz')).json()).toEqual({ alive: true });
    expect(await (await get(server, '/')).text()).toContain('40 of 143 verified');
    source.readyWhen({ ready: true, checks: [] });
    expect((await get(server, '/readyz')).status).toBe(200);
  });
});

describe('metrics', () => {
  test('name the log, feeds, links, deployments, totals and the process', async () => {
    await using server = await serve(exampleSource(contoso));
    const text = await (await get(server, '/metrics')).text();
    const lines = text.split('\n');
    expect(lines).toContain('crossgap_log_entries 57');
    expect(lines).toContain(`crossgap_feed_seq{feed="${contoso.log.feeds[1]!.feed}"} 10`);
    expect(lines).toContain('crossgap_link_age_seconds{link="acme"} 180');
    expect(lines).toContain('crossgap_deployments{state="succeeded"} 4');
    expect(lines).toContain('crossgap_deployments{state="failed"} 1');
    expect(lines).toContain('crossgap_deployments{state="running"} 0');
    expect(lines).toContain('crossgap_missing_inputs 2');
    expect(lines).toContain('crossgap_ready 1');
    expect(lines).toContain('crossgap_entries_received_total 12');
    expect(lines).toContain('crossgap_parcels_refused_total 1');
    expect(text).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(text).toMatch(/^process_cpu_seconds_total [\d.]+$/m);
  });

  test('of thousands of feeds tell how many there are, and name the frozen ones before others', async () => {
    const feeds = Array.from({ length: 5000 }, (_one, n) => ({
      ...contoso.log.feeds[0]!,
      feed: n.toString(16).padStart(32, '0'),
      frozen: n === 4999,
    }));
    await using server = await serve(exampleSource({ ...contoso, log: { ...contoso.log, feeds } }));
    const text = await (await get(server, '/metrics')).text();
    const lines = text.split('\n');
    expect(lines).toContain('crossgap_feeds 5000');
    expect(lines).toContain('crossgap_feeds_frozen 1');
    expect(lines).toContain(`crossgap_feed_frozen{feed="${feeds[4999]!.feed}"} 1`);
    expect(lines.filter((line) => line.startsWith('crossgap_feed_seq{'))).toHaveLength(2001);
    const page = await (await get(server, '/')).text();
    expect(page).toContain('and 4,900 more in <a href="/api/log.json">');
    expect(page.length).toBeLessThan(500_000);
  });

  test('tell of each link whether it works, how far it is and what has still to cross', async () => {
    await using server = await serve(exampleSource(acme));
    const lines = (await (await get(server, '/metrics')).text()).split('\n');
    for (const line of [
      'crossgap_links{state="confirmed"} 4',
      'crossgap_links_connected 1',
      'crossgap_links_failing 1',
      'crossgap_link_connected{link="contoso"} 1',
      'crossgap_link_connected{link="northwind"} 0',
      'crossgap_link_failing{link="northwind"} 1',
      'crossgap_link_head_seq{link="bankair",author="self"} 37',
      'crossgap_link_outstanding_entries{link="bankair",direction="out"} 14',
      'crossgap_link_outstanding_blob_bytes{link="bankair",direction="out"} 48300000',
      'crossgap_link_outstanding_entries{link="bankair",direction="in"} 0',
    ])
      expect(lines).toContain(line);
    expect(lines.filter((line) => line.startsWith('crossgap_link_connected{link="metro"'))).toEqual([]);
  });

  test('tell of a link that floods what was refused and why, and nothing of the others', async () => {
    const refused = {
      count: 2000,
      since: acme.now,
      at: acme.now,
      reasons: [
        { code: 'FEED_UNKNOWN', count: 1999, message: 'Cannot take it' },
        { code: 'PARCEL_FOREIGN', count: 1, message: 'Cannot read it' },
      ],
    };
    const links = acme.links.map((link) =>
      link.name === 'contoso' ? { ...link, live: { ...link.live!, refused } } : link,
    );
    await using server = await serve(exampleSource({ ...acme, links }));
    const lines = (await (await get(server, '/metrics')).text()).split('\n');
    expect(lines.filter((line) => line.startsWith('crossgap_link_refused_lately{'))).toEqual([
      'crossgap_link_refused_lately{link="contoso",code="FEED_UNKNOWN"} 1999',
      'crossgap_link_refused_lately{link="contoso",code="PARCEL_FOREIGN"} 1',
    ]);
  });

  test('have series for so many links at most, and sums of all', async () => {
    const links = Array.from({ length: 1500 }, (_, n) => ({ ...acme.links[0]!, name: `customer-${n}` }));
    await using server = await serve(exampleSource({ ...acme, links }));
    const lines = (await (await get(server, '/metrics')).text()).split('\n');
    expect(lines.filter((line) => line.startsWith('crossgap_link_connected{'))).toHaveLength(1000);
    expect(lines).toContain('crossgap_links_connected 1500');
  });

  test('a name with quotes and line breaks stays inside its label', async () => {
    const hostile = { ...contoso.links[0]!, name: 'a"} 1\ncrossgap_log_entries 9' };
    await using server = await serve(exampleSource({ ...contoso, links: [hostile] }));
    const lines = (await (await get(server, '/metrics')).text()).split('\n');
    expect(lines).toContain('crossgap_link_age_seconds{link="a\\"} 1\\ncrossgap_log_entries 9"} 180');
    expect(lines.filter((line) => line.startsWith('crossgap_log_entries'))).toEqual([
      'crossgap_log_entries 57',
    ]);
  });
});

describe('the live stream', () => {
  test('greets with the stamp of the page, and tells each change under a new one', async () => {
    const source = exampleSource(acme);
    await using server = await serve(source, { limits: { gatherMs: 1 } });
    const stamp = async (): Promise<string> =>
      /data-stamp="([^"]+)"/.exec(await (await get(server, '/')).text())![1]!;
    const events = await opened(server);
    const first = await stamp();
    expect(await events.next()).toBe(`event: hello\ndata: ${first}`);
    source.show(fabrikam);
    const second = await stamp();
    expect(second).not.toBe(first);
    expect(await events.next()).toBe(`event: change\ndata: ${second}`);
  });

  test('many changes in a moment are told as one', async () => {
    const source = exampleSource(acme);
    await using server = await serve(source, { limits: { gatherMs: 20 } });
    const events = await opened(server);
    await events.next();
    for (let n = 0; n < 50; n += 1) source.show(n % 2 === 0 ? fabrikam : acme);
    expect(await events.next()).toMatch(/^event: change\ndata: [0-9a-f]+-50$/);
  });

  test('is kept open by comments', async () => {
    await using server = await serve(exampleSource(acme), { limits: { heartbeatMs: 5 } });
    const events = await opened(server);
    await events.next();
    expect(await events.next()).toBe(': still here');
  });

  test('serves as many as it may, and one more when one has gone', async () => {
    await using server = await serve(exampleSource(acme), { limits: { streamsMax: 2 } });
    const [first] = [await opened(server), await opened(server)];
    const third = await get(server, '/events');
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '15']);
    await first.close();
    await expect
      .poll(async () => {
        const again = await get(server, '/events');
        await again.body?.cancel();
        return again.status;
      })
      .toBe(200);
  });

  test('ends with the server, which then listens to nothing any more', async () => {
    const source = exampleSource(acme);
    const server = await serve(source);
    const events = await opened(server);
    await events.next();
    expect(source.listeners).toBe(1);
    await server.close();
    expect(await events.next()).toBeUndefined();
    expect(source.listeners).toBe(0);
    await expect(get(server, '/healthz')).rejects.toThrow('fetch failed');
    await server.close();
  });
});

describe('T-83 where it listens', () => {
  const start = (host: string, port = 0): Promise<StatusServer> =>
    statusServer({
      source: exampleSource(acme),
      listen: { host, port },
      log: silentLog(),
      clock: { now: () => 0 },
    });
  const addresses = Object.values(networkInterfaces()).flatMap((one) => one ?? []);
  const outward = addresses
    .filter((one) => !one.internal && !one.address.startsWith('fe80'))
    .map((one) => one.address);

  test.each(['0.0.0.0', '::', '[::]', '', '0', '::ffff:0.0.0.0', '192.0.2.1', '2001:db8::1', ...outward])(
    '%j is refused, since anybody could connect',
    async (host) => {
      await expect(start(host)).rejects.toMatchObject({ code: 'LISTEN_NOT_LOOPBACK', exitCode: 2 });
    },
  );

  const withIpv6 = addresses.some((one) => one.address === '::1');
  test.each(['127.0.0.1', '127.0.0.2', 'localhost', ...(withIpv6 ? ['::1', '[::1]'] : [])])(
    '%s is served under that very name',
    async (host) => {
      await using server = await start(host);
      expect((await get(server, '/healthz')).status).toBe(200);
    },
  );

  test('a port that is taken is named', async () => {
    await using first = await serve(exampleSource(acme));
    const port = Number(new URL(first.address).port);
    const refused = await start('127.0.0.1', port).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(HttpError);
    expect(refused).toMatchObject({
      code: 'PORT_IN_USE',
      exitCode: 2,
      message: `Cannot listen on 127.0.0.1:${port}: port ${port} is in use`,
    });
  });

  test('a name or port that is none is refused, and leaves nothing listening to the source', async () => {
    await expect(start('no-such-host.invalid')).rejects.toMatchObject({ code: 'LISTEN_FAILED' });
    const source = exampleSource(acme);
    const listen = { host: '127.0.0.1', port: 70_000 };
    const clock = { now: () => 0 };
    await expect(statusServer({ source, listen, log: silentLog(), clock })).rejects.toMatchObject({
      code: 'LISTEN_FAILED',
      message: 'Cannot listen on 127.0.0.1:70000: a port is a number from 0 to 65535',
    });
    expect(source.listeners).toBe(0);
  });
});

/** An open event stream, read message by message; undefined when it has ended. */
async function opened(
  server: StatusServer,
): Promise<{ next(): Promise<string | undefined>; close(): Promise<void> }> {
  const answer = await get(server, '/events');
  expect(answer.status).toBe(200);
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  return {
    async next() {
      for (;;) {
        const end = text.indexOf('\n\n');
        if (end >= 0) {
          const message = text.slice(0, end);
          text = text.slice(end + 2);
          if (!message.startsWith('retry:')) return message;
          continue;
        }
        const { done, value } = await reader.read();
        if (done) return undefined;
        text += value;
      }
    },
    close: () => reader.cancel(),
  };
}
