import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent, type AgentOptions } from 'node:https';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { tunnel } from './tunnel.ts';
import type { HttpRepository } from './repository.ts';

/** The connections to one repository, kept open between questions; closed when disposed of. */
export type Connections = Disposable & { agentFor(url: URL): HttpAgent | HttpsAgent };

/** Connections that believe the repository's own authorities and go through its proxy, where it has such. */
export function openConnections({ ca, proxy }: Pick<HttpRepository, 'ca' | 'proxy'>): Connections {
  const options: AgentOptions = {
    keepAlive: true,
    maxSockets: 4,
    // What a person adds is believed besides what everybody believes.
    ...(ca !== undefined && { ca: [...usuallyBelieved(), ca] }),
  };
  const clear = proxy === undefined ? new HttpAgent(options) : new TunnelledHttp(options, proxy);
  const encrypted = proxy === undefined ? new HttpsAgent(options) : new TunnelledHttps(options, proxy);
  return {
    agentFor: ({ protocol }) => (protocol === 'https:' ? encrypted : clear),
    [Symbol.dispose]() {
      clear.destroy();
      encrypted.destroy();
    },
  };
}

/** Early Node 22 can't tell what it was started with besides its own list. */
function usuallyBelieved(): readonly string[] {
  return typeof tls.getCACertificates === 'function' ? tls.getCACertificates() : tls.rootCertificates;
}

type Wanted = AgentOptions & { readonly host?: string | null; readonly port?: number | string | null };
type Opened = (error: Error | null, socket: Duplex) => void;

class TunnelledHttp extends HttpAgent {
  readonly #proxy: string;
  constructor(options: AgentOptions, proxy: string) {
    super(options);
    this.#proxy = proxy;
  }
  override createConnection(wanted: Wanted, opened: Opened): undefined {
    open(this.#proxy, wanted, 80, (socket) => socket, opened);
  }
}

class TunnelledHttps extends HttpsAgent {
  readonly #proxy: string;
  constructor(options: AgentOptions, proxy: string) {
    super(options);
    this.#proxy = proxy;
  }
  override createConnection(wanted: Wanted, opened: Opened): undefined {
    const encrypt = (socket: Socket): Duplex => {
      const host = wanted.host ?? '';
      const { ca } = wanted;
      // An address is no name that could be asked for.
      const name = isIP(host) === 0 ? { servername: host } : {};
      return tls.connect({ socket, host, ...name, ...(ca !== undefined && { ca }) });
    };
    open(this.#proxy, wanted, 443, encrypt, opened);
  }
}

function open(
  proxy: string,
  { host, port }: Wanted,
  usualPort: number,
  over: (socket: Socket) => Duplex,
  opened: Opened,
): void {
  tunnel(proxy, host ?? '', Number(port ?? usualPort)).then(
    (socket) => opened(null, over(socket)),
    // Who waits for a connection looks at the error first.
    (error: Error) => opened(error, undefined as unknown as Duplex),
  );
}
