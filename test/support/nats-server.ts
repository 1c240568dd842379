import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { createUser } from '@nats-io/nkeys';
import { patienceMs } from './patience.ts';
import { memory } from './in-memory.ts';

/** A nats-server of a test, with a folder of its own that goes with it. */
export interface NatsServer extends AsyncDisposable {
  readonly port: number;
  readonly webSocketPort: number;
  /** `nats://127.0.0.1:PORT`. */
  readonly url: string;
  /** `ws://127.0.0.1:PORT`, or `wss://` where it has TLS. */
  readonly webSocketUrl: string;
  /** Where configuration and streams lie. */
  readonly dir: string;
  readonly storeDir: string;
  readonly output: () => string;
  readonly pid: () => number | undefined;
  /** SIGKILL, as a power cut would; resolves when the process is gone. */
  kill(): Promise<void>;
  /** SIGTERM: what it knows is on its disk afterwards. */
  stop(): Promise<void>;
  /** Starts it again on the same ports and folder; resolves when it answers. */
  start(): Promise<void>;
  /** Writes the configuration anew with these additional lines and lets the server read it. */
  reload(config: string): Promise<void>;
}

export type NatsServerOptions = {
  /** Lines of the configuration beside port, WebSocket and JetStream, such as `authorization`. */
  readonly config?: string;
  /** What stands in `tls { }` of both listeners. */
  readonly tls?: string;
  readonly jetstream?: boolean;
};

/** A nats-server on free ports of the loopback; it answers when this resolves. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const { config = '', tls, jetstream = true } = options;
  const dir = mkdtempSync(join(memory, 'crossgap-nats-'));
  const storeDir = join(dir, 'store');
  const [port, webSocketPort] = [await freePort(), await freePort()];
  const path = join(dir, 'server.conf');
  let child: ChildProcess | undefined;
  let output = '';

  const write = (more: string): void =>
    writeFileSync(
      path,
      [
        `listen: "127.0.0.1:${port}"`,
        ...(tls === undefined ? [] : [`tls { ${tls}, timeout: ${patienceMs / 1000} }`]),
        `websocket { listen: "127.0.0.1:${webSocketPort}", ${tls === undefined ? 'no_tls: true' : `tls { ${tls} }`}, handshake_timeout: "${patienceMs / 1000}s" }`,
        ...(jetstream ? [`jetstream { store_dir: ${JSON.stringify(storeDir)} }`] : []),
        more,
      ].join('\n'),
    );

  async function start(): Promise<void> {
    const started = spawn(natsServerPath(), ['-c', path], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    // A test run that is given up leaves no server behind.
    const killNow = (): void => void started.kill('SIGKILL');
    process.once('exit', killNow);
    started.once('exit', () => process.off('exit', killNow));
    const ready = Promise.withResolvers<void>();
    const read = (piece: Buffer): void => {
      output = (output + piece.toString()).slice(-100_000);
      if (piece.includes('Server is ready')) ready.resolve();
    };
    started.stdout.on('data', read);
    started.stderr.on('data', read);
    started.once('exit', () => ready.reject(new Error(`nats-server ended:\n${output}`)));
    await ready.promise;
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const running = child;
    child = undefined;
    if (!running || running.exitCode !== null || running.signalCode !== null) return;
    const gone = once(running, 'exit');
    running.kill(signal);
    await gone;
  }

  write(config);
  await start();
  return {
    port,
    webSocketPort,
    url: `nats://127.0.0.1:${port}`,
    webSocketUrl: `${tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${webSocketPort}`,
    dir,
    storeDir,
    output: () => output,
    pid: () => child?.pid,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
    start,
    async reload(more) {
      write(more);
      const before = output.length;
      child?.kill('SIGHUP');
      while (!output.slice(before).includes('Reloaded')) await once(child!.stderr!, 'data');
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** A private nkey seed and the public user key that a server knows it by. */
export function newUserKey(): { readonly seed: string; readonly publicKey: string } {
  const pair = createUser();
  return { seed: new TextDecoder().decode(pair.getSeed()), publicKey: pair.getPublicKey() };
}

/** Debian puts servers where only root's path leads. */
export function natsServerPath(): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/bin'];
  const found = folders.map((folder) => join(folder, 'nats-server')).find((path) => existsSync(path));
  if (found === undefined) throw new Error('nats-server is not on this machine');
  return found;
}

/** A port of the loopback that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** Whether somebody accepts connections on a port of the loopback. */
export async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
