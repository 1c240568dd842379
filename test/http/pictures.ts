/**
 * Takes the pictures of the status page that the documentation shows, from the examples of this folder:
 * `node test/http/pictures.ts`. With a folder and parts of names, all pages of those names are taken whole:
 * `node test/http/pictures.ts /tmp/pictures customer`.
 */
import { join } from 'node:path';
import { silentLog } from '../../src/log.ts';
import { statusServer } from '../../src/http/index.ts';
import type { StatusView } from '../../src/projections/index.ts';
import { inChromium } from './chromium.ts';
import { exampleSource } from './example-source.ts';
import { acme, contoso, fabrikam, now } from './example-views.ts';

const views: Readonly<Record<string, StatusView>> = { vendor: acme, customer: contoso, empty: fabrikam };
const [folder = join(import.meta.dirname, '../../docs/images'), ...wanted] = process.argv.slice(2);
const kept = ['status-vendor-light-1180', 'status-customer-dark-1180'];

await inChromium(async (browser) => {
  for (const [name, view] of Object.entries(views)) {
    const clock = { now: () => Date.parse(now) };
    const listen = { host: '127.0.0.1', port: 0 };
    await using server = await statusServer({ source: exampleSource(view), listen, log: silentLog(), clock });
    for (const scheme of ['light', 'dark'] as const)
      for (const width of [1180, 375]) {
        const picture = `status-${name}-${scheme}-${width}`;
        if (!(wanted.length === 0 ? kept : wanted).some((one) => picture.includes(one))) continue;
        const page = await browser.newPage({
          viewport: { width, height: 940 },
          colorScheme: scheme,
          deviceScaleFactor: width === 375 ? 2 : 1.5,
        });
        await page.goto(server.address);
        await page.locator('#live.on').waitFor();
        if (name === 'customer' && wanted.length > 0)
          await page.locator('#deployments details').nth(1).locator('summary').click();
        await page.screenshot({ path: join(folder, `${picture}.png`), fullPage: wanted.length > 0 });
        await page.close();
      }
  }
});
