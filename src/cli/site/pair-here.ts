import { CommandError, confirm } from '../../commands/index.ts';
import type { Instance, Invitation } from '../../instance/index.ts';
import { readLinks, type LinkRow } from '../../projections/index.ts';
import { takingInvitation } from '../links/take-invitation.ts';

/**
 * Takes an invitation in and says that the words were compared: both at once, so that nothing stays half done. A link
 * that was taken in before is confirmed.
 */
export function pairHere(instance: Instance, invitation: Invitation): void {
  instance.record((db) => {
    const links = readLinks(db);
    const known = links.find(({ link }) => link === invitation.link);
    const name = known?.name ?? freeName(links, invitation.introduction.name);
    return takingInvitation(invitation, { name, transport: { kind: 'hand' }, isCompared: true })(db);
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
  instance.record((db) => {
    const known = readLinks(db).find((one) => one.link === link);
    if (known === undefined)
      throw new CommandError('LINK_UNKNOWN', `Cannot confirm link ${link}: there is none here`, {
        hint: 'Start the installer of who made it.',
        details: { link },
      });
    return confirm(known, fingerprint);
  });
}
