import type { LinkRow } from './link-board.ts';

type Named = Pick<LinkRow, 'link' | 'name' | 'state'>;

/** What each link is called, by its id: a removed one also by the beginning of that, since its name may be taken again. */
export function linkNames(links: readonly Named[]): ReadonlyMap<string, string> {
  return new Map(
    links.map(({ link, name, state }) => [
      link,
      state === 'removed' ? `${name} (removed, ${link.slice(0, 8)})` : name,
    ]),
  );
}

/** The link of this name or id: the living one, where several had the name. */
export function linkCalled<Link extends Named>(links: readonly Link[], named: string): Link | undefined {
  return livingFirst(links).find(({ link, name }) => name === named || link === named);
}

/** The same links, those that were removed behind the others. */
export function livingFirst<Link extends Pick<LinkRow, 'state'>>(links: readonly Link[]): Link[] {
  return links.toSorted((a, b) => Number(a.state === 'removed') - Number(b.state === 'removed'));
}
