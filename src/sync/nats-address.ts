import { isIP } from 'node:net';
import { SyncError } from './errors.ts';

/** Where a hub is dialled, as its URL says. */
export type HubAddress = {
  readonly url: string;
  readonly kind: 'tcp' | 'websocket';
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** The URL asks for TLS, or the way leads off this machine. */
  readonly encrypted: boolean;
  /** What a WebSocket's request asks for. */
  readonly path: string;
};

const schemes = {
  'nats:': { kind: 'tcp', port: 4222, encrypted: false },
  'tls:': { kind: 'tcp', port: 4222, encrypted: true },
  'ws:': { kind: 'websocket', port: 80, encrypted: false },
  'wss:': { kind: 'websocket', port: 443, encrypted: true },
} as const;

/**
 * Reads `nats://`, `tls://`, `ws://` and `wss://` URLs. Off this machine `nats://` means TLS too, and `ws://`, which
 * cannot, is refused as HUB_CLEAR_TEXT; whatever else is wrong is HUB_ADDRESS_INVALID.
 */
export function parseHubAddress(url: string): HubAddress {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme = Object.entries(schemes).find(([name]) => name === parsed?.protocol)?.[1];
  if (!parsed || !scheme || parsed.hostname === '') throw invalid(url, 'it is no URL of a NATS server');
  if (parsed.username !== '' || parsed.password !== '')
    throw invalid(`${parsed.protocol}//${parsed.host}`, 'it holds a user or a password');
  const host = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = parsed.port === '' ? scheme.port : Number(parsed.port);
  const off = !isLoopback(host);
  if (scheme.kind === 'websocket' && !scheme.encrypted && off)
    throw new SyncError('HUB_CLEAR_TEXT', `Cannot dial ${url}: it leads off this machine in clear text`, {
      hint: 'Use wss:// there.',
      details: { url },
    });
  const path = `${parsed.pathname === '' ? '/' : parsed.pathname}${parsed.search}`;
  return { url, kind: scheme.kind, host, port, encrypted: scheme.encrypted || off, path };
}

/** Whether what is sent to this host stays on this machine, by its name alone: no resolver is asked. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** `host:port` as URLs and proxies have it. */
export function hostAndPort({ host, port }: Pick<HubAddress, 'host' | 'port'>): string {
  return isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
}

function invalid(url: string, reason: string): SyncError {
  return new SyncError('HUB_ADDRESS_INVALID', `Cannot dial ${url}: ${reason}`, {
    hint: 'Give an address such as tls://hub.example.com:4222 or wss://hub.example.com.',
    details: { url },
  });
}
