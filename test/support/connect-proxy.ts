import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';

/** An HTTP proxy for CONNECT on this machine, which notes where it was asked to go. */
export type ConnectProxy = AsyncDisposable & { readonly url: string; readonly asked: string[] };

export async function connectProxy(answer = '200 Connection established'): Promise<ConnectProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const server = createServer();
  server.on('connect', (request, near: Socket, head: Buffer) => {
    asked.push(request.url ?? '');
    open.add(near.on('error', () => undefined));
    near.write(`HTTP/1.1 ${answer}\r\n\r\n`);
    if (!answer.startsWith('2')) return void near.end();
    const { hostname, port } = new URL(`http://${request.url}`);
    const far = connect(Number(port), hostname).on('error', () => near.destroy());
    open.add(far);
    far.write(head);
    near.pipe(far).pipe(near);
    return undefined;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
