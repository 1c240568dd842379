import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';
import { patienceMs } from '../support/patience.ts';

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => existsSync(path));

/** Starts the system's Chromium with a fresh profile and nothing that talks to anybody, and ends it afterwards. */
export async function startChromium(): Promise<Browser> {
  const browser = await chromium.launch({
    ...(executablePath === undefined ? {} : { executablePath }),
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    timeout: patienceMs,
  });
  browser.on('context', (context) => context.setDefaultTimeout(patienceMs));
  return browser;
}

/** `use` with a Chromium that lives as long as it. */
export async function inChromium(use: (browser: Browser) => Promise<void>): Promise<void> {
  const browser = await startChromium();
  try {
    await use(browser);
  } finally {
    await browser.close();
  }
}
