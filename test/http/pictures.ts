/**
 * Takes the pictures of the status page that the documentation shows, from the pages that the demo leaves up, in a
 * minute: `node test/http/pictures.ts`. With a folder and parts of names, pages of the examples are taken whole:
 * `node test/http/pictures.ts /tmp/pictures customer-dark`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { tellCrossing } from '../../src/cli/demo/crossing.ts';
import { folderWay } from '../../src/cli/demo/folder-way.ts';
import { installationFolder, programFile } from '../../src/installation.ts';
import { silentLog } from '../../src/log.ts';
import { statusServer } from '../../src/http/index.ts';
import { inChromium } from './chromium.ts';
import { exampleSource } from './example-source.ts';
import { acme, contoso, fabrikam, now } from './example-views.ts';

type Picture = { readonly scheme: 'light' | 'dark'; readonly width: number; readonly path: string };

const [folder, ...wanted] = process.argv.slice(2);
await (folder === undefined ? ofTheDemo() : ofTheExamples(folder));

async function ofTheDemo(): Promise<void> {
  const images = join(import.meta.dirname, '../../docs/images');
  const stage = mkdtempSync(join(tmpdir(), 'crossgap-pictures-'));
  const silent = { point() {}, say() {}, types() {}, sees() {} };
  try {
    await using story = await tellCrossing(
      {
        folder: stage,
        material: join(installationFolder, 'demo'),
        program: [process.execPath, programFile],
        narrator: silent,
      },
      ({ folder: place }) => folderWay(join(place, 'shared')),
    );
    const [vendor, customer] = story.pages.map(({ url }) => url);
    await inChromium(async (browser) => {
      const at = (name: string): string => join(images, `${name}-1180.png`);
      await take(browser, vendor!, { scheme: 'light', width: 1180, path: at('status-vendor-light') });
      await take(browser, customer!, { scheme: 'dark', width: 1180, path: at('status-customer-dark') });
    });
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

async function ofTheExamples(into: string): Promise<void> {
  const listen = { host: '127.0.0.1', port: 0 };
  const clock = { now: () => Date.parse(now) };
  await inChromium(async (browser) => {
    for (const [name, view] of Object.entries({ vendor: acme, customer: contoso, empty: fabrikam })) {
      const source = exampleSource(view);
      await using server = await statusServer({ source, listen, log: silentLog(), clock });
      for (const scheme of ['light', 'dark'] as const)
        for (const width of [1180, 375]) {
          const picture = `status-${name}-${scheme}-${width}`;
          if (!wanted.some((one) => picture.includes(one))) continue;
          await take(browser, server.address, { scheme, width, path: join(into, `${picture}.png`) }, true);
        }
    }
  });
}

async function take(
  browser: Browser,
  url: string,
  { scheme, width, path }: Picture,
  fullPage = false,
): Promise<void> {
  const page = await browser.newPage({
    viewport: { width, height: 940 },
    colorScheme: scheme,
    deviceScaleFactor: width === 375 ? 2 : 1.5,
  });
  await page.goto(url);
  await page.locator('#live.on').waitFor();
  await page.screenshot({ path, fullPage });
  await page.close();
}
