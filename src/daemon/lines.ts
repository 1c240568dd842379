import { streamLimits } from '../hub/index.ts';
import { readNatsKey, type Instance } from '../instance/index.ts';
import type { LinkTransport } from '../events/index.ts';
import type { Logger } from '../log.ts';
import { readAnsweredLinks, type AnsweredLink } from '../projections/index.ts';
import {
  folderTransport,
  overNats,
  type Exchange,
  type HubConnection,
  type HubState,
  type Transport,
} from '../sync/index.ts';
import { formerHubLinks, hubSettingsOf, ownHubWay } from './own-hub.ts';

/** The links that are kept going: who is at the other end is known, there is a line, and nobody removed it. */
export function syncedLinks({ db }: Instance): SyncedLink[] {
  return readAnsweredLinks(db).filter(hasLine);
}

/** What is kept of a link for as long as it is kept going; there may be thousands. */
export type SyncedLink = AnsweredLink;

function hasLine({ transport, nkey }: SyncedLink): boolean {
  // At our own server nobody is let in who has not told with which key.
  return transport.kind === 'folder' || (transport.kind === 'nats' && (!transport.hub || nkey !== null));
}

/** The lines of all links; those to one NATS server with one credential share a connection. */
export interface Lines extends AsyncDisposable {
  /** The line of a link, to be disposed of by itself. At our own server its streams are made where they are missing. */
  open(link: SyncedLink, signal: AbortSignal): Promise<Transport>;
  /** Makes our server ready again where an exchange found it not to be. */
  mend(link: SyncedLink, exchange: Exchange, signal: AbortSignal): Promise<void>;
  /** How the connection of a link to its NATS server is; undefined for links that have none. */
  stateOf(link: string): HubState | undefined;
}

/** At our own server thousands of pulls stand open, each to be asked for anew when its time is over. */
const ownHubPollMs = 240_000;

type NatsTransport = Extract<LinkTransport, { kind: 'nats' }>;

export function openLines(instance: Instance, log: Logger): Lines {
  const live = new Map<string, HubConnection>();
  /** Kept from one link to the next, also where each is opened after the other was closed. */
  let ownHub: Promise<HubConnection> | undefined;
  /** Whether what lies there for links that are no more is seen to. */
  let cleared = false;

  /** Thousands of links begin at once: the way there, which takes reading all of them, is found once. */
  const dialOwnHub = async (): Promise<HubConnection> => {
    try {
      const { natsConnection } = await overNats();
      return natsConnection(await ownHubWay(instance, hubSettingsOf(instance)));
    } catch (error) {
      ownHub = undefined;
      throw error;
    }
  };

  /** All links that meet at our own server share its connection; every other has one of its own. */
  const connect = async (link: string, { hub, urls, ca }: NatsTransport): Promise<HubConnection> => {
    if (hub) {
      ownHub ??= dialOwnHub();
      return (await ownHub).share();
    }
    const { natsConnection } = await overNats();
    const { proxy } = instance.settings.sync;
    const { seed } = await readNatsKey(instance.folder);
    return natsConnection({
      urls,
      seed,
      // Our credential reads its answers under the link's own prefix only.
      inboxPrefix: `_INBOX_${link}`,
      name: instance.identity.name,
      ...(ca !== undefined && { ca }),
      ...(proxy !== undefined && { proxy }),
    });
  };

  const prepare = async (link: SyncedLink, connection: HubConnection, signal: AbortSignal): Promise<void> => {
    const isToClear = !cleared;
    // The other links need not see to it meanwhile.
    cleared = true;
    try {
      const { applyHub } = await overNats();
      const limits = streamLimits(hubSettingsOf(instance));
      const removed = isToClear ? formerHubLinks(instance) : [];
      const done = await applyHub(connection, [link.link], { signal, limits, removed });
      if (Object.values(done).some((names) => names.length > 0))
        log.info({ peer: link.name, ...done }, 'hub prepared');
    } catch (error) {
      if (isToClear) cleared = false;
      // The link is tried again all the time, and says itself what hinders it.
      if (!signal.aborted) log.warn({ err: error, peer: link.name }, 'hub not prepared');
    }
  };

  return {
    async open(link, signal) {
      const { transport } = link;
      switch (transport.kind) {
        case 'hand':
          throw new Error(`link ${link.name} has no line`);
        case 'folder':
          return folderTransport({
            folder: transport.folder,
            link: link.link,
            self: instance.identity.instanceId,
            peer: link.peer ?? undefined,
            pollMs: instance.settings.sync['look-every'] * 1000,
          });
        case 'nats': {
          // The transport takes a share of its own, with which the connection ends when the last link does.
          await using connection = await connect(link.link, transport);
          live.set(link.link, connection);
          if (transport.hub) await prepare(link, connection, signal);
          const { jetstreamTransport } = await overNats();
          return jetstreamTransport({
            connection,
            link: link.link,
            side: transport.hub ? 'hub' : 'customer',
            ...(transport.hub && { pollMs: ownHubPollMs }),
            onLoss: (loss) => log.warn({ err: loss, code: loss.code, peer: link.name }, 'hub lost messages'),
          });
        }
      }
    },
    async mend(link, { failures }, signal) {
      const { transport } = link;
      const connection = live.get(link.link);
      if (transport.kind !== 'nats' || !transport.hub || connection === undefined) return;
      if (failures.some((failure) => 'code' in failure && failure.code === 'HUB_NOT_PREPARED'))
        await prepare(link, connection, signal);
    },
    stateOf: (link) => live.get(link)?.state(),
    async [Symbol.asyncDispose]() {
      await (await ownHub)?.[Symbol.asyncDispose]();
    },
  };
}
