import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { SyncError } from './errors.ts';
import { hostAndPort, type HubAddress } from './nats-address.ts';

const answerBytesMax = 16 * 1024;

/**
 * A connection to the hub through an HTTP proxy's CONNECT (RFC 9110, 9.3.6). The proxy sees the name and the port and
 * then what passes, which is TLS between here and the hub. `proxy` is `http://host:port`; what it refuses is
 * HUB_PROXY_REFUSED with its own words.
 */
export async function throughProxy(proxy: string, address: HubAddress, signal: AbortSignal): Promise<Socket> {
  const { hostname, port, protocol } = proxyUrl(proxy);
  const target = hostAndPort(address);
  const refuse = (reason: string, cause?: unknown): SyncError =>
    new SyncError('HUB_PROXY_REFUSED', `Cannot reach ${target} through the proxy ${proxy}: ${reason}`, {
      hint: 'Ask whoever runs the proxy to let this machine CONNECT to that name and port.',
      details: { proxy, target },
      cause,
    });
  if (protocol !== 'http:') throw refuse('only http:// proxies are used');
  const socket = connect({ host: hostname.replace(/^\[(.*)\]$/, '$1'), port: Number(port || 80) });
  const late = (): void => void socket.destroy(new Error('it does not answer'));
  signal.addEventListener('abort', late, { once: true });
  try {
    await once(socket, 'connect');
    socket.setNoDelay(true);
    socket.write(`CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n\r\n`);
    const [status = '', rest] = await readAnswer(socket);
    if (!/^HTTP\/1\.[01] 2\d\d\b/.test(status))
      throw refuse(`it answers ${JSON.stringify(status.slice(0, 100))}`);
    if (rest.length > 0) socket.unshift(rest);
    return socket;
  } catch (error) {
    socket.destroy();
    if (error instanceof SyncError) throw error;
    throw refuse(error instanceof Error ? error.message : String(error), error);
  } finally {
    signal.removeEventListener('abort', late);
  }
}

/** The answer's first line, and whatever came behind its empty line. */
async function readAnswer(socket: Socket): Promise<[string | undefined, Buffer]> {
  let answer = Buffer.alloc(0);
  for (;;) {
    const end = answer.indexOf('\r\n\r\n');
    if (end >= 0) return [answer.toString('latin1', 0, end).split('\r\n')[0], answer.subarray(end + 4)];
    if (answer.length > answerBytesMax) throw new Error('its answer has no end');
    const piece = await nextPiece(socket);
    if (!piece) throw new Error('it hung up');
    answer = Buffer.concat([answer, piece]);
  }
}

async function nextPiece(socket: Socket): Promise<Buffer | undefined> {
  for (;;) {
    const piece = socket.read() as Buffer | null;
    if (piece) return piece;
    if (socket.errored) throw socket.errored;
    if (socket.readableEnded || socket.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const events = ['readable', 'end', 'error', 'close'] as const;
      const over = (): void => {
        for (const event of events) socket.off(event, over);
        resolve();
      };
      for (const event of events) socket.on(event, over);
    });
  }
}

function proxyUrl(proxy: string): URL {
  if (URL.canParse(proxy)) return new URL(proxy);
  throw new SyncError('HUB_ADDRESS_INVALID', `Cannot use the proxy ${proxy}: it is no URL`, {
    hint: 'Give it as http://host:port.',
    details: { proxy },
  });
}

/**
 * A door on this machine's loopback that leads one caller, the first, to `far`. The NATS client dials by itself and
 * can't be handed a socket; TLS is between it and the hub, so the door carries nothing that could be read.
 */
export async function doorTo(far: Socket): Promise<{ readonly port: number } & Disposable> {
  const server: Server = createServer((near) => {
    server.close();
    pipeline(near, far, near, () => {
      near.destroy();
      far.destroy();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    [Symbol.dispose]() {
      server.close();
      far.destroy();
    },
  };
}
