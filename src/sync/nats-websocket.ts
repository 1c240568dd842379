import { once } from 'node:events';
import { isIP, connect as tcpConnect, type Socket } from 'node:net';
import { checkServerIdentity, connect as tlsConnect } from 'node:tls';
import { WebSocket, type RawData } from 'ws';
import { hostAndPort, type HubAddress } from './nats-address.ts';
import { throughProxy } from './nats-proxy.ts';

const messageBytesMax = 64 * 1024 * 1024;
const goodbyeMs = 1000;

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
 * The way to the hub for a WebSocket: a socket of ours, since Node's own WebSocket takes neither a CA nor a proxy. Where
 * there is TLS, its handshake is over and the hub's name checked when this resolves.
 */
export async function openWay(
  address: HubAddress,
  { ca, proxy, signal }: { ca: string | undefined; proxy: string | undefined; signal: AbortSignal },
): Promise<Socket> {
  const way =
    proxy === undefined ? await direct(address, signal) : await throughProxy(proxy, address, signal);
  return address.encrypted ? encrypted(way, address, ca, signal) : way;
}

/** A WebSocket over that way. Whoever gets it sets its handlers at once, before anything can come. */
export function webSocketOver(socket: Socket, address: HubAddress): SocketFace {
  const scheme = address.encrypted ? 'wss' : 'ws';
  const webSocket = new WebSocket(`${scheme}://${hostAndPort(address)}${address.path}`, {
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
  let lastWord: NodeJS.Timeout | undefined;
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
    close() {
      webSocket.close();
      // A hub that is gone does not say goodbye.
      lastWord ??= setTimeout(() => webSocket.terminate(), goodbyeMs);
    },
  };
  webSocket.on('open', () => face.onopen?.({}));
  webSocket.on('message', (data: RawData, isBinary: boolean) => {
    if (isBinary && data instanceof ArrayBuffer) face.onmessage?.({ data });
    else webSocket.terminate();
  });
  webSocket.on('error', (error) => face.onerror?.({ message: error.message }));
  webSocket.on('close', (code, reason) => {
    clearTimeout(lastWord);
    face.onclose?.({ wasClean: code === 1000, reason: reason.toString() });
  });
  return face;
}
