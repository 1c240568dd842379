import type { Page } from '../page.ts';

/** The counted pages as the side of the page lists them; one that nobody can name yet has no title. */
export type Trail = readonly Step[];
export type Step = { readonly title: string | null; readonly state: 'done' | 'here' | 'ahead' };

/**
 * Remembers the counted pages. One that is not counted stands where the one before it stood, so that the list stays
 * while it is shown; what comes after the last has them all behind it. Undefined until a first one is counted.
 */
export function trail(): (page: Page) => Trail | undefined {
  const titles = new Map<number, string>();
  let last: { readonly at: number; readonly of: number } | undefined;
  return ({ place, title }) => {
    if (place !== null) {
      if (place.of !== last?.of) titles.clear();
      place.titles?.forEach((one, index) => titles.set(index + 1, one));
      titles.set(place.at, title);
      last = place;
    }
    if (last === undefined) return undefined;
    const { at, of } = last;
    const isBehind = place === null && at === of;
    return Array.from({ length: of }, (_, index): Step => {
      const step = index + 1;
      const state = step < at || isBehind ? 'done' : step === at ? 'here' : 'ahead';
      return { title: titles.get(step) ?? null, state };
    });
  };
}
