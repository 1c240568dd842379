import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { paletteCss, palettes } from '../../../src/web/index.ts';
import { drawEnding, drawGuidePage } from '../../../src/guide/web/draw-page.ts';
import { style } from '../../../src/guide/web/style.ts';
import { trail } from '../../../src/guide/web/trail.ts';
import { GuideError, type Ending, type Page } from '../../../src/guide/index.ts';
import { payloads } from '../../http/hostile-views.ts';
import { anyCharacter } from '../../support/any-character.ts';
import { ending, examples } from './example-pages.ts';
import { aField, aPage } from './scripted-guide.ts';
import { host } from './visitor.ts';

const frame = { host, place: '/p/', number: 1, stamp: 's-1' };
const drawn = (page: Page): string =>
  drawGuidePage(page, { ...frame, trail: trail()(page), token: 't', isLate: false });
const over = (more: Partial<Ending> = {}): string =>
  drawEnding({ ...ending, ...more }, { ...frame, trail: trail()(examples.running) });

/** What stands on a page as elements: no text, no values. */
const skeleton = (page: string): string =>
  page
    .replace(/="[^"]*"/g, '')
    .replace(/>[^<]*/g, '>')
    .replace(/\s+/g, ' ');

/** The page with each text of it that people read replaced. */
function everyText(value: unknown, replaced: string, key = ''): unknown {
  const isText = !['kind', 'tone', 'type', 'state', 'id'].includes(key);
  if (typeof value === 'string') return isText ? replaced : value;
  if (Array.isArray(value)) return value.map((one) => everyText(one, replaced, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, one]) => [name, everyText(one, replaced, name)]),
  );
}

describe('T-82 text from anywhere stays text', () => {
  test.each(Object.entries(examples))('on a page such as %s', (_, page) => {
    const plain = skeleton(drawn(everyText(page, 'x') as Page));
    for (const payload of payloads)
      expect(skeleton(drawn(everyText(page, payload.replaceAll('\n', ' ')) as Page))).toBe(plain);
  });

  test('on the last page', () => {
    for (const payload of payloads)
      expect(skeleton(over({ text: [payload, payload] }))).toBe(skeleton(over({ text: ['x', 'x'] })));
  });
});

describe('secrets', () => {
  const secret = aField({ secret: true, mayBeShown: true, isKept: true });

  test.each(['text', 'long-text', 'url', 'path', 'port'] as const)(
    'the value of a secret %s is on no page',
    (type) => {
      const page = drawn(aPage({ fields: [{ ...secret, type, value: 'hunter2', problem: 'too short' }] }));
      expect(page).not.toContain('hunter2');
      expect(page).toContain('There is an answer already');
    },
  );

  test('a button to look at it is there where that is allowed, and nowhere else', () => {
    expect(drawn(aPage({ fields: [secret] }))).toContain('data-shows="field-0"');
    for (const field of [
      { ...secret, mayBeShown: false },
      { ...secret, secret: false },
    ])
      expect(drawn(aPage({ fields: [field] }))).not.toContain('data-shows');
  });

  test('nothing that is typed is kept by the browser', () => {
    const page = drawn(examples.inputs);
    for (const [control] of page.matchAll(/<(?:form|textarea|select|input)\b(?![^>]*type="hidden")[^>]*>/g))
      expect(control).toContain('autocomplete="off"');
  });
});

describe('fields', () => {
  const decoded = (text: string): string =>
    text.replace(/&(?:#(\d+)|(\w+));/g, (_, code: string | undefined, name: string) =>
      code === undefined
        ? { amp: '&', lt: '<', gt: '>', quot: '"' }[name]!
        : String.fromCharCode(Number(code)),
    );

  test('what stands in a field at first is what was given, whatever its characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (value) => {
        const page = drawn(aPage({ fields: [aField({ value }), aField({ value, type: 'long-text' })] }));
        expect(decoded(/name="field-0"[^>]* value="([^"]*)"/.exec(page)![1]!)).toBe(value.toWellFormed());
        expect(decoded(/<textarea[^>]*>\n([^<]*)<\/textarea>/.exec(page)![1]!)).toBe(value.toWellFormed());
      }),
    );
  });

  test('each has its label, and what helps and what is wrong is told with it', () => {
    const page = drawn({
      ...examples['inputs-wrong'],
      fields: examples['inputs-wrong'].fields.map((field) => ({ ...field, help: 'h' })),
    });
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
    expect(new Set(ids).size).toBe(ids.length);
    const led = [...page.matchAll(/ (?:for|href|aria-describedby)="#?((?:field|about)-[^"]+)"/g)].flatMap(
      ([, to]) => to!.split(' '),
    );
    expect(led.length).toBeGreaterThan(15);
    expect(led.filter((to) => !ids.includes(to))).toEqual([]);
    expect(page).toMatch(
      /<div[^>]*id="problems"[^>]*>[^]*2 answers need another look[^]*href="#field-0"[^]*href="#field-2"/,
    );
    expect(page).toMatch(/<title>Problem: Database and site/);
    expect(page.match(/aria-invalid="true"/g)).toHaveLength(2);
    expect(drawn(examples.inputs)).not.toMatch(/id="problems"|aria-invalid|Problem:/);
  });

  test('a choice that fits none leaves nothing chosen', () => {
    const choices = ['a', 'b', 'c', 'd', 'e', 'f'].map((value) => ({ value, label: value }));
    const field = aField({ type: 'choice', choices });
    const none = '<option value=""></option>';
    for (const value of [null, 'z']) {
      const page = drawn(aPage({ fields: [{ ...field, value }] }));
      expect([page.includes(none), page.includes('selected')]).toEqual([true, false]);
    }
    const page = drawn(aPage({ fields: [{ ...field, value: 'c' }] }));
    expect([page.includes(none), /value="c"\s+selected/.test(page)]).toEqual([false, true]);
  });

  test('yes and no are told apart from nothing said', () => {
    const marked = (value: string | null): (string | undefined)[] =>
      [
        ...drawn(aPage({ fields: [aField({ type: 'boolean', value })] })).matchAll(
          /<input\s+type="radio"[^>]*>/g,
        ),
      ]
        .filter(([control]) => control.includes('checked'))
        .map(([control]) => /value="(\w+)"/.exec(control)?.[1]);
    expect([marked('True'), marked('false'), marked(null)]).toEqual([['true'], ['false'], []]);
  });
});

describe('ways on', () => {
  const buttons = (page: string): string[] =>
    [...page.matchAll(/<button\b[^>]*>/g)].map(([button]) => button);

  test('Enter does the first; where a person must decide, nothing', () => {
    expect(buttons(drawn(aPage()))[0]).toMatch(/class="unseen"[^]*value="next"/);
    expect(drawn(aPage())).toMatch(/value="next"\s+class="first"\s+data-enter/);
    const [first, ...others] = buttons(drawn(examples.decision));
    expect(first).toMatch(/class="unseen"[^]* disabled/);
    expect(others).toHaveLength(4);
    expect(others.join()).not.toMatch(/data-enter|class="first"/);
  });

  test('while something is under way, Enter does not end it', () => {
    expect(buttons(drawn(examples.running)).join()).not.toMatch(/data-enter|class="first"/);
  });

  test('a page without ways on, and the last one, have no form', () => {
    for (const page of [drawn(aPage({ actions: [] })), over()]) expect(page).not.toContain('<form');
  });
});

describe('progress', () => {
  const lines = (number: number) =>
    Array.from({ length: number }, (_, n) => ({ tone: 'plain', text: `line ${n}.` }) as const);
  const progress = (number: number, done = 1, of = 3): string =>
    drawn(
      aPage({ blocks: [{ kind: 'progress', done: { what: 'Copying', done, of }, lines: lines(number) }] }),
    );

  test('the newest thousand lines are on the page, and which they are is said', () => {
    const page = progress(2345);
    expect(page).toContain('data-from="1345"');
    expect([page.includes('line 1344.'), page.includes('line 1345.'), page.includes('line 2344.')]).toEqual([
      false,
      true,
      true,
    ]);
    expect(progress(3)).toContain('data-from="0"');
  });

  test('it is not told as whole before it is, and not in parts where nobody knows of how many', () => {
    expect(progress(0, 999, 1000)).toMatch(/value="99"[^]*99 %|99 %[^]*value="99"/);
    expect(progress(0, 2, 6)).toContain('2 of 6');
    expect(progress(0, 3, 3)).toContain('value="100"');
    expect(progress(0, 5, 3)).toContain('value="100"');
    expect(progress(0, 5, 0)).toMatch(/<progress aria-label="Copying">/);
  });
});

describe('text that stands as it is', () => {
  const lines = (number: number): string => Array.from({ length: number }, () => 'x').join('\n');
  const opened = (...texts: string[]): boolean[] =>
    [
      ...drawn(aPage({ blocks: texts.map((text) => ({ kind: 'verbatim', title: 't', text })) })).matchAll(
        /<details[^>]*>/g,
      ),
    ].map(([details]) => details.includes(' open'));

  test('is folded away where it is long, and open where the page is about it', () => {
    expect(opened(lines(12), lines(13), lines(1))).toEqual([true, false, true]);
    expect(opened(lines(500))).toEqual([true]);
  });

  test('is folded away, however short, where it need not be read to decide', () => {
    const aside = { kind: 'verbatim', title: 't', text: 'x', isAside: true } as const;
    expect(drawn(aPage({ blocks: [aside] }))).toMatch(/<details class="verbatim" id="block-0"\s*>/);
  });
});

describe('the end', () => {
  const outcome = (more: Partial<Ending>): string | undefined =>
    /class="outcome (\w+)"/.exec(over(more))?.[1];

  test('is good, bad, or that nothing was done, by more than its colour', () => {
    const failure = new GuideError('CHECKS_LACKING', 'Cannot install: a port is taken', { hint: 'Free it.' });
    expect([
      outcome({}),
      outcome({ exitCode: 6 }),
      outcome({ exitCode: 3 }),
      outcome({ exitCode: 3, failure }),
    ]).toEqual(['good', 'bad', 'off', 'bad']);
    expect(over({ failure })).toMatch(/Cannot install: a port is taken[^]*Free it\.[^]*CHECKS_LACKING/);
  });

  test('is told even where there are no words for it', () => {
    expect(over({ text: [] })).toContain('<h1 id="title" tabindex="-1">The guide has ended</h1>');
  });
});

describe('the steps at the side', () => {
  const at = (place: Page['place'], title: string): Page => aPage({ place, title });

  test('those that were seen have their titles; a page that is not counted leaves them as they are', () => {
    const walk = trail();
    expect(walk(at(null, 'Before'))).toBeUndefined();
    walk(at({ at: 1, of: 4 }, 'One'));
    const two = [
      { title: 'One', state: 'done' },
      { title: 'Two', state: 'here' },
      { title: null, state: 'ahead' },
      { title: null, state: 'ahead' },
    ];
    expect(walk(at({ at: 2, of: 4 }, 'Two'))).toEqual(two);
    expect(walk(at(null, 'Between'))).toEqual(two);
  });

  test('what lies ahead has its title as far as that is told', () => {
    const steps = trail()(at({ at: 1, of: 3, titles: ['One', 'Two', 'Three'] }, 'One'));
    expect(steps?.map(({ title, state }) => `${state} ${title}`)).toEqual([
      'here One',
      'ahead Two',
      'ahead Three',
    ]);
  });

  test('what comes after the last of them has them all behind it', () => {
    const walk = trail();
    walk(at({ at: 2, of: 2, titles: ['One', 'Two'] }, 'Two'));
    expect(walk(at(null, 'Installing'))?.map(({ state }) => state)).toEqual(['done', 'done']);
  });

  test('who goes back sees what lies ahead by its title', () => {
    const walk = trail();
    walk(at({ at: 1, of: 2 }, 'One'));
    walk(at({ at: 2, of: 2 }, 'Two'));
    expect(walk(at({ at: 1, of: 2 }, 'One'))).toEqual([
      { title: 'One', state: 'here' },
      { title: 'Two', state: 'ahead' },
    ]);
  });
});

test('the style sheet names colours only through the palette and reaches for nothing outside', () => {
  const used = [...style.matchAll(/var\(--([a-z-]+)\)/g)].map((match) => match[1]);
  expect(used.length).toBeGreaterThan(50);
  expect(used.filter((name) => !(name! in palettes.light))).toEqual([]);
  expect(style.replace(paletteCss(), '')).not.toMatch(/url\(|@import|@font-face|https?:|#[0-9a-f]{3,6}\b/);
});
