import { request } from 'node:http';
import type { Socket } from 'node:net';

/**
 * A connection to `host:port` through an HTTP proxy's CONNECT (RFC 9110, 9.3.6). The proxy sees the name and the port,
 * and then what passes, which is TLS for every address that begins with `https`.
 *
 * @throws Error what the proxy said, or what keeps it from being reached
 */
export function tunnel(proxy: string, host: string, port: number): Promise<Socket> {
  const { hostname, port: proxyPort } = new URL(proxy);
  const target = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const asking = request({
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: Number(proxyPort || 80),
      method: 'CONNECT',
      path: target,
      headers: { host: target },
      agent: false,
      timeout: answerMs,
    });
    asking.on('connect', (answer, socket, rest) => {
      socket.setTimeout(0);
      if (answer.statusCode !== undefined && answer.statusCode >= 200 && answer.statusCode < 300) {
        if (rest.length > 0) socket.unshift(rest);
        resolve(socket as Socket);
        return;
      }
      socket.destroy();
      reject(new Error(`the proxy ${proxy} answers ${answer.statusCode} to CONNECT ${target}`));
    });
    // Who answers a CONNECT as any other question is no proxy.
    asking.on('response', (answer) => {
      answer.destroy();
      reject(new Error(`${proxy} is no proxy: it answers ${answer.statusCode} to CONNECT`));
    });
    asking.on('timeout', () => asking.destroy(new Error(`the proxy ${proxy} does not answer`)));
    asking.on('error', reject);
    asking.end();
  });
}

const answerMs = 30_000;
