import type { Page } from '../page.ts';

/** The counted pages as the side of the page lists them: those not seen yet have no title. */
export type Trail = { readonly steps: readonly Step[]; readonly at: number };
export type Step = { readonly title: string | null; readonly state: 'done' | 'here' | 'ahead' };

/**
 * Remembers the titles of counted pages. A page that is not counted stands where the one before it stood, so that the
 * list stays while it is shown; undefined until a first one is counted.
 */
export function trail(): (page: Page) => Trail | undefined {
  const titles = new Map<number, string>();
  let last: { readonly at: number; readonly of: number } | undefined;
  return ({ place, title }) => {
    if (place !== null) {
      if (place.of !== last?.of) titles.clear();
      titles.set(place.at, title);
      last = place;
    }
    if (last === undefined) return undefined;
    const { at, of } = last;
    const steps = Array.from({ length: of }, (_, index): Step => {
      const step = index + 1;
      return {
        title: titles.get(step) ?? null,
        state: step < at ? 'done' : step === at ? 'here' : 'ahead',
      };
    });
    return { steps, at };
  };
}
