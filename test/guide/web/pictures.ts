/**
 * Takes the pictures of the installer in a browser that the documentation shows: `node test/guide/web/pictures.ts`. With
 * a folder and parts of names, pictures of the example pages instead: `… /tmp/pictures inputs dark-375`.
 */
import { join } from 'node:path';
import type { Browser, Page as Window } from 'playwright-core';
import { startGuide, type ProgressLine, type Site } from '../../../src/guide/index.ts';
import { inChromium } from '../../http/chromium.ts';
import { fakeSite, goodChecks, portTaken } from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';
import { ending, examples } from './example-pages.ts';
import { scriptedGuide } from './scripted-guide.ts';
import { shown } from './visitor.ts';
import { walkThrough } from './walk.ts';

type Scheme = 'light' | 'dark';

/** Where the run stands when its picture is taken. */
const lastLine = '    8 CopyToInstallFolder done: 214 files';

const [folder, ...wanted] = process.argv.slice(2);
await inChromium((browser) => (folder === undefined ? ofAnInstall(browser) : ofTheExamples(browser, folder)));

async function ofAnInstall(browser: Browser): Promise<void> {
  const images = join(import.meta.dirname, '../../../docs/images');
  const pictures: Readonly<Record<string, readonly [name: string, scheme: Scheme, width: number]>> = {
    Database: ['inputs', 'light', 375],
    'Is this machine ready': ['checks', 'light', 1280],
    'Installing Orders 3.2.0': ['running', 'dark', 1280],
  };
  const checks = [
    ...goodChecks,
    { ...portTaken, state: 'note', hint: 'It is ended by the first step.' } as const,
  ];
  const held = Promise.withResolvers<void>();
  const site = runningSlowly(fakeSite({ checks: [checks] }), held.promise);
  await using web = await shown(startGuide(site, asked), { lingerMs: 60_000 });
  const window = await browser.newPage();
  const take = async (title: string): Promise<void> => {
    const [name, scheme, width] = pictures[title] ?? [];
    if (name === undefined || scheme === undefined || width === undefined) return;
    await window.setViewportSize({ width, height: width === 375 ? 680 : 780 });
    await window.emulateMedia({ colorScheme: scheme });
    await window.screenshot({ path: join(images, `installer-web-${name}-${scheme}-${width}.png`) });
  };
  const running = window
    .locator('.lines li', { hasText: lastLine })
    .waitFor()
    .then(() => take('Installing Orders 3.2.0'))
    .then(held.resolve);
  await window.goto(web.url);
  await walkThrough(window, take);
  await running;
}

/** The site, with a run that tells what one of three steps tells, and goes on when that was seen. */
function runningSlowly(site: Site, seen: Promise<void>): Site {
  const told: ProgressLine[] = [
    { tone: 'strong', text: 'step 1 Stop service' },
    { tone: 'plain', text: '    | orders.service stopped' },
    { tone: 'good', text: 'step 1 Stop service: succeeded' },
    { tone: 'strong', text: 'step 2 Db' },
    { tone: 'plain', text: '    1 ExtractPackage done: 12 files' },
    { tone: 'plain', text: '    5 SubstituteInFiles done: 2 files' },
    { tone: 'plain', text: '    | schema 41 becomes 42' },
    { tone: 'good', text: 'step 2 Db: succeeded' },
    { tone: 'strong', text: 'step 3 Web' },
    { tone: 'plain', text: '    1 ExtractPackage done: 214 files' },
    { tone: 'plain', text: lastLine },
  ];
  return {
    ...site,
    async run(work, hooks) {
      told.forEach(hooks.tell);
      hooks.progress({ what: 'Steps', done: 2, of: 3 });
      await seen;
      return await site.run(work, hooks);
    },
  };
}

async function ofTheExamples(browser: Browser, into: string): Promise<void> {
  for (const [name, page] of [...Object.entries(examples), ['ending', undefined] as const])
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [1280, 375]) {
        const picture = `${name}-${scheme}-${width}`;
        if (!wanted.every((part) => picture.includes(part))) continue;
        const guide = scriptedGuide(examples.verifying);
        await using web = await shown(guide, { lingerMs: 60_000 });
        for (const before of Object.values(examples)) {
          guide.show(before);
          if (before === page) break;
        }
        const window = await browser.newPage({
          viewport: { width, height: width === 375 ? 800 : 860 },
          colorScheme: scheme,
          deviceScaleFactor: width === 375 ? 2 : 1,
        });
        await look(window, web.url);
        if (page === undefined) {
          guide.finish(ending);
          await window.locator('main[data-over]').waitFor();
        }
        await window.screenshot({ path: join(into, `${picture}.png`), fullPage: true });
        await window.close();
      }
}

async function look(window: Window, url: string): Promise<void> {
  await window.goto(url);
  await window.locator('body[data-live]').waitFor();
}
