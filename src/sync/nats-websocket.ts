import { once } from 'node:events';
import { isIP, connect as tcpConnect, type Socket } from 'node:net';
import { checkServerIdentity, connect as tlsConnect } from 'node:tls';
import { WebSocket, type RawData } from 'ws';
import type { HubAddress } from './nats-address.ts';
import { throughProxy } from './nats-proxy.ts';

const messageBytesMax = 64 * 1024 * 1024;

/** The part of a browser's WebSocket that the NATS client touches. */
export type SocketFace = {
  binaryType: string;
  onopen: ((event: unknown) => void) | null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null;
  onclose: ((event: { wasClean: boolean; reason: string }) => void) | null;
  onerror: ((event: { message: string }) => void) | null;
  readonly bufferedAmount: number;
  send(data: ArrayBuffer): void;
  close(): void;
};

/**
 * A WebSocket to the hub over a socket of ours, since Node's own takes neither a CA nor a proxy. The TLS handshake is
 * over, and the hub's name checked, before the first byte of HTTP is sent.
 */
export async function openWebSocket(
  address: HubAddress,
  { ca, proxy, signal }: { ca: string | undefined; proxy: string | undefined; signal: AbortSignal },
): Promise<SocketFace> {
  const way =
    proxy === undefined ? await direct(address, signal) : await throughProxy(proxy, address, signal);
  const socket = address.encrypted ? await encrypted(way, address, ca, signal) : way;
  const scheme = address.encrypted ? 'wss' : 'ws';
  const host = isIP(address.host) === 6 ? `[${address.host}]` : address.host;
  const webSocket = new WebSocket(`${scheme}://${host}:${address.port}${address.path}`, {
    createConnection: () => socket,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
  });
  webSocket.binaryType = 'arraybuffer';
  return faceOf(webSocket);
}

async function direct({ host, port }: HubAddress, signal: AbortSignal): Promise<Socket> {
  const socket = tcpConnect({ host, port });
  try {
    await once(socket, 'connect', { signal });
  } catch (error) {
    socket.destroy();
    throw error;
  }
  socket.setNoDelay(true);
  return socket;
}

async function encrypted(
  socket: Socket,
  { host }: HubAddress,
  ca: string | undefined,
  signal: AbortSignal,
): Promise<Socket> {
  const secured = tlsConnect({
    socket,
    servername: isIP(host) === 0 ? host : '',
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
    ...(ca !== undefined && { ca }),
  });
  try {
    await once(secured, 'secureConnect', { signal });
  } catch (error) {
    secured.destroy();
    throw error;
  }
  return secured;
}

/** Nothing that a hub sends may throw inside an event handler: what is not binary ends the connection. */
function faceOf(webSocket: WebSocket): SocketFace {
  const face: SocketFace = {
    binaryType: 'arraybuffer',
    onopen: null,
    onmessage: null,
    onclose: null,
    onerror: null,
    get bufferedAmount() {
      return webSocket.bufferedAmount;
    },
    send: (data) => webSocket.send(data),
    close: () => webSocket.close(),
  };
  webSocket.on('open', () => face.onopen?.({}));
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary && data instanceof ArrayBuffer) face.onmessage?.({ data });
    else webSocket.terminate();
  });
  webSocket.on('error', (error) => face.onerror?.({ message: error.message }));
  webSocket.on('close', (code, reason) =>
    face.onclose?.({ wasClean: code === 1000, reason: reason.toString() }),
  );
  return face;
}
