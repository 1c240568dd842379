import { createServer } from 'node:net';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { systemCode } from '../errors.ts';
import { good, lacking, note, type HostCheck } from './host-check.ts';

/** A port that an application is going to listen on, and the input that says so. */
export type PortAsked = {
  readonly input: string;
  readonly label: string | null;
  readonly port: number;
  /** The version that is replaced was given the same port: whoever listens there does so for it. */
  readonly isKept?: boolean;
};

/** What may listen on a port and yet leaves it to the application. */
export type PortShared = {
  /** The folders of the version before, which is stopped for this one. */
  readonly replaced: readonly string[];
  /** Features of the steps, as they are called: some hand the application to a server that listens already. */
  readonly features: readonly string[];
};

/** Who listens on a port, as far as the system tells this account. */
export type PortHolder = {
  /** `nginx (process 12)`; null where only the system or its administrator may know. */
  readonly called: string | null;
  /** The program, its folder and its command line, to know by where it came from. */
  readonly paths: readonly string[];
};

/** How a port is found out about; tests put another in its place. */
export type PortLook = {
  /** The code of the system's refusal; undefined where it can be listened on. */
  readonly refusal: (port: number) => Promise<string | undefined>;
  readonly holder: (port: number) => PortHolder | undefined;
};

/**
 * Whether ports are free to listen on. One that is held by what lies in the folders of the version before, or on which that
 * one listened, is fine: it is stopped for this one; so is one that a server holds which a feature hands the application to.
 * Where nobody says who holds it and there is a version before, it is taken for that one.
 */
export async function lookAtPorts(
  asked: readonly PortAsked[],
  shared: PortShared,
  look: PortLook = portLook,
): Promise<HostCheck[]> {
  // To try a port out is to hold it for a moment, so each is tried once, however many inputs name it.
  const refusals = new Map(
    [...new Set(asked.map(({ port }) => port))].map((port) => [port, look.refusal(port)]),
  );
  return await Promise.all(
    asked.map(async (one) => judged(one, await refusals.get(one.port), shared, look.holder)),
  );
}

function judged(
  { input, label, port, isKept = false }: PortAsked,
  refusal: string | undefined,
  { replaced, features }: PortShared,
  holderOn: PortLook['holder'],
): HostCheck {
  const looked = { id: `port:${input}`, name: `Port ${port} (${label ?? input})` };
  if (refusal === undefined) return good(looked, 'it is free');
  if (refusal !== 'EACCES' && refusal !== 'EADDRINUSE')
    return note(looked, `it can't be tried out here (${refusal})`);
  const holder = holderOn(port);
  if (refusal === 'EACCES' && holder === undefined) {
    return note(
      looked,
      'nobody listens there; ports this low are opened by root, or a service that root set up',
    );
  }
  const who = holder?.called ?? null;
  const isBefore = holder?.paths.some((path) => replaced.some((folder) => mentions(path, folder))) === true;
  if (isBefore) return note(looked, `${who ?? 'a process'} of the version that is replaced listens there`);
  const server = servers.find(({ feature, is }) => features.includes(feature) && is.test(who ?? ''));
  if (server !== undefined)
    return note(looked, `${who ?? server.name} listens there, and serves this application too`);
  if (isKept)
    return note(
      looked,
      `${who ?? 'something'} listens there, and the version that is replaced has this port`,
    );
  if (who === null && replaced.length > 0) {
    return note(
      looked,
      'something listens there that this account can’t look at; it is taken for the version that is replaced',
    );
  }
  return lacking(looked, `${who ?? 'another process'} listens there`, 'Stop it, or choose another port.');
}

/** Servers that listen for many applications, by the feature that hands one to them. Windows names nobody for IIS. */
const servers: readonly { readonly feature: string; readonly name: string; readonly is: RegExp }[] = [
  { feature: 'nginx', name: 'nginx', is: /^nginx\b/ },
  { feature: 'an IIS site', name: 'IIS', is: /^$/ },
  { feature: 'an IIS home directory', name: 'IIS', is: /^$/ },
];

/** Whether a folder stands in a path or command line as a whole. */
function mentions(text: string, folder: string): boolean {
  for (let at = text.indexOf(folder); at >= 0; at = text.indexOf(folder, at + 1)) {
    const [before, next] = [text[at - 1], text[at + folder.length]];
    const begins = before === undefined || !/[\w./\\-]/.test(before);
    if (begins && (next === undefined || /[/\\\s\0"':;,]/.test(next) || folder.endsWith('/'))) return true;
  }
  return false;
}

const portLook: PortLook = { refusal: refusalOf, holder: holderOf };

/** Listens for a moment, and for nobody. */
async function refusalOf(port: number): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => {
      const code = systemCode(error);
      if (code === undefined) reject(error);
      else resolve(code);
    });
    server.listen({ port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Who listens on a port of this machine, by what Linux tells; undefined where nobody does, or the system does not say. */
export function holderOf(port: number): PortHolder | undefined {
  if (process.platform !== 'linux') return undefined;
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return undefined;
  const sockets = new Set([...inodes].map((inode) => `socket:[${inode}]`));
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const open = quietly(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    const isHolder = open.some((fd) => {
      const target = quietly(() => readlinkSync(`/proc/${pid}/fd/${fd}`));
      return target !== undefined && sockets.has(target);
    });
    if (!isHolder) continue;
    const name = quietly(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? 'a process';
    const links = ['exe', 'cwd'].map((link) => quietly(() => readlinkSync(`/proc/${pid}/${link}`)));
    const line = quietly(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
    return {
      called: `${name} (process ${pid})`,
      paths: [...links, line].filter((path) => path !== undefined),
    };
  }
  return { called: null, paths: [] };
}

const listening = '0A';

/** The sockets that listen on a port, IPv4 and IPv6: local address and port in hex, then the state, the inode tenth. */
function listeningInodes(port: number): Set<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, '0');
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => quietly(() => readFileSync(path, 'utf8')));
  const rows = tables.flatMap((text) => (text ?? '').split('\n').slice(1));
  const inodes = rows.flatMap((row) => {
    const [, local = '', , state, , , , , , inode = ''] = row.trim().split(/\s+/);
    return state === listening && local.endsWith(`:${wanted}`) ? [inode] : [];
  });
  return new Set(inodes);
}

/** Processes end while they are looked at, and those of others don't show what they hold. */
function quietly<Result>(look: () => Result): Result | undefined {
  try {
    return look();
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return undefined;
  }
}
