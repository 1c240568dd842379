import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import {
  ensureHubAuthority,
  isUserKey,
  planHub,
  writeHub,
  type HubPlan,
  type HubSettings,
  type WrittenHub,
} from '../../src/hub/index.ts';
import { freePort, natsServerPath, newUserKey } from '../support/nats-server.ts';
import { patienceMs } from '../support/patience.ts';

/** Somebody who may sign in: a credential, and for a customer its links. */
export type Party = { readonly seed: string; readonly publicKey: string; readonly links: readonly string[] };

export function party(...links: string[]): Party {
  return { ...newUserKey(), links };
}

/** The hub of a test: its files, and the servers that run by them. */
export interface RunningHub extends AsyncDisposable {
  readonly folder: string;
  readonly own: Party;
  readonly ca: string;
  /** Where each server is dialled: `tls://localhost:PORT`. */
  readonly urls: readonly string[];
  readonly plan: HubPlan;
  /** What the servers say. */
  readonly output: () => string;
  /** Writes the files for these customers and has the servers read them, as an operator does: twice. */
  admit(customers: readonly Party[]): Promise<WrittenHub>;
  /** SIGKILL for one server. */
  stop(server: number): Promise<void>;
}

export type HubOptions = {
  readonly root: string;
  readonly customers: readonly Party[];
  readonly servers?: 1 | 3;
  readonly settings?: HubSettings;
};

/** A hub on free ports of the loopback, in a fresh folder below `root`, as `hub config` sets it up. */
export async function startHub({ root, customers, servers = 1, settings }: HubOptions): Promise<RunningHub> {
  const folder = join(root, 'hub');
  const keys = join(root, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  const now = Date.now();
  const authority = ensureHubAuthority(keys, { name: 'acme', now });
  const own = party();
  const ports = await Promise.all(Array.from({ length: servers }, () => freePort()));
  const urls = ports.map((port) => `tls://localhost:${port}`);
  const chosen: HubSettings = { ...settings, ...(servers === 3 && (await cluster(ports))) };
  const configure = (parties: readonly Party[]): { plan: HubPlan; written: WrittenHub } => {
    const links = parties.flatMap((one) =>
      one.links.map((link) => ({ link, name: `customer ${link}`, urls, nkey: one.publicKey })),
    );
    const asked = { instance: 'acme', ownKey: own.publicKey, settings: chosen, out: folder, isUserKey };
    const plan = planHub({ ...asked, links });
    return { plan, written: writeHub(plan, folder, { authority, now }) };
  };
  const { plan } = configure(customers);
  const running = plan.servers.map(({ name }) => runServer(join(folder, `${name}.conf`)));
  await Promise.all(running.map((server) => server.says('Server is ready')));
  return {
    folder,
    own,
    ca: authority.pem,
    urls,
    plan,
    output: () => running.map((server) => server.output()).join('\n'),
    async admit(parties) {
      const { written } = configure(parties);
      for (let turn = 1; turn <= 2; turn++) {
        const reloaded = running.map((server) => server.says('Reloaded server configuration'));
        for (const server of running) server.child.kill('SIGHUP');
        await Promise.all(reloaded);
      }
      return written;
    },
    stop: (server) => running[server]!.stop(),
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map((server) => server.stop()));
    },
  };
}

async function cluster(ports: readonly number[]): Promise<HubSettings> {
  const servers = [];
  for (const port of ports) servers.push({ host: 'localhost', port, routePort: await freePort() });
  return { replicas: 3, servers };
}

/** A server that runs by a configuration file. */
function runServer(file: string): {
  readonly child: ChildProcess;
  output(): string;
  says(words: string): Promise<void>;
  stop(): Promise<void>;
} {
  const child = spawn(natsServerPath(), ['-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  let heard = Promise.withResolvers<void>();
  const tell = (piece: string): void => {
    output += piece;
    heard.resolve();
    heard = Promise.withResolvers();
  };
  child.stderr.on('data', (piece: Buffer) => tell(piece.toString()));
  child.once('exit', () => tell(''));
  return {
    child,
    output: () => output,
    async says(words) {
      const from = output.length;
      while (!output.slice(from).includes(words)) {
        if (child.exitCode !== null) throw new Error(`nats-server ended:\n${output}`);
        await heard.promise;
      }
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

/** A bare client with somebody's credential: what a thief would write, rather than what crossgap does. */
export function signIn(
  hub: RunningHub,
  who: Party,
  how: { inboxPrefix?: string; server?: number } = {},
): Promise<NatsConnection> {
  const inboxPrefix =
    how.inboxPrefix ?? (who.links[0] === undefined ? '_INBOX_hub' : `_INBOX_${who.links[0]}`);
  return connect({
    servers: hub.urls[how.server ?? 0]!,
    tls: { ca: hub.ca },
    authenticator: nkeyAuthenticator(new TextEncoder().encode(who.seed)),
    inboxPrefix,
    reconnect: false,
    timeout: patienceMs,
  });
}
