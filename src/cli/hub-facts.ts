import { join } from 'node:path';
import { readHubSettings, type HubLink, type HubSettings } from '../hub/index.ts';
import type { Instance } from '../instance/index.ts';
import { readLinks } from '../projections/index.ts';

/** Where what was chosen for the hub is remembered. */
export function hubSettingsFile({ folder }: Instance): string {
  return join(folder.root, 'hub.json');
}

export function hubSettingsOf(instance: Instance): HubSettings {
  return readHubSettings(hubSettingsFile(instance));
}

/** The links whose other side comes to this instance's own NATS server, answered or not. */
export function hubLinks(instance: Instance): HubLink[] {
  return readLinks(instance.db).flatMap(({ link, name, state, transport, nkey }) =>
    state !== 'removed' && transport.kind === 'nats' && transport.hub
      ? [{ link, name, urls: transport.urls, nkey }]
      : [],
  );
}
