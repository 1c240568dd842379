import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, openSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { delimiter, join } from 'node:path';
import { overNats, type HubClient } from '../../sync/index.ts';
import { StoryError } from './story-error.ts';
import { changedParcel } from './tamper.ts';
import type { Way } from './way.ts';

/** Debian puts servers where only root's path leads. */
const serverFolders = [
  ...(process.env['PATH'] ?? '').split(delimiter),
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/local/bin',
];

/** The program of the NATS server on this machine, undefined where there is none. */
export function natsServerProgram(): string | undefined {
  return serverFolders.map((folder) => join(folder, 'nats-server')).find((path) => existsSync(path));
}

/** A NATS server of the vendor's, with TLS, configured by `hub config`; each customer signs in with its own credential. */
export function natsWay(program: string, { folder, port }: { folder: string; port: number }): Way {
  const configuration = join(folder, 'hub');
  let server: ChildProcess | undefined;
  let vendorData = '';
  return {
    crosses: 'a NATS server',
    invite: `--nats tls://127.0.0.1:${port}`,
    accept: '',
    async open(vendor) {
      vendorData = vendor.data;
      await vendor.types(`hub config --out ${configuration} --port ${port}`);
      const log = openSync(`${configuration}.log`, 'a', 0o600);
      const started = spawn(program, ['-c', join(configuration, 'hub.conf')], {
        stdio: ['ignore', log, log],
      });
      server = started;
      await vendor.eventually('the NATS server listens', () => {
        if (started.exitCode !== null) throw new StoryError(`nats-server ended, see ${configuration}.log`);
        return listens(port);
      });
    },
    lies: (part) => asOperator(async (client) => (await carrying(client, part)) !== undefined),
    changeOneByte: (part) =>
      asOperator(async (client) => {
        const message = await carrying(client, part);
        if (message === undefined) throw new StoryError(`no package with ${part} lies at the NATS server`);
        await client.jetstream.publish(message.subject, message.changed);
      }),
    async [Symbol.asyncDispose]() {
      if (server === undefined || server.exitCode !== null) return;
      const ended = once(server, 'exit');
      server.kill('SIGTERM');
      await ended;
    },
  };

  /** Whoever runs the server can do all this; the key is only the handiest way. */
  async function asOperator<T>(act: (client: HubClient) => Promise<T>): Promise<T> {
    const { natsConnection } = await overNats();
    await using connection = natsConnection({
      urls: [`tls://127.0.0.1:${port}`],
      ca: readFileSync(join(configuration, 'ca.pem'), 'utf8'),
      seed: readFileSync(join(vendorData, 'keys', 'nats.seed'), 'utf8').trim(),
      inboxPrefix: '_INBOX_operator',
      name: 'somebody at the server',
    });
    return await act(await connection.client(AbortSignal.timeout(20_000)));
  }
}

/** A message that no customer has taken yet and that carries this part, as it would be with one byte changed. */
async function carrying(
  { manager }: HubClient,
  part: string,
): Promise<{ subject: string; changed: Buffer } | undefined> {
  for await (const { config } of manager.streams.list()) {
    const stream = config.name;
    if (!stream.endsWith('-down')) continue;
    const taken = (await manager.consumers.info(stream, 'blobs')).ack_floor.stream_seq;
    const { state } = await manager.streams.info(stream, { subjects_filter: '>' });
    for (const subject of Object.keys(state.subjects ?? {})) {
      if (!subject.includes('.down.b.')) continue;
      const message = await manager.streams.getMessage(stream, { last_by_subj: subject });
      const changed = message && message.seq > taken ? changedParcel(message.data, part) : undefined;
      if (changed !== undefined) return { subject, changed };
    }
  }
  return undefined;
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.end());
  });
}
