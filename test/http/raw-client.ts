import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Everything the server answers to `bytes` on a connection of its own, until it closes or has said nothing more. */
export async function raw(address: string, bytes: string | Uint8Array): Promise<string> {
  const socket = await connected(address);
  socket.write(bytes);
  return received(socket);
}

export async function connected(address: string): Promise<Socket> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname.replace(/^\[|\]$/g, ''));
  await once(socket, 'connect');
  return socket;
}

/** What arrives until the other side closes the connection. A reset is an end as well. */
export async function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve());
    socket.on('close', () => resolve());
  });
  return Buffer.concat(chunks).toString('latin1');
}

/** A request as lines; the server closes after it. */
export function request(
  target: string,
  facts: { method?: string; host: string; more?: readonly string[] },
): string {
  const lines = [`${facts.method ?? 'GET'} ${target} HTTP/1.1`, `Host: ${facts.host}`, 'Connection: close'];
  return [...lines, ...(facts.more ?? []), '', ''].join('\r\n');
}

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
