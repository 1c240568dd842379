import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstream } from '@nats-io/jetstream';
import { connect, nkeyAuthenticator } from '@nats-io/transport-node';
import { openInstance, readNatsKey } from '../src/instance/index.ts';
import { readLinks } from '../src/projections/index.ts';
import { waySubject } from '../src/sync/index.ts';
import { freePort, natsServerPath } from '../test/support/nats-server.ts';
import { crossgap, until, watched, type Ran, type Watched } from './scale-process.ts';
import { prepareVendor } from './scale-vendor.ts';

type Ports = { readonly dial: number; readonly monitor: number };

/** A vendor whose links all meet at its own NATS server, which does not run yet. */
export async function prepareHub(folder: string, links: number): Promise<void> {
  const ports: Ports = { dial: await freePort(), monitor: await freePort() };
  writeFileSync(join(folder, 'ports.json'), JSON.stringify(ports));
  const urls = [`nats://127.0.0.1:${ports.dial}`];
  await prepareVendor(folder, links, { kind: 'nats', hub: true, urls });
}

/** What lies at the server, as its own figures say. */
export type Lying = { readonly streams: number; readonly consumers: number; readonly messages: number };

export type RunningHub = AsyncDisposable &
  Watched & {
    /** What it took to write the server's configuration. */
    readonly configured: Ran & { readonly bytes: number };
    readonly url: string;
    lying(): Promise<Lying>;
    /** Until nothing comes or goes any more; what lies there then. */
    quiet(): Promise<Lying>;
    /** How long a change of the links takes to be taken over. */
    reload(): Promise<number>;
  };

/** The server of the vendor in `folder`, by the configuration that `hub config` writes. */
export async function startHub(folder: string): Promise<RunningHub> {
  const { dial, monitor } = JSON.parse(readFileSync(join(folder, 'ports.json'), 'utf8')) as Ports;
  const [data, out] = [join(folder, 'vendor'), join(folder, 'hub')];
  const configured = await crossgap(data, 'hub', 'config', '--out', out, '--monitor', String(monitor));
  const child = spawn(natsServerPath(), ['-c', join(out, 'hub.conf')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = once(child, 'exit');
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-20_000)));
  const seen = watched(child);
  await until(() => output.includes('Server is ready') || child.exitCode !== null, { everyMs: 20 });
  if (child.exitCode !== null) throw new Error(`nats-server ended:\n${output}`);
  const lying = async (): Promise<Lying> => {
    const answer = await fetch(`http://127.0.0.1:${monitor}/jsz`);
    const { streams, consumers, messages } = (await answer.json()) as Lying;
    return { streams, consumers, messages };
  };
  return {
    ...seen,
    configured: { ...configured, bytes: readFileSync(join(out, 'hub-links.conf')).length },
    url: `nats://127.0.0.1:${dial}`,
    lying,
    async quiet() {
      let [last, same] = ['', 0];
      await until(async () => {
        const now = JSON.stringify(await lying());
        same = now === last ? same + 1 : 0;
        last = now;
        return same >= 8;
      });
      return JSON.parse(last) as Lying;
    },
    async reload() {
      output = '';
      const began = performance.now();
      child.kill('SIGHUP');
      await until(() => output.includes('Reloaded server configuration'), { everyMs: 20 });
      return performance.now() - began;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** So many messages of one size into each link's stream, by a client that does nothing else; milliseconds. */
export async function publishBare(
  folder: string,
  url: string,
  { each, bytes }: { readonly each: number; readonly bytes: number },
): Promise<number> {
  const instance = await openInstance(join(folder, 'vendor'));
  const links = readLinks(instance.db).map(({ link }) => link);
  const { seed } = await readNatsKey(instance.folder);
  instance.close();
  const authenticator = nkeyAuthenticator(new TextEncoder().encode(seed));
  const connection = await connect({ servers: url, authenticator });
  const stream = jetstream(connection, { timeout: 60_000 });
  const payload = new Uint8Array(bytes);
  const left = links.flatMap((link) =>
    Array.from({ length: each }, (_one, n) => `${waySubject(link, 'down')}.bare.${n}`),
  );
  const began = performance.now();
  const one = async (): Promise<void> => {
    for (let subject = left.pop(); subject !== undefined; subject = left.pop())
      await stream.publish(subject, payload);
  };
  await Promise.all(Array.from({ length: 256 }, one));
  const took = performance.now() - began;
  await connection.close();
  return took;
}

/** Share of one core that a process takes while nothing is done with it, in percent, over so many milliseconds. */
export async function idleShare(process: Watched, forMs: number): Promise<number> {
  const [before, began] = [process.cpuSeconds(), performance.now()];
  await pause(forMs);
  return (100_000 * (process.cpuSeconds() - before)) / (performance.now() - began);
}
