import type { Instance } from '../instance/index.ts';
import { readLinks, type LinkRow } from '../projections/index.ts';
import { folderTransport, type Transport } from '../sync/index.ts';

/** The links that are kept going: who is at the other end is known, there is a line, and nobody removed it. */
export function syncedLinks({ db }: Instance): LinkRow[] {
  return readLinks(db).filter(
    ({ state, peer, transport }) => state !== 'removed' && peer !== null && transport.kind !== 'hand',
  );
}

/** The line of a link. */
export function transportOf(instance: Instance, link: LinkRow): Transport {
  const { transport } = link;
  if (transport.kind !== 'folder') throw new Error(`there is no line of kind ${transport.kind}`);
  return folderTransport({
    folder: transport.folder,
    link: link.link,
    self: instance.identity.instanceId,
    peer: link.peer ?? undefined,
    pollMs: instance.settings.sync['look-every'] * 1000,
  });
}
