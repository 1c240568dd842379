import { acceptInvitation, CommandError, confirm } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { invitationIn } from '../../bundles/index.ts';
import { InstanceError, readInvitation, type Instance, type Invitation } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import type { Carried } from './carried.ts';

/**
 * The invitation that a bundle brings, if it is for whoever takes that in.
 *
 * @throws InstanceError INVITATION_INVALID where it is not one of who made the bundle
 */
export function invitationOf({ newest: { facts, sender } }: Carried): Invitation | undefined {
  const text = invitationIn(facts);
  if (text === undefined) return undefined;
  const from = `in bundle ${facts.number}`;
  const invitation = readInvitation('invitation', text, from);
  const { link, introduction } = invitation;
  const { instanceId, certificate } = introduction;
  if (
    link === facts.link &&
    instanceId === facts.from.instance &&
    certificate.fingerprint === sender.fingerprint
  )
    return invitation;
  throw new InstanceError(
    'INVITATION_INVALID',
    `Cannot use the invitation ${from}: it is not one of ${facts.from.name}, who made the bundle`,
    { hint: 'Ask for a new bundle.', details: { bundle: facts.number, link } },
  );
}

/**
 * Takes an invitation in and says that the words were compared: both at once, so that nothing stays half done. A link
 * that was taken in before is confirmed.
 */
export function pairHere(instance: Instance, invitation: Invitation): void {
  const { link, introduction, introductionBytes } = invitation;
  const peer = { instanceId: introduction.instanceId, introduction: introductionBytes };
  instance.record((db) => {
    const links = readLinks(db);
    const known = links.find((one) => one.link === link);
    const name = known?.name ?? freeName(links, introduction.name);
    const taken = acceptInvitation(links, { link, name, transport: { kind: 'hand' }, peer });
    const standing = known ?? { link, name, state: 'pending' as const, peer: peer.instanceId };
    return [...taken, ...confirm(standing, introduction.certificate.fingerprint)];
  });
}

/** What this side calls the maker; another one of that name is not taken for it. */
function freeName(links: readonly LinkRow[], wanted: string): string {
  const taken = new Set(links.filter(({ state }) => state !== 'removed').map(({ name }) => name));
  for (let at = 1; ; at += 1) {
    const name = at === 1 ? wanted : `${wanted}-${at}`;
    if (!taken.has(name) && name !== 'self') return name;
  }
}

/** A pending link of this site is confirmed, its maker being believed now. */
export function confirmHere(instance: Instance, link: string, fingerprint: string): void {
  instance.record((db: Database) => {
    const known = readLinks(db).find((one) => one.link === link);
    if (known === undefined)
      throw new CommandError('LINK_UNKNOWN', `Cannot confirm link ${link}: there is none here`, {
        hint: 'Start the installer of who made it.',
        details: { link },
      });
    return confirm(known, fingerprint);
  });
}
