import { once } from 'node:events';
import { get } from 'node:http';
import { describe, expect, test } from 'vitest';
import { aField, aPage, scriptedGuide, type ScriptedGuide } from './scripted-guide.ts';
import { ask, enter, shown, tokenIn, wordsOf, type Answer, type Visitor } from './visitor.ts';

type Place = { readonly guide: ScriptedGuide; readonly visitor: Visitor; readonly another: () => string };

/** A guide that stands at `first`, with somebody who came in. */
async function visiting(use: (place: Place) => Promise<void>, first = aPage()): Promise<void> {
  const guide = scriptedGuide(first);
  await using web = await shown(guide);
  await use({ guide, visitor: await enter(web.url), another: web.another });
}

describe('T-80 T-83 only the browser that opened the address sees the guide', () => {
  test('the one-time address lets a browser in, by a cookie that no script reads and no other page sends', async () => {
    await using web = await shown(scriptedGuide(aPage()));
    const { origin, pathname } = new URL(web.url);
    expect(origin).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(pathname).toMatch(/^\/start\/[\w-]{32}$/);
    // The whole of 127.0.0.0/8 is this machine; what is bound to more than one address answers here.
    await expect(ask(origin.replace('127.0.0.1', '127.0.0.2'), pathname)).rejects.toThrow(/ECONNREFUSED/);
    const entered = await ask(origin, pathname);
    expect(entered.status).toBe(200);
    expect(entered.headers['referrer-policy']).toBe('no-referrer');
    for (const cookie of entered.headers['set-cookie'] ?? [])
      expect(cookie).toMatch(
        /^crossgap-installer=[\w-]{32}; Path=\/[\w/-]+; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
      );
    expect(entered.text).not.toContain('Orders');
  });

  test('the address is dead after its first use, and says so', async () => {
    await using web = await shown(scriptedGuide(aPage()));
    const { origin, pathname } = new URL(web.url);
    const visitor = await enter(web.url);
    const again = await ask(origin, pathname);
    expect([again.status, again.headers['set-cookie']]).toEqual([410, undefined]);
    expect(wordsOf(again)).toContain('If it was not you, somebody else on this machine has opened the guide');
    expect(again.text).not.toContain(visitor.place);
    expect((await visitor.look()).status).toBe(200);
  });

  test('the browser that used it finds its way back from it', async () => {
    await using web = await shown(scriptedGuide(aPage()));
    const { origin, pathname } = new URL(web.url);
    const { cookie, place } = await enter(web.url);
    const again = await ask(origin, pathname, { headers: { cookie } });
    expect([again.status, again.text.includes(`href="${place}"`)]).toEqual([410, true]);
  });

  test('a guessed address leads nowhere and uses nothing up', async () => {
    await using web = await shown(scriptedGuide(aPage()));
    const { origin, pathname } = new URL(web.url);
    const last = pathname.endsWith('A') ? 'B' : 'A';
    for (const path of [pathname.slice(0, -1) + last, '/start/', '/start/x', `${pathname}/`, '/', '/answer'])
      expect([path, (await ask(origin, path)).status]).toEqual([path, 404]);
    expect((await ask(origin, pathname, { method: 'HEAD' })).status).toBe(404);
    expect((await (await enter(web.url)).look()).status).toBe(200);
  });

  test('without the cookie, or with another, there is nothing to see or to say', async () => {
    await visiting(async ({ guide, visitor: { origin, place, cookie, look, send } }) => {
      const page = await look();
      const wrong = `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'B' : 'A'}`;
      for (const headers of [
        {},
        { cookie: wrong },
        { cookie: 'crossgap-installer=' },
        { cookie: cookie.replace('-', '_') },
      ]) {
        for (const path of [place, `${place}events`, `${place}anything`])
          expect([path, (await ask(origin, path, { headers })).status]).toEqual([path, 403]);
        const sent = await send(page, 'next', {}, { headers: { cookie: '', ...headers } });
        expect([sent.status, wordsOf(sent).includes('Orders')]).toEqual([403, false]);
      }
      expect(guide.said).toEqual([]);
    });
  });

  test('nor is there where the address is spelt in another way', async () => {
    await visiting(async ({ guide, visitor: { origin, place, send, look } }) => {
      const spelt = (path: string): string =>
        path.replace(/^\/./, ([, first]) => `/%${first!.charCodeAt(0).toString(16)}`);
      for (const path of [place, `${place}events`]) expect((await ask(origin, spelt(path))).status).toBe(403);
      const sent = await send(
        await look(),
        'next',
        {},
        { headers: { cookie: '' }, path: spelt(`${place}answer`) },
      );
      expect(sent.status).toBe(403);
      expect(guide.said).toEqual([]);
    });
  });

  test('a cookie that another program of this machine put beside ours is not in the way', async () => {
    await visiting(async ({ visitor: { origin, place, cookie } }) => {
      const headers = { cookie: `crossgap-installer=theirs; ${cookie}; other=1` };
      expect((await ask(origin, place, { headers })).status).toBe(200);
    });
  });

  test('another address lets another browser in, and the one before is out', async () => {
    await visiting(async ({ visitor, another }) => {
      const [first, second] = [another(), another()];
      expect((await visitor.look()).status).toBe(200);
      expect((await ask(visitor.origin, new URL(first).pathname)).status).toBe(404);
      const other = await enter(second);
      expect([(await other.look()).status, (await visitor.look()).status]).toEqual([200, 403]);
    });
  });
});

describe('T-80 pages of other origins and other names reach nothing', () => {
  test.each([
    ['a name that was made to lead here', { host: 'evil.example' }, 403],
    ['the address with something behind it', { host: '127.0.0.1.evil.example' }, 403],
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['another program of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['an origin that is kept back', { origin: 'null' }, 403],
    [
      'a page that is not ours by its own word',
      { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
      403,
    ],
    ['another name of the same site', { 'sec-fetch-site': 'same-site', 'sec-fetch-mode': 'navigate' }, 403],
    ['a body of another kind', { 'content-type': 'text/plain' }, 415],
    ['a body of two kinds', { 'content-type': 'application/x-www-form-urlencoded, text/plain' }, 415],
    ['files', { 'content-type': 'multipart/form-data; boundary=x' }, 415],
    ['JSON', { 'content-type': 'application/json' }, 415],
  ] as const)('a form from %s is refused', async (_, headers, status) => {
    await visiting(async ({ guide, visitor }) => {
      const page = await visitor.look();
      expect((await visitor.send(page, 'next', {}, { headers })).status).toBe(status);
      expect(guide.said).toEqual([]);
      expect((await visitor.send(page, 'next')).status).toBe(303);
    });
  });

  test('a form that does not say where it comes from is refused', async () => {
    await visiting(async ({ guide, visitor: { origin, place, cookie, look } }) => {
      const body = `form=${tokenIn(await look())}&action=next`;
      const headers = {
        cookie,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
      };
      expect((await ask(origin, `${place}answer`, { method: 'POST', headers, body })).status).toBe(403);
      expect(guide.said).toEqual([]);
    });
  });

  test('nothing is said by other methods, or at another address', async () => {
    await visiting(async ({ guide, visitor: { origin, place, cookie, look } }) => {
      const query = `form=${tokenIn(await look())}&action=next`;
      const got = await ask(origin, `${place}answer?${query}`, { headers: { cookie } });
      expect(got.status).toBe(404);
      for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS', 'TRACE']) {
        const answer = await ask(origin, place, { method, headers: { cookie, origin } });
        expect([method, answer.status, answer.headers.allow]).toEqual([method, 405, 'GET, HEAD, POST']);
      }
      expect(guide.said).toEqual([]);
    });
  });

  test('a form that this server did not make is refused, and one of another start too', async () => {
    await visiting(async ({ guide, visitor }) => {
      await visiting(async ({ visitor: other }) => {
        const [page, foreign] = [await visitor.look(), await other.look()];
        const own = tokenIn(page);
        for (const form of [
          '',
          'none',
          '1..',
          own.slice(0, -1),
          `${own}x`,
          own.replace(/^1/, '2'),
          tokenIn(foreign),
        ]) {
          const body = String(new URLSearchParams({ form, action: 'next' }));
          expect([form, (await visitor.send(page, 'next', {}, { body })).status]).toEqual([form, 403]);
        }
      });
      expect(guide.said).toEqual([]);
    });
  });

  test('every answer keeps other origins, frames, caches and scripts of elsewhere out', async () => {
    await visiting(async ({ visitor: { origin, cookie, place, look } }) => {
      const page = await look();
      const assets = [...page.text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
      expect(new Set(assets).size).toBe(3);
      for (const path of [place, `${place}none`, ...assets]) {
        const { headers } = await ask(origin, path, { headers: { cookie } });
        const policy = String(headers['content-security-policy']);
        expect(policy).toContain("default-src 'none'");
        expect(policy).toContain("frame-ancestors 'none'");
        expect(policy).not.toMatch(/unsafe|https?:|\*/);
        expect(headers['referrer-policy']).toBe('same-origin');
        if (!path.startsWith('/assets/')) expect(headers['cache-control']).toBe('no-store');
      }
      expect(page.text).not.toMatch(/<script(?! src="\/assets\/)|<style| style=| on[a-z]+=|https?:/);
    });
  });

  test('a form larger than any answer is refused', async () => {
    const guide = scriptedGuide(aPage({ fields: [aField()] }));
    await using web = await shown(guide, { bodyBytesMax: 2000 });
    const visitor = await enter(web.url);
    const page = await visitor.look();
    expect((await visitor.send(page, 'next', { 'field-0': 'x'.repeat(2000) })).status).toBe(413);
    expect((await visitor.send(page, 'next', { 'field-0': 'x'.repeat(500) })).status).toBe(303);
    expect(guide.said).toHaveLength(1);
  });
});

describe('a form is what the page asks', () => {
  test('what was typed is handed on, and the browser is led to the page that then stands', async () => {
    const fields = [
      aField(),
      aField({ name: 'Comment', type: 'long-text' }),
      aField({ name: 'Tls', type: 'boolean' }),
    ];
    await visiting(async ({ guide, visitor }) => {
      guide.onSaid(() => guide.show(aPage({ title: 'Checks' })));
      const typed = { 'field-0': ' #{x} ', 'field-1': 'one\r\ntwo' };
      const sent = await visitor.send(await visitor.look(), 'next', typed);
      expect([sent.status, sent.headers.location]).toEqual([303, visitor.place]);
      expect(guide.said).toEqual([
        { action: 'next', values: { 'Site.Port': ' #{x} ', Comment: 'one\ntwo' } },
      ]);
      expect(wordsOf(await visitor.look())).toContain('Checks');
    }, aPage({ fields }));
  });

  test('a secret that is left empty stays as it is kept, and one that is typed replaces it', async () => {
    const secret = aField({ name: 'Password', secret: true, isKept: true });
    await visiting(
      async ({ guide, visitor }) => {
        await visitor.send(await visitor.look(), 'next', { 'field-0': '' });
        await visitor.send(await visitor.look(), 'next', { 'field-0': 'hunter2' });
        expect(guide.said.map(({ values }) => values)).toEqual([{}, { Password: 'hunter2' }]);
      },
      aPage({ fields: [secret] }),
    );
  });

  test.each([
    ['an action that it does not offer', 'action=install'],
    ['no action', 'field-0=1'],
    ['two actions', 'action=next&action=leave'],
    ['a field that it does not have', 'action=next&field-1=1'],
    ['a field by its name', 'action=next&Site.Port=1'],
    ['a field twice', 'action=next&field-0=1&field-0=2'],
  ])('%s is refused, and the page stands as it stood', async (_, body) => {
    await visiting(
      async ({ guide, visitor }) => {
        const page = await visitor.look();
        const sent = await visitor.send(page, 'next', {}, { body: `form=${tokenIn(page)}&${body}` });
        expect(sent.status).toBe(400);
        expect(guide.said).toEqual([]);
        expect((await visitor.send(page, 'next')).status).toBe(303);
      },
      aPage({ fields: [aField()] }),
    );
  });
});

describe('two windows', () => {
  test('the later answer to a page is told so, sees how things stand, and nothing is done twice', async () => {
    await visiting(async ({ guide, visitor }) => {
      guide.onSaid(() => guide.show(aPage({ title: 'Summary' })));
      const [one, other] = [await visitor.look(), await visitor.look()];
      expect((await visitor.send(one, 'next')).status).toBe(303);
      const late = await visitor.send(other, 'leave');
      expect(late.status).toBe(409);
      expect(wordsOf(late)).toMatch(/Summary.*was answered already, in another window/);
      expect(guide.said).toEqual([{ action: 'next', values: {} }]);
      expect((await visitor.send(late, 'back')).status).toBe(303);
      expect(guide.said).toHaveLength(2);
    });
  });

  test('an answer to a page that stands again, as it stood, is late as well', async () => {
    await visiting(async ({ guide, visitor }) => {
      const [one, other] = [await visitor.look(), await visitor.look()];
      await visitor.send(one, 'next');
      expect((await visitor.send(other, 'next')).status).toBe(409);
      guide.show(aPage({ title: 'Another' }));
      const between = await visitor.look();
      guide.show(aPage());
      expect((await visitor.send(between, 'next')).status).toBe(409);
      expect(guide.said).toHaveLength(1);
    });
  });

  test('a form sent twice, as by a double click or a reload, is done once', async () => {
    await visiting(async ({ guide, visitor }) => {
      const reached = Promise.withResolvers<void>();
      const goOn = Promise.withResolvers<void>();
      guide.onSaid(() => {
        reached.resolve();
        return goOn.promise;
      });
      const page = await visitor.look();
      const both = [visitor.send(page, 'next'), visitor.send(page, 'next')];
      await reached.promise;
      goOn.resolve();
      expect((await Promise.all(both)).map(({ status }) => status)).toEqual([303, 303]);
      expect((await visitor.send(page, 'next')).status).toBe(303);
      expect(guide.said).toHaveLength(1);
    });
  });

  test('while an answer is under way a second window waits for what comes of it', async () => {
    await visiting(async ({ guide, visitor }) => {
      const goOn = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      guide.onSaid(async () => {
        reached.resolve();
        await goOn.promise;
        guide.show(aPage({ title: 'Checks' }));
      });
      const [one, other] = [await visitor.look(), await visitor.look()];
      const sent = visitor.send(one, 'next');
      await reached.promise;
      const [late, seen] = [visitor.send(other, 'next'), visitor.look()];
      goOn.resolve();
      expect((await sent).status).toBe(303);
      expect((await late).status).toBe(409);
      expect(wordsOf(await seen)).toContain('Checks');
      expect(guide.said).toHaveLength(1);
    });
  });

  test('an answer that takes its time shows at once what is under way, and may be stopped there', async () => {
    await visiting(async ({ guide, visitor }) => {
      const tested = Promise.withResolvers<void>();
      const stop = [{ id: 'stop', label: 'Stop', about: null }];
      guide.onSaid(async ({ action }) => {
        if (action === 'stop') return tested.resolve();
        guide.show(aPage({ title: 'Trying', isBusy: true, actions: stop }));
        await tested.promise;
        guide.show(aPage({ title: 'Tried' }));
      });
      const first = await visitor.look();
      expect((await visitor.send(first, 'next')).status).toBe(303);
      const meanwhile = await visitor.look();
      expect(wordsOf(meanwhile)).toContain('Trying');
      expect((await visitor.send(first, 'next')).status).toBe(303);
      expect((await visitor.send(meanwhile, 'stop')).status).toBe(303);
      expect(wordsOf(await visitor.look())).toContain('Tried');
      expect(guide.said.map(({ action }) => action)).toEqual(['next', 'stop']);
    });
  });

  test('a form stays good while the page only shows more', async () => {
    const busy = aPage({ isBusy: true, actions: [{ id: 'stop', label: 'Stop', about: null }] });
    await visiting(async ({ guide, visitor }) => {
      const page = await visitor.look();
      guide.show({ ...busy, blocks: [{ kind: 'text', text: 'more' }] });
      expect((await visitor.send(page, 'stop')).status).toBe(303);
      expect(guide.said).toHaveLength(1);
    }, busy);
  });
});

describe('the browser comes and goes, the guide goes on', () => {
  /** Opens the stream of changes; `next` is the next thing it says. */
  async function listening({ origin, place, cookie }: Visitor) {
    const asked = get(`${origin}${place}events`, { headers: { cookie }, agent: false });
    const [response] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
    response.setEncoding('utf8');
    const chunks = response[Symbol.asyncIterator]() as AsyncIterator<string>;
    let kept = '';
    return {
      async next(): Promise<string> {
        while (!kept.includes('\n\n')) {
          const { value, done } = await chunks.next();
          if (done === true) return 'closed';
          kept += value;
        }
        const end = kept.indexOf('\n\n');
        const message = kept.slice(0, end);
        kept = kept.slice(end + 2);
        return message.startsWith('retry') ? this.next() : message;
      },
      close: () => void asked.destroy(),
    };
  }
  const stampIn = ({ text }: Answer): string => /data-stamp="([^"]+)"/.exec(text)?.[1] ?? 'none';

  test('a window that was closed finds the page that stands when it is opened again', async () => {
    await visiting(async ({ guide, visitor }) => {
      const window = await listening(visitor);
      await window.next();
      window.close();
      guide.show(aPage({ title: 'Installing', isBusy: true }));
      expect(guide.endsAsked).toBe(0);
      expect(wordsOf(await visitor.look())).toContain('Installing');
    });
  });

  test('open windows hear of each change, and the page they then ask for names it', async () => {
    await visiting(async ({ guide, visitor }) => {
      const window = await listening(visitor);
      expect(await window.next()).toBe(`event: hello\ndata: ${stampIn(await visitor.look())}`);
      guide.show(aPage({ title: 'Checks' }));
      const told = await window.next();
      expect(told).toBe(`event: change\ndata: ${stampIn(await visitor.look())}`);
      window.close();
    });
  });

  test('a page that changes by itself is loaded again by a browser without scripts, others are not', async () => {
    await visiting(async ({ guide, visitor }) => {
      expect((await visitor.look()).text).not.toContain('http-equiv');
      guide.show(aPage({ isBusy: true }));
      expect((await visitor.look()).text).toContain(
        `<noscript><meta http-equiv="refresh" content="2;url=${visitor.place}" /></noscript>`,
      );
    });
  });

  test('how it ended is shown to who looks, and only then the server ends', async () => {
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide, { lingerMs: 60_000 });
    const visitor = await enter(web.url);
    const window = await listening(visitor);
    await window.next();
    guide.finish({ text: ['Orders 3.2.0 is installed', 'It took 12 s'] });
    expect(await window.next()).toMatch(/^event: change/);
    const last = await visitor.look();
    expect(wordsOf(last)).toMatch(/Orders 3\.2\.0 is installed.*It took 12 s.*window can be closed/);
    expect(last.text).not.toContain('<form');
    window.close();
    expect((await web.ended).exitCode).toBe(0);
    await expect(visitor.look()).rejects.toThrow(/ECONNREFUSED/);
  });

  test('where nobody ever came, it ends at once; where nobody looks any more, soon', async () => {
    const unseen = scriptedGuide(aPage());
    await using web = await shown(unseen, { lingerMs: 60_000 });
    unseen.finish();
    expect((await web.ended).exitCode).toBe(0);

    const left = scriptedGuide(aPage());
    await using other = await shown(left, { lingerMs: 1 });
    await enter(other.url);
    left.finish({ exitCode: 6 });
    expect((await other.ended).exitCode).toBe(6);
  });

  test('an answer that comes when it is over does nothing', async () => {
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide, { lingerMs: 60_000 });
    const visitor = await enter(web.url);
    const window = await listening(visitor);
    await window.next();
    const page = await visitor.look();
    guide.finish();
    await window.next();
    const late = await visitor.send(page, 'next');
    expect([late.status, wordsOf(late).includes('Orders 3.2.0 is installed')]).toEqual([409, true]);
    expect(guide.said).toEqual([]);
    window.close();
  });

  test('Ctrl-C in the terminal asks the guide to end, once', async () => {
    const guide = scriptedGuide(aPage());
    const stop = new AbortController();
    await using web = await shown(guide, {}, stop.signal);
    stop.abort();
    expect(await web.ended).toMatchObject({ exitCode: 3, text: ['Nothing was changed on this machine'] });
    expect(guide.endsAsked).toBe(1);
  });

  test('what fails after the page has gone on is told by the program', async () => {
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide);
    const visitor = await enter(web.url);
    const goOn = Promise.withResolvers<void>();
    guide.onSaid(async () => {
      guide.show(aPage({ isBusy: true }));
      await goOn.promise;
      throw new Error('a bug');
    });
    expect((await visitor.send(await visitor.look(), 'next')).status).toBe(303);
    goOn.resolve();
    await expect(web.ended).rejects.toThrow('a bug');
  });

  test('a guide that fails in a way it did not expect is told in both places, and hides nothing', async () => {
    const guide = scriptedGuide(aPage());
    await using web = await shown(guide);
    const visitor = await enter(web.url);
    guide.onSaid(() => Promise.reject(new Error('a bug with a secret in it')));
    const sent = visitor.send(await visitor.look(), 'next');
    await expect(web.ended).rejects.toThrow('a bug with a secret in it');
    const answer = await sent;
    expect(answer.status).toBe(500);
    expect(wordsOf(answer)).toContain('The guide could not go on');
    expect(answer.text).not.toContain('secret');
  });
});
