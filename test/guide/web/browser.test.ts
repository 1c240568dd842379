import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, Page as Window } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page, ProgressLine } from '../../../src/guide/index.ts';
import type { WebGuide } from '../../../src/guide/web/index.ts';
import { startChromium } from '../../http/chromium.ts';
import { requires } from '../../support/requires.ts';
import { contrast } from '../../web/contrast.ts';
import { openAll, textColours, type SeenText } from '../../web/seen-texts.ts';
import { ending, examples } from './example-pages.ts';
import { aField, aPage, scriptedGuide, type ScriptedGuide } from './scripted-guide.ts';
import { theSecret } from '../support/fake-site.ts';
import { shown } from './visitor.ts';
import { aWalk, walkThrough } from './walk.ts';

type Looking = {
  readonly guide: ScriptedGuide;
  readonly web: WebGuide;
  readonly window: Window;
};

describe.runIf(requires('chromium', 'what a browser makes of the installer’s pages'))('in Chromium', () => {
  let browser: Browser;
  /** Each guide is below a path of its own, so one browser may have come in to many. */
  let visitor: BrowserContext;
  beforeAll(async () => {
    browser = await startChromium();
    visitor = await browser.newContext();
  });
  afterAll(async () => {
    await browser.close();
  });

  /** A window that came in by the one-time address, and that asks no other server for anything. */
  async function looking(
    { first = aPage(), width = 1280, height = 860 }: { first?: Page; width?: number; height?: number },
    use: (looking: Looking) => Promise<void>,
  ): Promise<void> {
    const guide = scriptedGuide(first);
    await using web = await shown(guide, { lingerMs: 60_000 });
    const window = await visitor.newPage();
    const troubles: string[] = [];
    window.on('pageerror', (error) => troubles.push(String(error)));
    window.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) troubles.push(message.text());
    });
    window.on('request', (request) => {
      if (!request.url().startsWith(new URL(web.url).origin)) troubles.push(`asked for ${request.url()}`);
    });
    try {
      await window.setViewportSize({ width, height });
      await window.goto(web.url);
      await titled(window, first.title);
      await window.locator('body[data-live]').waitFor();
      await use({ guide, web, window });
    } finally {
      await window.close();
    }
    expect(troubles).toEqual([]);
  }

  const titled = (window: Window, title: string): Promise<void> =>
    window.locator('h1#title', { hasText: title }).waitFor();
  const focused = (window: Window): Promise<string> => window.evaluate('document.activeElement.id');

  test('with the keyboard alone everything is filled in and chosen, in reading order', async () => {
    await looking({ first: examples.release }, async ({ guide, window }) => {
      guide.onSaid(({ action }) =>
        guide.show(guide.said.length === 1 ? examples.inputs : aPage({ title: `After ${action}` })),
      );
      await window.keyboard.press('Enter');
      await titled(window, 'Database and site');
      const reached: (string | null)[] = [];
      for (let n = 0; n < 14; n += 1) {
        await window.keyboard.press('Tab');
        reached.push(
          await window.evaluate<string | null>(
            'document.activeElement.labels?.[0]?.innerText ?? document.activeElement.innerText',
          ),
        );
      }
      expect(reached.map((name) => name?.replace(/\s+optional$/, '').trim())).toEqual(
        [
          'Skip to the page',
          'Main database',
          'Show',
          'Key of the payment service',
          'Port',
          'Folder',
          'Mail server',
          'Yes',
          'Warning',
        ].concat(['Region', 'Go on', 'Try the database', 'Back', 'Leave']),
      );
      await window.locator('#field-0').focus();
      await window.keyboard.type('Server=db;Password=hunter2');
      await window.keyboard.press('Enter');
      await titled(window, 'After next');
      expect(guide.said[1]).toMatchObject({
        action: 'next',
        values: {
          'ConnectionStrings.Main': 'Server=db;Password=hunter2',
          'Site.Port': '8080',
          Tls: 'true',
        },
      });
    });
  });

  test('what is wrong is listed at the top, is read out first, and leads to its field', async () => {
    await looking({ first: examples.inputs }, async ({ guide, window }) => {
      guide.onSaid(() => guide.show(examples['inputs-wrong']));
      await window.locator('#field-2').press('Enter');
      await window.locator('#problems').waitFor();
      expect(await focused(window)).toBe('problems');
      await window.locator('#problems a').nth(1).click();
      expect(await focused(window)).toBe('field-2');
      expect(await window.locator('#field-2').inputValue()).toBe('80800');
    });
  });

  test('where a person must decide, Enter does nothing, and a choice is sent once', async () => {
    const decision = { ...examples.decision, fields: [aField({ name: 'by', label: 'Name' })] };
    await looking({ first: decision }, async ({ guide, window }) => {
      await window.keyboard.press('Enter');
      await window.locator('#field-0').fill('Jo');
      await window.locator('#field-0').press('Enter');
      guide.onSaid(() => guide.show(examples.running));
      await window.locator('button', { hasText: 'Start over' }).dblclick();
      await titled(window, 'Installing');
      expect(guide.said).toEqual([{ action: 'start-over', values: { by: 'Jo' } }]);
    });
  });

  test('a secret is shown while its button says so, and is in no page afterwards', async () => {
    await looking({ first: examples.inputs }, async ({ guide, window }) => {
      const field = window.locator('#field-0');
      await field.fill('hunter2');
      expect(await field.getAttribute('type')).toBe('password');
      await window.getByRole('button', { name: 'Show Main database' }).click();
      expect(await field.getAttribute('type')).toBe('text');
      await window.getByRole('button', { name: 'Hide Main database' }).click();
      expect(await field.getAttribute('type')).toBe('password');
      expect(await window.locator('button.show').count()).toBe(1);
      const wrong = examples['inputs-wrong'];
      guide.onSaid(() =>
        guide.show({ ...wrong, fields: wrong.fields.map((one) => ({ ...one, isKept: one.secret })) }),
      );
      await window.getByRole('button', { name: 'Go on' }).click();
      await window.locator('#problems').waitFor();
      expect(await field.inputValue()).toBe('');
      expect(await window.content()).not.toContain('hunter2');
    });
  });

  test('progress comes in by itself, and what a person does meanwhile stays', async () => {
    const lines = (number: number): ProgressLine[] =>
      Array.from({ length: number }, (_, n) => ({ tone: 'plain', text: `convention ${n}` }));
    const running = (number: number): Page => ({
      ...examples.running,
      blocks: [
        { kind: 'progress', done: { what: `Step ${number}`, done: number, of: 1000 }, lines: lines(number) },
        {
          kind: 'verbatim',
          title: 'A script',
          text: lines(40)
            .map(({ text }) => text)
            .join('\n'),
        },
        { kind: 'text', text: `Shown ${number} times` },
      ],
      fields: [aField({ name: 'note', label: 'Note' })],
    });
    await looking({ first: running(60), width: 1280, height: 900 }, async ({ guide, window }) => {
      await window.evaluate(`(() => {
        window.sameWindow = true;
        window.firstLine = document.querySelector('.lines li');
        window.shift = 0;
        new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value)))
          .observe({ type: 'layout-shift' });
      })()`);
      await window.locator('#field-0').fill('half a no');
      await window.locator('summary').click();
      await window.locator('#field-0').focus();
      await window.evaluate(
        'new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))',
      );
      await window.evaluate('window.shift = 0');
      guide.show(running(61));
      guide.show(running(90));
      await window.locator('.lines li').nth(89).waitFor();
      await window.locator('.what', { hasText: 'Step 90' }).waitFor();
      await window.locator('.text', { hasText: 'Shown 90 times' }).waitFor();
      expect(
        await window.evaluate(`[
          window.sameWindow, window.firstLine.isConnected, document.querySelector('progress').value,
          !document.querySelector('details').open, document.activeElement.id, document.activeElement.value,
          document.querySelector('.lines').scrollTop, window.shift,
        ]`),
      ).toEqual([true, true, 9, true, 'field-0', 'half a no', 0, 0]);
      const last = await window.locator('.lines li').last().boundingBox();
      const box = await window.locator('.lines').boundingBox();
      expect(last!.y + last!.height).toBeLessThanOrEqual(box!.y + box!.height);
    });
  });

  test('the next page comes in by itself, and is where the reader then is', async () => {
    await looking({ first: examples.running, width: 1280, height: 500 }, async ({ guide, window }) => {
      await window.evaluate('scrollTo(0, 400)');
      guide.show(examples.checks);
      await titled(window, 'Checks');
      expect([await focused(window), await window.evaluate('scrollY'), await window.title()]).toEqual([
        'title',
        0,
        'Checks – orders-3.2.0-installer',
      ]);
      expect(await window.locator('#trail [aria-current]').innerText()).toContain('Checks');
      guide.onSaid(({ action }) => guide.show(aPage({ title: `After ${action}` })));
      await window.keyboard.press('Enter');
      await titled(window, 'After again');
    });
  });

  test('two windows show the same, the one that answers later is told, and one that is closed can be opened again', async () => {
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide);
    const context = await browser.newContext({ javaScriptEnabled: false });
    try {
      const [window, other] = [await context.newPage(), await context.newPage()];
      await window.goto(web.url);
      await titled(window, 'Orders 3.2.0');
      await other.goto(web.url);
      await other.locator('h1', { hasText: 'used already' }).waitFor();
      await other.getByRole('link').click();
      await titled(other, 'Orders 3.2.0');
      guide.onSaid(() => guide.show(aPage({ title: 'Summary' })));
      await window.getByRole('button', { name: 'Go on' }).click();
      await titled(window, 'Summary');
      await other.getByRole('button', { name: 'Leave' }).click();
      await other.locator('#late').waitFor();
      await titled(other, 'Summary');
      expect(guide.said).toEqual([{ action: 'next', values: {} }]);
      const place = window.url();
      await window.close();
      guide.show(aPage({ title: 'Checks' }));
      await other.goto(place);
      await titled(other, 'Checks');
      expect([guide.said.length, guide.endsAsked]).toEqual([1, 0]);
    } finally {
      await context.close();
    }
  });

  test('T-80 a page of another program on this machine sees, sends and learns nothing', async () => {
    const seen: IncomingMessage[] = [];
    const evil = createServer((request, response) => {
      seen.push(request);
      response.setHeader('content-type', 'text/html');
      response.end('<!doctype html><title>evil</title>');
    });
    evil.listen(0, '127.0.0.1');
    await once(evil, 'listening');
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide);
    const window = await visitor.newPage();
    try {
      await window.goto(web.url);
      await titled(window, 'Orders');
      const { origin, pathname } = new URL(window.url());
      const form = await window.locator('input[name=form]').inputValue();
      const elsewhere = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
      for (const path of ['/start/', '/start/x', '/answer', '/page']) await window.goto(elsewhere + path);
      expect(seen.length).toBeGreaterThanOrEqual(4);
      expect(seen.filter(({ headers }) => headers.cookie !== undefined)).toEqual([]);
      expect(seen.filter(({ headers }) => headers.referer?.startsWith(origin))).toEqual([]);
      const read = await window.evaluate<string[]>(`Promise.all([
        fetch('${origin}${pathname}', { credentials: 'include' }).then((answer) => answer.text(), () => 'refused'),
        fetch('${origin}${pathname}answer', { method: 'POST', credentials: 'include', mode: 'no-cors',
          body: new URLSearchParams({ form: '${form}', action: 'next' }) }).then((answer) => String(answer.status), () => 'refused'),
        new Promise((done) => {
          const frame = document.createElement('iframe');
          frame.src = '${origin}${pathname}';
          frame.onload = () => { let text = 'refused'; try { text = frame.contentDocument?.body?.innerText ?? text; } catch {} done(text); };
          document.body.append(frame);
        }),
      ])`);
      expect(read[0]).toBe('refused');
      expect(['0', 'refused']).toContain(read[1]);
      expect(read[2]).toBe('refused');
      await window.evaluate(`(() => {
        document.body.innerHTML = '<form method=post action="${origin}${pathname}answer"><input name=form value="${form}"><input name=action value=next></form>';
        document.forms[0].submit();
      })()`);
      await window.locator('body', { hasText: 'Pages of other origins get no answer' }).waitFor();
      expect(guide.said).toEqual([]);
    } finally {
      await window.close();
      evil.close();
    }
  });

  test('when it is over the window says how it ended, and that it is', async () => {
    await looking({ first: examples.running }, async ({ guide, web, window }) => {
      guide.finish(ending);
      await titled(window, 'Orders 3.2.0 is installed');
      expect((await web.ended).exitCode).toBe(0);
      expect(await window.locator('#live').innerText()).toBe('');
      expect(await window.locator('button').count()).toBe(0);
    });
  });

  test('where the program is gone the window says since when', async () => {
    await looking({}, async ({ web, window }) => {
      await web[Symbol.asyncDispose]();
      await window.locator('#live.lost', { hasText: /^not connected since \d\d:\d\d:\d\d/ }).waitFor();
      expect(await window.locator('h1#title').innerText()).toBe('Orders 3.2.0');
    });
  });

  test('every page is read with the contrast of WCAG AA in both schemes, and fits 375 px', async () => {
    await looking({ first: examples.verifying, width: 375, height: 800 }, async ({ guide, window }) => {
      const everyPage = Object.values(examples).map((page, at): Page => {
        const long = JSON.stringify(page).replaceAll(/(Orders|Port|step)/g, `$1${'W'.repeat(90)}`);
        return { ...(JSON.parse(long) as Page), title: `${page.title}, page ${at}.` };
      });
      const troubles: unknown[] = [];
      let texts = 0;
      for (const page of everyPage) {
        guide.show(page);
        await titled(window, page.title);
        await window.evaluate(openAll);
        troubles.push(...(await window.evaluate<unknown[]>(tooWide)));
        for (const colorScheme of ['light', 'dark'] as const) {
          await window.emulateMedia({ colorScheme });
          const found = await window.evaluate<SeenText[]>(textColours);
          texts += found.length;
          troubles.push(...found.filter(({ colour, ground }) => contrast(colour, ground) < 4.5));
        }
      }
      expect(texts).toBeGreaterThan(200);
      expect(troubles).toEqual([]);
    });
  });

  // With scripts it is walked through in `real-install.long.test.ts`, over a real site.
  test('a whole install is walked through without scripts, on a narrow screen', async () => {
    const { site, guide } = aWalk();
    await using web = await shown(guide, { lingerMs: 60_000 });
    const context = await browser.newContext({
      javaScriptEnabled: false,
      viewport: { width: 375, height: 800 },
    });
    try {
      const window = await context.newPage();
      await window.goto(web.url);
      const seen: string[] = [];
      const titles = await walkThrough(window, async () => void seen.push(await window.content()));
      expect(titles).toEqual([
        'What this is',
        'Who made this file',
        'Orders 3.2.0',
        'Database',
        'Web',
        'Is this machine ready',
        'Summary',
        '3.2.0 is installed',
        'For the maker',
        'What goes to the maker',
        'What goes to the maker',
        'Orders 3.2.0 is installed in production in 4 s',
      ]);
      expect(site.kept).toEqual({
        'ConnectionStrings.Main': theSecret,
        'Site.Port': '8080',
        'Log.Level': 'Warning',
      });
      expect(site.asked).toContain('run install');
      expect(seen.filter((page) => page.includes('4711'))).toEqual([]);
    } finally {
      await context.close();
    }
    expect((await web.ended).exitCode).toBe(0);
  });
});

/** In the page: what is wider than the screen. */
const tooWide = `[...document.querySelectorAll('body *')]
  .filter((one) => one.getBoundingClientRect().right > 376 && !one.closest('.unseen, pre, .step-title'))
  .map((one) => one.outerHTML.slice(0, 120))`;
