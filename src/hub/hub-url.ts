import { isIP } from 'node:net';
import { HubError } from './errors.ts';

/** Where a NATS server is reached. */
export type HubUrl = {
  /** As it is stored and sent: scheme, host and port, always spelt out. */
  readonly text: string;
  readonly scheme: 'tls' | 'wss' | 'nats' | 'ws';
  /** A name or an address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
  /** No TLS: this machine only. */
  readonly clear: boolean;
  readonly webSocket: boolean;
};

const ports = { tls: 4222, nats: 4222, wss: 443, ws: 80 } as const;
const form =
  /^(tls|wss|nats|ws):\/\/(\[[0-9a-f:.]+\]|[0-9a-z.-]+)(?::([0-9]{1,5}))?((?:\/[0-9a-z._~-]+)*)\/?$/i;
const label = /^(?!-)[0-9a-z-]{1,63}(?<!-)$/;
const urlsMax = 16;

/** The servers a person named, divided by commas. @throws HubError HUB_URL_UNFIT */
export function parseHubUrls(text: string): HubUrl[] {
  const urls = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map(parseHubUrl);
  if (urls.length === 0)
    throw unfit(text, 'no server is named', 'Name it as in tls://hub.acme.example:4222.');
  if (urls.length > urlsMax)
    throw unfit(
      text,
      `more than ${urlsMax} servers are named`,
      'Name the three of the cluster; that is enough.',
    );
  return urls;
}

/**
 * One server. Off this machine it is spoken to over TLS or not at all: what travels is signed, yet who reads along
 * would know releases and customers, and could take over the connection after the sign-in.
 *
 * @throws HubError HUB_URL_UNFIT
 */
export function parseHubUrl(text: string): HubUrl {
  const found = form.exec(text);
  if (found === null) {
    throw unfit(
      text,
      'it is not of the form tls://HOST:PORT or wss://HOST:PORT',
      'Name it as in tls://hub.acme.example:4222, without user or password; names in other scripts in their xn-- form.',
    );
  }
  const scheme = found[1]!.toLowerCase() as HubUrl['scheme'];
  const host = found[2]!.toLowerCase().replace(/^\[|\]$/g, '');
  const port = found[3] === undefined ? ports[scheme] : Number(found[3]);
  const path = found[4]!;
  if (!isHost(host))
    throw unfit(text, `${host} is neither a host name nor an address`, 'Check the spelling.');
  if (port < 1 || port > 65_535) throw unfit(text, `there is no port ${port}`, 'Ports go from 1 to 65535.');
  const webSocket = scheme === 'ws' || scheme === 'wss';
  if (path !== '' && !webSocket) throw unfit(text, 'it has a path', 'Only wss:// may have a path.');
  const clear = scheme === 'nats' || scheme === 'ws';
  if (clear && !isLoopback(host)) {
    throw unfit(
      text,
      `without TLS only this machine itself is dialled, and ${host} is another`,
      `Use ${webSocket ? 'wss' : 'tls'}://${inUrl(host)}:${port}; \`crossgap hub config\` sets the server up for it.`,
    );
  }
  return { text: `${scheme}://${inUrl(host)}:${port}${path}`, scheme, host, port, clear, webSocket };
}

/** Whether a name can stand in a certificate, or is an address. */
export function isHost(host: string): boolean {
  if (isIP(host) !== 0) return true;
  // What ends in a number is an address that is none, as in 127.0.0.
  return (
    host.length <= 253 && host.split('.').every((part) => label.test(part)) && !/(^|\.)[0-9]+$/.test(host)
  );
}

/** Whether an address or name means this machine itself. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

/** A host as it stands before a port. */
export function inUrl(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host;
}

function unfit(text: string, why: string, hint: string): HubError {
  return new HubError('HUB_URL_UNFIT', `Cannot reach NATS server ${JSON.stringify(text)}: ${why}`, {
    hint,
    details: { given: text },
  });
}
