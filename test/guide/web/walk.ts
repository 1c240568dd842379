import type { Page as Window } from 'playwright-core';
import { startGuide, type Walk } from '../../../src/guide/index.ts';
import { fakeSite, theSecret, theWords, type FakeFacts, type FakeSite } from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';

export const aWalk = (facts: FakeFacts = {}): { readonly site: FakeSite; readonly guide: Walk } => {
  const site = fakeSite(facts);
  return { site, guide: startGuide(site, asked) };
};

/** What only this person knows. */
export type Knows = { readonly words: string; readonly password: string };

/** What is pressed on pages of these titles; `Go on` on all others. */
const presses: readonly (readonly [title: RegExp, button: RegExp])[] = [
  [/^Summary$/, /Install .* now/],
  [/ is installed$/, /Make the result file/],
  [/^What goes to the maker$/, /Done|Write the file/],
];

/** Walks on as who installs and sends the result home, until the guide is over, and tells the titles of the pages; `see` looks at each. */
export async function walkThrough(
  window: Window,
  see: (title: string) => Promise<void>,
  { words, password }: Knows = { words: theWords, password: theSecret },
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
    const fields = {
      words: window.getByLabel('Six words'),
      password: window.getByLabel('Main database').first(),
    };
    if ((await fields.words.count()) > 0) await fields.words.fill(words);
    if ((await fields.password.count()) > 0) await fields.password.fill(password);
    const button = presses.find(([one]) => one.test(title))?.[1] ?? /Go on/;
    const form = await asks.inputValue();
    const buttons = window.locator('#form button:not(.unseen, .show)');
    if (titles.length > 20 || (await buttons.filter({ hasText: button }).count()) === 0)
      throw new Error(`stuck at ${title}, with ${(await buttons.allInnerTexts()).join(', ')}`);
    await buttons.filter({ hasText: button }).first().click();
    // The same title may stand on the next page: that it is another one is seen by its form.
    await window.locator(`main:not(:has(input[name=form][value="${form}"]))`).waitFor();
  }
}
