/**
 * Takes pictures of the example pages in both schemes and widths, to look at: `node test/guide/web/pictures.ts FOLDER`,
 * with parts of names to take only some: `… /tmp/pictures inputs dark-375`.
 */
import { join } from 'node:path';
import { inChromium } from '../../http/chromium.ts';
import { ending, examples } from './example-pages.ts';
import { scriptedGuide } from './scripted-guide.ts';
import { shown } from './visitor.ts';

const [folder, ...wanted] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('Say where the pictures go: node test/guide/web/pictures.ts FOLDER');

await inChromium(async (browser) => {
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
        const view = await browser.newPage({
          viewport: { width, height: width === 375 ? 800 : 860 },
          colorScheme: scheme,
          deviceScaleFactor: width === 375 ? 2 : 1,
        });
        await view.goto(web.url);
        await view.locator('h1#title').waitFor();
        if (page === undefined) {
          guide.finish(ending);
          await view.locator('main[data-over]').waitFor();
        }
        await view.screenshot({ path: join(folder, `${picture}.png`), fullPage: true });
        await view.close();
      }
});
