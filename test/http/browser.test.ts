import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StatusView } from '../../src/projections/index.ts';
import { requires } from '../support/requires.ts';
import { startChromium } from './chromium.ts';
import { contrast } from '../web/contrast.ts';
import { openAll, textColours, type SeenText } from '../web/seen-texts.ts';
import { acme, contoso, fabrikam, reported } from './example-views.ts';
import { exampleSource, type ExampleSource } from './example-source.ts';
import { everyText, payloads } from './hostile-views.ts';
import { serve } from './serve.ts';

const both: StatusView = {
  ...acme,
  offers: contoso.offers,
  missingInputs: contoso.missingInputs,
  deployments: [reported, ...contoso.deployments, ...acme.deployments],
};

describe.runIf(requires('chromium', 'what a browser makes of the status page'))('in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
  });

  /** Opens `path` of a server that shows `view`; `use` looks at it. */
  async function looking(
    view: StatusView,
    options: BrowserContextOptions & { readonly path?: string },
    use: (page: Page, source: ExampleSource, close: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const source = exampleSource(view);
    await using server = await serve(source, { limits: { gatherMs: 5, retryMs: 20 } });
    const { path = '/', ...context } = options;
    const page = await browser.newPage(context);
    const troubles: string[] = [];
    page.on('pageerror', (error) => troubles.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith(server.address)) troubles.push(`asked for ${request.url()}`);
    });
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) troubles.push(message.text());
    });
    try {
      await page.goto(server.address + path);
      await use(page, source, server.close);
    } finally {
      await page.close();
    }
    expect(troubles).toEqual([]);
  }

  test('a change appears without a reload, and focus, scroll position and what is open stay', async () => {
    await looking(contoso, { viewport: { width: 900, height: 600 } }, async (page, source) => {
      await page.locator('#live.on').waitFor();
      await page.evaluate('window.sameWindow = true');
      const details = page.locator('#deployments details');
      await details.nth(1).locator('summary').click();
      const focused = (): Promise<string> =>
        page.evaluate<string>('document.activeElement.closest(`details`)?.id');
      const before = [await focused(), await page.evaluate<number>('scrollY')];
      expect(before[1]).toBeGreaterThan(0);
      const environments = contoso.environments.map((one) => ({ ...one, name: `${one.name}-renamed` }));
      source.show({ ...contoso, environments });
      await page.locator('#environments h3', { hasText: 'production-renamed' }).waitFor();
      expect(await page.evaluate('window.sameWindow')).toBe(true);
      expect(await details.nth(1).getAttribute('open')).not.toBeNull();
      expect(await details.nth(0).getAttribute('open')).toBeNull();
      expect([await focused(), await page.evaluate<number>('scrollY')]).toEqual(before);
    });
  });

  test('the words in the header follow too', async () => {
    await looking(fabrikam, {}, async (page, source) => {
      await page.locator('#live.on').waitFor();
      expect(await page.locator('#health').innerText()).toBe('all is well');
      source.readyWhen({ ready: false, checks: [{ name: 'log', state: 'waiting', detail: 'verifying' }] });
      await page.locator('#health', { hasText: 'starting' }).waitFor();
    });
  });

  test('text that is being selected is not taken away; the change comes when it is let go', async () => {
    await looking(contoso, {}, async (page, source) => {
      await page.locator('#live.on').waitFor();
      await page.locator('#offers code').first().click();
      const selected = (): Promise<string> => page.evaluate<string>('String(getSelection())');
      expect(await selected()).toBe('crossgap input set ConnectionStrings.Ledger --env uat --secret');
      await page.evaluate(`new Promise((greeted) => {
        const second = new EventSource('/events');
        window.told = new Promise((done) => second.addEventListener('change', () => done()));
        second.addEventListener('hello', () => greeted());
      })`);
      source.show({ ...contoso, missingInputs: [] });
      await page.evaluate('window.told');
      expect(await page.locator('#offers code').count()).toBe(3);
      await page.evaluate('getSelection().empty()');
      await page.locator('#offers code').nth(2).waitFor({ state: 'detached' });
      expect(await page.locator('#offers code').count()).toBe(2);
    });
  });

  test('when the stream is lost the page says since when, and catches up when it is back', async () => {
    await looking(contoso, {}, async (page, _, close) => {
      await page.locator('#live.on', { hasText: /^live$/ }).waitFor();
      await close();
      await page.locator('#live.lost', { hasText: /^not live since \d\d:\d\d:\d\d$/ }).waitFor();
      expect(await page.locator('#offers h3').count()).toBe(2);
      const port = Number(new URL(page.url()).port);
      await using _again = await serve(exampleSource({ ...contoso, offers: contoso.offers.slice(1) }), {
        port,
      });
      await page.locator('#live.on', { hasText: /^live$/ }).waitFor();
      await page.locator('#offers h3').nth(1).waitFor({ state: 'detached' });
      expect(await page.locator('#offers h3').innerText()).toBe('Orders 1.1.0');
    });
  });

  test('without scripts the page is whole and opens its details', async () => {
    await looking(contoso, { javaScriptEnabled: false }, async (page) => {
      expect(await page.locator('main section').count()).toBe(7);
      await page.locator('#deployments details').nth(1).locator('summary').click();
      await page.locator('.failed-here', { hasText: 'Deploy scripts' }).first().waitFor({ state: 'visible' });
      expect(await page.locator('#live').innerText()).toBe('2026-03-03 14:05:11 UTC');
    });
  });

  test('T-82 payloads in every text do nothing', async () => {
    const payload = payloads.join(' ');
    await looking(
      everyText(both, () => payload),
      {},
      async (page, source) => {
        await page.locator('#live.on').waitFor();
        source.show(everyText(both, (own) => own + payload));
        await page.locator('#main[data-stamp$="-1"]').waitFor();
        expect(await page.evaluate<boolean>('`hit` in window')).toBe(false);
        expect(await page.locator('main script, main iframe, main img, main style, main base').count()).toBe(
          0,
        );
      },
    );
  });

  test.each([
    { name: 'vendor', view: acme, path: '/' },
    { name: 'customer', view: contoso, path: '/' },
    { name: 'empty', view: fabrikam, path: '/' },
    { name: 'deployment', view: contoso, path: `/deployments/${contoso.deployments[1]!.id}` },
    { name: 'told deployment', view: both, path: `/deployments/${reported.id}` },
    { name: 'link', view: contoso, path: '/links/acme' },
    {
      name: 'long words',
      view: everyText(both, (own) => (/^\d{4}-/.test(own) ? own : `${own}${'W'.repeat(120)}`)),
      path: '/',
    },
  ])('at 375 px the $name page is not wider than the screen', async ({ view, path }) => {
    await looking(view, { path, viewport: { width: 375, height: 800 } }, async (page) => {
      await page.evaluate(openAll);
      const wide = await page.evaluate<unknown>(`[
        document.documentElement.scrollWidth,
        ...[...document.querySelectorAll('main *')]
          .filter((one) => one.getBoundingClientRect().right > 376 && !one.closest('.unseen, thead'))
          .map((one) => one.outerHTML.slice(0, 120)),
      ]`);
      expect(wide).toEqual([375]);
    });
  });

  test('with the keyboard alone every link, button, field and detail is reached, in reading order', async () => {
    const many = Array.from({ length: 12 }, (_, n) => ({ ...acme.fleet[0]!, customer: `customer-${n}` }));
    await looking({ ...both, fleet: many }, {}, async (page) => {
      const all = await page.evaluate<number>(`(() => {
        const wanted = [...document.querySelectorAll('a[href], summary, button, input')];
        const seen = wanted.filter((one) => one.checkVisibility());
        seen.forEach((one, at) => (one.dataset.at = String(at)));
        return seen.length;
      })()`);
      expect(all).toBeGreaterThan(40);
      const order: number[] = [];
      for (let n = 0; n < all; n += 1) {
        await page.keyboard.press('Tab');
        order.push(await page.evaluate<number>('Number(document.activeElement?.dataset.at ?? -1)'));
      }
      expect(order).toEqual(Array.from({ length: all }, (_, n) => n));
      await page.locator('#deployments summary').first().focus();
      await page.keyboard.press('Enter');
      expect(await page.locator('#deployments details').first().getAttribute('open')).not.toBeNull();
      await page.locator('.skip').focus();
      await page.keyboard.press('Enter');
      expect(await page.evaluate('document.activeElement.id')).toBe('main');
    });
  });

  test.each(['light', 'dark'] as const)(
    'every text is read with the contrast of WCAG AA, %s',
    async (colorScheme) => {
      for (const { view, path } of [
        { view: both, path: '/' },
        { view: both, path: `/deployments/${reported.id}` },
        { view: fabrikam, path: '/' },
      ])
        await looking(view, { colorScheme, path }, async (page) => {
          await page.locator('#live.on').waitFor();
          await page.evaluate(openAll);
          const texts = await page.evaluate<SeenText[]>(textColours);
          expect(texts.length).toBeGreaterThan(50);
          const poor = texts.filter(({ colour, ground }) => contrast(colour, ground) < 4.5);
          expect(poor).toEqual([]);
        });
    },
  );

  test('nothing moves once the page is drawn', async () => {
    await looking(contoso, { viewport: { width: 1180, height: 900 } }, async (page) => {
      await page.locator('#live.on').waitFor();
      // A slow browser paints a page while it still reads it; drawn it is when all of it was read.
      const shift = await page.evaluate<number>(`new Promise((resolve) => {
        const read = performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd;
        new PerformanceObserver((list) => {
          const after = list.getEntries().filter((entry) => entry.startTime > read);
          resolve(after.reduce((sum, entry) => sum + entry.value, 0));
        }).observe({ type: 'layout-shift', buffered: true });
        requestAnimationFrame(() => requestAnimationFrame(() => resolve(0)));
      })`);
      expect(shift).toBeLessThan(0.001);
    });
  });
});
