import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Instance } from '../../src/instance/index.ts';
import { readLinks } from '../../src/projections/index.ts';
import { personAt } from '../cli/typed.ts';
import { pair } from '../support/instances.ts';
import { freePort, natsServerPath } from '../support/nats-server.ts';

/** How two companies reach each other while processes are ended. */
export interface Way extends AsyncDisposable {
  /** Pairs the two over this way, which then is open; the id of the link. */
  pair(vendor: Instance, customer: Instance): Promise<string>;
  /** SIGKILL for what is on the way, and a new start: with what was on its disk, or with nothing. */
  readonly kill?: (how: { readonly withoutDisk: boolean }) => Promise<void>;
}

/** A folder that both reach. */
export function folderWay(root: string): Way {
  return {
    pair(vendor, customer) {
      const between = join(root, 'between');
      mkdirSync(between);
      return Promise.resolve(pair(vendor, customer, between));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** A real nats-server, configured by `hub config`. */
export function natsWay(root: string): Way {
  const hub = join(root, 'hub');
  let server: ChildProcess | undefined;

  async function start(): Promise<void> {
    const started = spawn(natsServerPath(), ['-c', join(hub, 'hub.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    server = started;
    let said = '';
    await new Promise<void>((resolve, reject) => {
      started.stderr.on('data', (piece: Buffer) => {
        said = (said + piece.toString()).slice(-10_000);
        if (said.includes('Server is ready')) resolve();
      });
      started.once('exit', () => reject(new Error(`nats-server ended:\n${said}`)));
    });
  }

  async function stop(): Promise<void> {
    const running = server;
    server = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill('SIGKILL');
    await gone;
  }

  return {
    async pair(vendor, customer) {
      const port = await freePort();
      const [acme, contoso] = [vendor, customer].map(({ folder }) => personAt(folder.root)) as [
        Person,
        Person,
      ];
      const [invitation, reply] = [join(root, 'invitation'), join(root, 'reply')];
      const url = `tls://localhost:${port}`;
      await acme.asks(['link', 'invite', 'contoso', '--nats', url, '--out', invitation]);
      const words = ['--fingerprint', vendor.identity.words];
      await contoso.asks(['link', 'accept', invitation, ...words, '--out', reply]);
      await acme.asks(['link', 'confirm', reply, '--fingerprint', customer.identity.words]);
      await acme.asks(['hub', 'config', '--out', hub, '--port', `${port}`]);
      await start();
      return readLinks(vendor.db)[0]!.link;
    },
    async kill({ withoutDisk }) {
      await stop();
      if (withoutDisk) rmSync(join(hub, 'jetstream'), { recursive: true });
      await start();
    },
    [Symbol.asyncDispose]: stop,
  };
}

type Person = ReturnType<typeof personAt>;
