import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { Company } from '../support/companies.ts';
import { freePort, natsServerPath } from '../support/nats-server.ts';
import { patienceMs } from '../support/patience.ts';
import { requires } from '../support/requires.ts';
import { memory } from '../support/in-memory.ts';

const root = mkdtempSync(join(memory, 'crossgap-hub-'));
const acme = new Company(root, 'acme');
const contoso = new Company(root, 'contoso');
const servers: ChildProcess[] = [];
afterAll(async () => {
  await Promise.all([acme.endAll(), contoso.endAll()]);
  for (const server of servers.filter(
    ({ exitCode, signalCode }) => exitCode === null && signalCode === null,
  )) {
    const gone = once(server, 'exit');
    server.kill('SIGKILL');
    await gone;
  }
  rmSync(root, { recursive: true, force: true });
});

/** A server as the operator starts it; `says` waits for words in its log. */
function start(file: string): { server: ChildProcess; readonly says: (words: string) => Promise<void> } {
  const server = spawn(natsServerPath(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  servers.push(server);
  let output = '';
  server.stderr.on('data', (piece: Buffer) => (output += piece.toString()));
  return {
    server,
    async says(words) {
      while (!output.includes(words)) {
        if (server.exitCode !== null) throw new Error(`nats-server ended:\n${output}`);
        await once(server.stderr, 'data');
      }
      output = '';
    },
  };
}

const soon = <T>(look: () => Promise<T>): Promise<T> =>
  vi.waitFor(look, { timeout: patienceMs, interval: 300 });

describe.skipIf(!requires('nats-server', 'a vendor and a customer at a hub'))('a customer', () => {
  test('joins with three commands and has what its vendor publishes, over TLS', async () => {
    const port = await freePort();
    await acme.init();
    acme.file('hello.yaml', "process: Hello\nsteps:\n  - name: Hello\n    run: { bash: 'echo hello' }\n");
    await acme.does('process', 'publish', 'hello.yaml');
    await acme.does('release', 'create', 'Hello', '1.0.0');

    // The vendor, once: a server, and an invitation for each customer.
    const hub = join(root, 'hub');
    const invite = [
      'link',
      'invite',
      'contoso',
      '--nats',
      `tls://localhost:${port}`,
      '--out',
      'invitation.json',
    ];
    const { words } = await acme.does<{ words: string }>(...invite);
    await acme.does('hub', 'config', '--out', hub);
    const { server, says } = start(join(hub, 'hub.conf'));
    await says('Server is ready');
    await using _vendor = await acme.daemon();

    // The customer: init, link accept, and below, run.
    await contoso.init();
    const invitation = join(acme.desk, 'invitation.json');
    const accept = ['link', 'accept', invitation, '--fingerprint', words, '--out', 'reply.json'];
    const { ourWords } = await contoso.does<{ ourWords: string }>(...accept);

    // The vendor, when the reply came back.
    await acme.does('link', 'confirm', join(contoso.desk, 'reply.json'), '--fingerprint', ourWords);
    expect(await acme.does('hub', 'config')).toMatchObject({
      needs: 'reload',
      customers: [{ names: ['contoso'] }],
    });
    for (let turn = 1; turn <= 2; turn++) {
      server.kill('SIGHUP');
      await says('Reloaded server configuration');
    }
    const applied = await acme.does<{ check: { findings: object[] } }>('hub', 'apply');
    expect(applied).toMatchObject({ links: [{ name: 'contoso' }] });
    expect(applied.check.findings).toContainEqual(
      expect.objectContaining({ level: 'good', about: 'encryption' }),
    );
    expect(await acme.does('hub', 'apply')).toMatchObject({ made: [], changed: [], removed: [] });

    await using _customer = await contoso.daemon();
    await acme.does('release', 'publish', '1.0.0', '--to', 'contoso');
    await soon(async () => {
      const offers = await contoso.does<{ release: string }[]>('inbox');
      expect(JSON.stringify(offers)).toContain('1.0.0');
    });
    await soon(async () => {
      const [link] = await acme.does<{ heardAt: string | null; unconfirmedEntries: number }[]>(
        'link',
        'list',
      );
      expect(link).toMatchObject({ heardAt: expect.any(String), unconfirmedEntries: 0 });
    });
  });
});
