import type { Page as Window } from 'playwright-core';
import { startGuide, type Walk } from '../../../src/guide/index.ts';
import { fakeSite, theSecret, theWords, type FakeFacts, type FakeSite } from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';

export const aWalk = (facts: FakeFacts = {}): { readonly site: FakeSite; readonly guide: Walk } => {
  const site = fakeSite(facts);
  return { site, guide: startGuide(site, asked) };
};

/** What a person types and presses on each page, by its title, who installs and sends the result home. */
const usual: Readonly<
  Record<string, { readonly typed?: readonly [label: RegExp, text: string]; readonly button: RegExp }>
> = {
  'Who made this file': { typed: [/words/, theWords], button: /Go on/ },
  Database: { typed: [/Main database/, theSecret], button: /Go on/ },
  Summary: { button: /Install .* now/ },
  '3.2.0 is installed': { button: /Make the result file/ },
  'What goes to the maker': { button: /Done|Write the file/ },
};

/** Walks on until the guide is over, and tells the titles of the pages; `see` looks at each. */
export async function walkThrough(
  window: Window,
  see: (title: string) => Promise<void>,
): Promise<readonly string[]> {
  const titles: string[] = [];
  for (;;) {
    const asks = window.locator('#form input[name=form]');
    const over = window.locator('main[data-over]');
    await window
      .locator('main:not(:has(.progress))')
      .and(window.locator('main:has(#form), main[data-over]'))
      .waitFor();
    const title = await window.locator('h1#title').innerText();
    titles.push(title);
    await see(title);
    if ((await over.count()) > 0) return titles;
    const { typed, button } = usual[title] ?? { button: /Go on/ };
    if (typed !== undefined) await window.getByLabel(typed[0]).first().fill(typed[1]);
    const form = await asks.inputValue();
    const buttons = window.locator('#form button:not(.unseen, .show)');
    if (titles.length > 20 || (await buttons.filter({ hasText: button }).count()) === 0)
      throw new Error(`stuck at ${title}, with ${(await buttons.allInnerTexts()).join(', ')}`);
    await buttons.filter({ hasText: button }).first().click();
    // The same title may stand on the next page: that it is another one is seen by its form.
    await window.locator(`main:not(:has(input[name=form][value="${form}"]))`).waitFor();
  }
}
