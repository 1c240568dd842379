import { lookup } from 'node:dns/promises';
import { BlockList, isIPv6 } from 'node:net';
import { hostName } from '../web/index.ts';
import { HttpError } from './errors.ts';

export type Listen = {
  /** An address or name of this machine's loopback interface. */
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Further host names under which people reach the page, such as that of a proxy in front of it. */
  readonly names?: readonly string[];
  /** With what an operator says another place. */
  readonly saidWith?: string;
};

/**
 * The address to bind to for `host`, which must lie on the loopback interface: nobody has to prove who they are here, so
 * nothing but this machine may connect. A name is resolved once, and it is the resolved address that is judged and bound.
 */
export async function loopbackAddress(listen: Listen): Promise<string> {
  const address = listen.host === '' ? undefined : await resolvedAddress(listen);
  if (address !== undefined && isLoopback(address)) return address;
  throw new HttpError(
    'LISTEN_NOT_LOOPBACK',
    `Cannot listen on ${where(listen)}: it can be reached from other machines, and the page asks nobody who they are`,
    {
      hint: 'Listen on 127.0.0.1 and put a proxy that asks for a login in front of it.',
      details: { host: listen.host, port: listen.port, ...(address === undefined ? {} : { address }) },
    },
  );
}

/** What it means that the port could not be bound. */
export function listenError(listen: Listen, cause: unknown): HttpError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const details = { host: listen.host, port: listen.port, reason: code };
  const saidWith = listen.saidWith ?? '--listen HOST:PORT';
  if (code === 'EADDRINUSE')
    return new HttpError('PORT_IN_USE', `Cannot listen on ${where(listen)}: port ${listen.port} is in use`, {
      hint: `Give another port with ${saidWith}, or end the program that has this one.`,
      details,
      cause,
    });
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'this account may not use that port',
    EADDRNOTAVAIL: 'this machine does not have that address',
    ENOTFOUND: 'no address is known for that name',
    ERR_SOCKET_BAD_PORT: 'a port is a number from 0 to 65535',
  };
  return new HttpError('LISTEN_FAILED', `Cannot listen on ${where(listen)}: ${reasons[code] ?? code}`, {
    hint: `Give another address with ${saidWith}; 127.0.0.1:7420 is the usual one of the status page.`,
    details,
    cause,
  });
}

/** `127.0.0.1:7420`, `[::1]:7420`: as it stands in a URL and in a `Host` header. */
export function authority(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** The host names under which requests are answered: the machine's own loopback ones and those configured. */
export function answeredNames(listen: Listen, address: string): ReadonlySet<string> {
  const own = [
    'localhost',
    '127.0.0.1',
    '[::1]',
    withoutBrackets(listen.host),
    address,
    ...(listen.names ?? []).map((name) => hostName(name) ?? name),
  ];
  return new Set(own.map((name) => (isIPv6(name) ? `[${name}]` : name).toLowerCase()));
}

/** The address that `host` stands for, resolved once. Errors: LISTEN_FAILED. */
export async function resolvedAddress(listen: Listen): Promise<string> {
  try {
    return (await lookup(withoutBrackets(listen.host))).address;
  } catch (error) {
    throw listenError(listen, error);
  }
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether only this machine reaches the address. */
export function isLoopback(address: string): boolean {
  return loopback.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

function withoutBrackets(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function where(listen: Listen): string {
  return authority(withoutBrackets(listen.host), listen.port);
}
