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
  const server = hubServer(root);
  return {
    async pair(vendor, customer) {
      const [link] = await server.meet(vendor, [customer]);
      return link!;
    },
    async kill({ withoutDisk }) {
      await server.stop();
      if (withoutDisk) rmSync(join(root, 'hub', 'jetstream'), { recursive: true });
      await server.start();
    },
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

/** The server of a vendor and its customers. */
export interface HubServer {
  readonly url: string;
  /** Pairs the vendor with each of them over this server, which then runs; the links' ids. */
  meet(vendor: Instance, customers: readonly Instance[]): Promise<string[]>;
  start(): Promise<void>;
  /** SIGKILL. */
  stop(): Promise<void>;
}

/** One that lies in `root/hub`. */
export function hubServer(root: string): HubServer {
  const hub = join(root, 'hub');
  let server: ChildProcess | undefined;
  let url = '';

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

  return {
    get url() {
      return url;
    },
    async meet(vendor, customers) {
      const port = await freePort();
      url = `tls://localhost:${port}`;
      const seller = personAt(vendor.folder.root);
      for (const { folder, identity } of customers) {
        const buyer = personAt(folder.root);
        const [invitation, reply] = [
          join(root, `invitation-${identity.name}`),
          join(root, `reply-${identity.name}`),
        ];
        await seller.asks(['link', 'invite', identity.name, '--nats', url, '--out', invitation]);
        const words = ['--fingerprint', vendor.identity.words];
        await buyer.asks(['link', 'accept', invitation, ...words, '--out', reply]);
        await seller.asks(['link', 'confirm', reply, '--fingerprint', identity.words]);
      }
      await seller.asks(['hub', 'config', '--out', hub, '--port', `${port}`]);
      await start();
      return customers.map(({ db }) => readLinks(db)[0]!.link);
    },
    start,
    async stop() {
      const running = server;
      server = undefined;
      if (!running || running.exitCode !== null || running.signalCode !== null) return;
      const gone = once(running, 'exit');
      running.kill('SIGKILL');
      await gone;
    },
  };
}
