import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** Where the application of a story runs. */
export type Site = { readonly port: number; readonly folder: string };

/** What the page of the application says. */
export async function titleAt({ port }: Site): Promise<string> {
  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  return /<h1>([^<]*)<\/h1>\s*<p>([^<]*)/.exec(page)?.slice(1).join(' · ') ?? 'nothing';
}

/** Ends the application, if the story came so far as to start it. */
export function stopSite({ folder }: Site): void {
  try {
    process.kill(Number(readFileSync(`${folder}.pid`, 'utf8')), 'SIGTERM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
  }
}

/** Ports nobody listens on now. */
export async function freePorts(wanted: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: wanted }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => server.once('listening', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
