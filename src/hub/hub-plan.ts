import { HubError } from './errors.ts';
import { inUrl, isLoopback, parseHubUrl, type HubUrl } from './hub-url.ts';
import { settingUnfit, sizeBytes, streamLimits, type HubServer, type HubSettings } from './hub-settings.ts';
import { customerAccess, type CustomerAccess } from './customer-account.ts';

/** A link that meets its other side at this instance's server. */
export type HubLink = {
  readonly link: string;
  readonly name: string;
  /** Where the other side dials, as the invitation said. */
  readonly urls: readonly string[];
  /** With what it signs in; null while nobody has answered. */
  readonly nkey: string | null;
};

/** A user of the server who is a customer. */
export type HubCustomer = {
  readonly nkey: string;
  readonly names: readonly string[];
  readonly links: readonly string[];
  readonly access: CustomerAccess;
};

/** One server as its configuration has it. */
export type PlannedServer = {
  /** `hub`, or `hub-1` to `hub-3`: its name, and what its files are called after. */
  readonly name: string;
  readonly listen: string;
  readonly port: number;
  readonly websocket: number | undefined;
  readonly monitor: number | undefined;
  readonly store: string;
  /** In a cluster: where it awaits the others, and where those are. */
  readonly cluster: { readonly port: number; readonly routes: readonly string[] } | undefined;
};

/** A hub, as data. */
export type HubPlan = {
  readonly instance: string;
  /** Where its files lie on the servers. */
  readonly at: string;
  readonly replicas: number;
  readonly tls: boolean;
  readonly maxFile: string;
  /** Names and addresses that the certificates carry. */
  readonly hosts: readonly string[];
  readonly ownKey: string;
  readonly customers: readonly HubCustomer[];
  readonly servers: readonly PlannedServer[];
  /** What the operator should know of links that this hub does not serve as they are. */
  readonly remarks: readonly string[];
};

export type HubWish = {
  /** The instance's name. */
  readonly instance: string;
  /** The public NATS key of this instance, which may do everything at its own hub. */
  readonly ownKey: string;
  readonly links: readonly HubLink[];
  readonly settings: HubSettings;
  /** Where the files are written. */
  readonly out: string;
  /** Whether a key is one the server takes; one that isn't would spoil the configuration for everybody. */
  readonly isUserKey: (key: string) => boolean;
};

/**
 * The hub that serves the given links as the operator wants it. Pure.
 *
 * @throws HubError HUB_NOWHERE, HUB_SETTING_UNFIT
 */
export function planHub(wish: HubWish): HubPlan {
  const { settings, instance, ownKey } = wish;
  const urls = wish.links.flatMap((link) => link.urls.map(parseHubUrl));
  const named = settings.servers ?? [];
  if (urls.length === 0 && named.length === 0 && settings.hosts === undefined) {
    throw new HubError('HUB_NOWHERE', 'Cannot configure a hub: no link goes by NATS and no host is named', {
      hint: 'Invite somebody with `crossgap link invite NAME --nats tls://HOST:4222 --out FILE`, or give --host HOST.',
    });
  }
  // Without TLS only where nothing but this machine is meant.
  const everyHost = [
    ...urls.map(({ host }) => host),
    ...named.map(({ host }) => host),
    ...(settings.hosts ?? []),
  ];
  const tls = urls.length === 0 ? !everyHost.every(isLoopback) : urls.some(({ clear }) => !clear);
  const listen = settings.listen ?? (everyHost.every(isLoopback) ? '127.0.0.1' : '0.0.0.0');
  if (!tls && !isLoopback(listen)) {
    throw settingUnfit(
      '--listen',
      `off loopback a server needs TLS, and the links dial this one in clear text`,
    );
  }
  const at = settings.at ?? wish.out;
  const { customers, remarks } = customersOf(wish);
  const { downBytesMax, upBytesMax } = streamLimits(settings);
  const reserved = wish.links.length * (downBytesMax + upBytesMax);
  const maxFile = settings.maxFile ?? roomFor(reserved);
  return {
    instance,
    at,
    replicas: settings.replicas ?? 1,
    tls,
    maxFile,
    // Loopback too: who comes through a tunnel, and this instance itself where the server runs beside it.
    hosts: [...new Set([...everyHost, 'localhost', '127.0.0.1', '::1'])],
    ownKey,
    customers,
    servers: serversOf(settings, urls, { at, listen }),
    remarks: [...remarks, ...clearRemarks(wish.links, tls), ...roomRemarks(reserved, maxFile)],
  };
}

function customersOf({ links, ownKey, isUserKey }: HubWish): Pick<HubPlan, 'customers' | 'remarks'> {
  const byKey = new Map<string, HubLink[]>();
  const remarks: string[] = [];
  for (const link of links) {
    if (link.nkey === null) remarks.push(`${link.name} has not answered yet: no credential to let in`);
    else if (link.nkey === ownKey || !isUserKey(link.nkey))
      remarks.push(
        `${link.name} is left out: its credential is ${link.nkey === ownKey ? "this instance's own" : 'no key of a user'}`,
      );
    else byKey.set(link.nkey, [...(byKey.get(link.nkey) ?? []), link]);
  }
  const customers = [...byKey].map(([nkey, theirs]) => {
    const sorted = theirs.toSorted((a, b) => (a.link < b.link ? -1 : 1));
    const ids = sorted.map(({ link }) => link);
    return { nkey, names: sorted.map(({ name }) => name), links: ids, access: customerAccess(ids) };
  });
  return { customers: customers.toSorted((a, b) => (a.nkey < b.nkey ? -1 : 1)), remarks };
}

/** A change of this wants a restart, so there is room for as many customers again, and it grows by large steps. */
function roomFor(reserved: number): string {
  return ['100GB', '1TB', '10TB'].find((size) => sizeBytes(size) >= 2 * reserved) ?? '100TB';
}

function roomRemarks(reserved: number, maxFile: string): string[] {
  if (reserved <= sizeBytes(maxFile)) return [];
  const gigabytes = Math.ceil(reserved / 2 ** 30);
  return [
    `the links together reserve ${gigabytes}GB and the server may take ${maxFile}: give --max-file more, or --down and --up less`,
  ];
}

function clearRemarks(links: readonly HubLink[], tls: boolean): string[] {
  if (!tls) return [];
  return links
    .filter(({ urls }) => urls.every((url) => parseHubUrl(url).clear))
    .map(
      ({ name, urls }) =>
        `${name} dials ${urls.join(', ')} in clear text, which this hub refuses: invite it again`,
    );
}

function serversOf(
  settings: HubSettings,
  urls: readonly HubUrl[],
  { at, listen }: { at: string; listen: string },
): PlannedServer[] {
  const store = settings.store ?? `${at}/jetstream`;
  const websocket = portOf(settings.websocket, urls.find((url) => url.webSocket)?.port);
  const common = { listen, monitor: settings.monitor ?? undefined };
  if ((settings.replicas ?? 1) === 1) {
    if ((settings.servers ?? []).length > 1)
      throw settingUnfit('--server', 'more than one is named', 'Give --replicas 3 for a cluster.');
    const port =
      settings.port ?? settings.servers?.[0]?.port ?? urls.find((url) => !url.webSocket)?.port ?? 4222;
    return [{ ...common, name: 'hub', port, websocket, store: `${store}/hub`, cluster: undefined }];
  }
  const members = membersOf(settings, urls);
  return members.map(({ host, port, routePort }, index) => {
    // Several on one machine, as where it is tried out, can't share a port.
    const before = members.slice(0, index).filter((other) => other.host === host).length;
    const shifted = (one: number | undefined): number | undefined => (one === undefined ? one : one + before);
    const others = members.filter((_other, place) => place !== index);
    return {
      ...common,
      name: `hub-${index + 1}`,
      port,
      websocket: shifted(websocket),
      monitor: shifted(common.monitor),
      store: `${store}/hub-${index + 1}`,
      cluster: {
        port: routePort,
        routes: others.map((other) => `nats-route://${inUrl(other.host)}:${other.routePort}`),
      },
    };
  });
}

/** The servers of the cluster: as they were named, else as the links dial them. */
function membersOf({ servers, replicas }: HubSettings, urls: readonly HubUrl[]): readonly HubServer[] {
  const dialled = new Map(
    urls.filter((url) => !url.webSocket).map((url) => [`${url.host} ${url.port}`, url]),
  );
  const members =
    servers ?? [...dialled.values()].map(({ host, port }) => ({ host, port, routePort: defaultRoutePort }));
  if (members.length === replicas) return members;
  throw settingUnfit(
    '--server',
    `${replicas} copies need ${replicas} servers, and ${members.length} ${members.length === 1 ? 'is' : 'are'} ${servers === undefined ? 'dialled by the links' : 'named'}`,
    'Name each as --server HOST[:PORT[:ROUTE-PORT]].',
  );
}

export const defaultRoutePort = 6222;

function portOf(chosen: number | null | undefined, dialled: number | undefined): number | undefined {
  return chosen === undefined ? dialled : (chosen ?? undefined);
}
