import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeVendor, secret } from '../../cli/site/vendor.ts';
import { freshFolder, personAt } from '../../cli/typed.ts';
import { inChromium } from '../../http/chromium.ts';
import { requires } from '../../support/requires.ts';
import { walkThrough } from './walk.ts';

const root = freshFolder();

test.runIf(requires('chromium', 'an installation in a browser, of a real release'))(
  'J2.9 a release is installed in a browser, and what is typed there is in no page and in nothing that is told',
  async () => {
    const vendor = await makeVendor(root);
    await vendor.invite('plant');
    await vendor.release('1.0.0', { more: 'for n in $(seq 1 40); do echo line $n; sleep 0.02; done' });
    const bundle = await vendor.bundle('plant', '1.0.0');
    const { words } = (await vendor.asks(['identity', 'show'])) as { words: string };

    const address = Promise.withResolvers<string>();
    let talked = '';
    const installed = personAt(join(root, 'site')).types(
      ['install', bundle, '--web', '--result', join(root, 'result.cgx')],
      {
        onTalk(text) {
          talked += text;
          const url = /http:\/\/127\.0\.0\.1:\d+\/start\/\S+/.exec(talked)?.[0];
          if (url !== undefined) address.resolve(url);
        },
      },
    );
    const pages: string[] = [];
    let titles: readonly string[] = [];
    await inChromium(async (browser) => {
      const window = await browser.newPage();
      window.on(
        'response',
        (answer) =>
          void answer.text().then(
            (text) => pages.push(text),
            () => undefined,
          ),
      );
      await window.goto(await address.promise);
      const seen = async (): Promise<void> => void pages.push(await window.content());
      titles = await walkThrough(window, seen, { words, password: secret });
    });
    const { exitCode, stdout, stderr } = await installed;
    expect([exitCode, titles.at(-1)]).toEqual([
      0,
      expect.stringMatching(/^Orders 1\.0\.0 is installed in production/),
    ]);
    expect(pages.length).toBeGreaterThan(titles.length);
    for (const text of [...pages, stdout, stderr]) expect(text).not.toMatch(/tr0ub4dor/);
    expect(readFileSync(vendor.marks, 'utf8')).toBe('stop\ndeploy\nstart\n');
    expect(readFileSync(join(root, 'result.cgx')).length).toBeGreaterThan(1000);
  },
);
