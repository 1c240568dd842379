import type { Database } from '../db/index.ts';
import type { LinkRow } from './link-board.ts';

type Named = Pick<LinkRow, 'link' | 'name' | 'state'>;

/** What each link is called, by its id: a removed one also by the beginning of that, since its name may be taken again. */
export function linkNames(links: readonly Named[]): ReadonlyMap<string, string> {
  return new Map(links.map((link) => [link.link, nameOf(link)]));
}

/** The same for one link after the other, each read when it is asked for; null for none. */
export function prepareLinkNames(
  db: Database,
): (link: string) => { readonly name: string | null; readonly isRemoved: boolean } {
  const one = db.prepare<[string], Named>('SELECT link, name, state FROM link WHERE link = ?');
  return (link) => {
    const row = one.get(link);
    return { name: row === undefined ? null : nameOf(row), isRemoved: row?.state === 'removed' };
  };
}

function nameOf({ link, name, state }: Named): string {
  return state === 'removed' ? `${name} (removed, ${link.slice(0, 8)})` : name;
}

/** The link of this name or id: the living one, where several had the name. */
export function linkCalled<Link extends Named>(links: readonly Link[], named: string): Link | undefined {
  return livingFirst(links).find(({ link, name }) => name === named || link === named);
}

/** The same links, those that were removed behind the others. */
export function livingFirst<Link extends Pick<LinkRow, 'state'>>(links: readonly Link[]): Link[] {
  return links.toSorted((a, b) => Number(a.state === 'removed') - Number(b.state === 'removed'));
}
