import {
  hubSettingsFile,
  HubError,
  ownHubUrls,
  readHubSettings,
  type HubLink,
  type HubSettings,
} from '../hub/index.ts';
import { ensureNatsKey, type Instance } from '../instance/index.ts';
import { readLinks, type LinkRow } from '../projections/index.ts';
import { overNats, type HubConnection, type HubConnectionOptions } from '../sync/index.ts';

/** What was chosen for the hub of this instance, by `hub config`. */
export function hubSettingsOf({ folder }: Instance): HubSettings {
  return readHubSettings(hubSettingsFile(folder.root));
}

/** The links whose other side comes to this instance's own NATS server, answered or not. */
export function hubLinks(instance: Instance): HubLink[] {
  return hubRows(instance).flatMap(({ link, name, state, transport, nkey }) =>
    state !== 'removed' && transport.kind === 'nats' ? [{ link, name, urls: transport.urls, nkey }] : [],
  );
}

/** Links that met there and are no more. */
export function formerHubLinks(instance: Instance): string[] {
  return hubRows(instance).flatMap(({ link, state }) => (state === 'removed' ? [link] : []));
}

function hubRows(instance: Instance): LinkRow[] {
  return readLinks(instance.db).filter(({ transport }) => transport.kind === 'nats' && transport.hub);
}

/** This instance at its own hub. @throws HubError HUB_NOWHERE where no link goes there */
export async function ownHubConnection(instance: Instance, settings: HubSettings): Promise<HubConnection> {
  const { natsConnection } = await overNats();
  return natsConnection(await ownHubWay(instance, settings));
}

/** How this instance signs in at its own hub. @throws HubError HUB_NOWHERE where no link goes there */
export async function ownHubWay(instance: Instance, settings: HubSettings): Promise<HubConnectionOptions> {
  const rows = hubRows(instance).filter(({ state }) => state !== 'removed');
  const urls = ownHubUrls(settings, hubLinks(instance));
  if (urls.length === 0) {
    throw new HubError('HUB_NOWHERE', 'Cannot reach our NATS server: no link goes by NATS', {
      hint: 'Invite somebody with `crossgap link invite NAME --nats tls://HOST:4222 --out FILE`.',
    });
  }
  const ca = rows.flatMap(({ transport }) => (transport.kind === 'nats' ? (transport.ca ?? []) : []))[0];
  return {
    urls,
    ...(ca !== undefined && { ca }),
    seed: (await ensureNatsKey(instance.folder)).seed,
    inboxPrefix: `_INBOX_${instance.identity.instanceId}`,
    name: instance.identity.name,
  };
}
