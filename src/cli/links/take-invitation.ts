import { acceptInvitation, confirm, type Decision } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import type { LinkTransport } from '../../events/index.ts';
import type { Instance, Invitation } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';

/** How an invitation is to be taken in. */
export type Taking = {
  /** What this side will call the other. */
  readonly name: string;
  readonly transport: LinkTransport;
  /** Whether a person compared the words, or said in another way that the certificate is theirs. */
  readonly isCompared: boolean;
};

/**
 * Decides that an invitation is taken in, and that the words were compared where they were. Again it changes nothing.
 * What is decided here is not recorded yet: what has to be written first can be written before.
 *
 * @throws CommandError LINK_NAME_TAKEN, LINK_ALREADY_PAIRED
 */
export function takingInvitation(
  { link, introduction, introductionBytes }: Invitation,
  { name, transport, isCompared }: Taking,
): (db: Database) => Decision {
  const peer = { instanceId: introduction.instanceId, introduction: introductionBytes };
  return (db) => {
    const links = readLinks(db);
    const known = links.find((one) => one.link === link);
    const taken = acceptInvitation(links, { link, name, transport, peer });
    const standing = known ?? { link, name, state: 'pending' as const, peer: peer.instanceId };
    return isCompared ? [...taken, ...confirm(standing, introduction.certificate.fingerprint)] : taken;
  };
}

/** Takes an invitation in and returns the link; `changed` is false where all of it was done before. */
export function takeInvitation(
  instance: Instance,
  invitation: Invitation,
  taking: Taking,
): { readonly row: LinkRow; readonly changed: boolean } {
  const entries = instance.record(takingInvitation(invitation, taking));
  const row = readLinks(instance.db).find((one) => one.link === invitation.link)!;
  return { row, changed: entries.length > 0 };
}
