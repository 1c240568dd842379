import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { escapeText, html, joined } from '../../src/web/html.ts';
import { anyCharacter } from '../support/any-character.ts';

describe('text becomes markup only escaped', () => {
  test('any text, in an element and in a quoted attribute, leaves the markup around it as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter }), (text) => {
        const { markup } = html`<a title="${text}">${text}</a>`;
        expect(markup).toMatch(/^<a title="[^"<>'`]*">[^"<>'`]*<\/a>$/);
      }),
    );
  });

  test('ordinary text reads back as it was written', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(decoded(escapeText(text))).toBe(text);
      }),
    );
  });

  test('characters that hide or reorder what stands beside them are spelt out', () => {
    expect(escapeText('a\u202Eb\u0000c\u001b[1md\re')).toBe('a\\u{202E}b\\u{0}c\\u{1B}[1md\\u{D}e');
    expect(escapeText('\uD800')).toBe('\uFFFD');
  });

  test('line breaks, tabs, accents and emoji of several parts stay', () => {
    expect(escapeText('a\n\tГрюсс 👩‍🚀')).toBe('a\n\tГрюсс 👩‍🚀');
  });

  test('markup inside markup is not escaped again, and what is absent leaves nothing', () => {
    expect(html`<p>${html`<b>${'&'}</b>`}${null}${false}${undefined}${[1, 'x']}</p>`.markup).toBe(
      '<p><b>&amp;</b>1x</p>',
    );
    expect(joined(['a', null, '', html`<b>b</b>`], ', ').markup).toBe('a, <b>b</b>');
  });
});

function decoded(markup: string): string {
  return markup
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&#96;', '`')
    .replaceAll('&amp;', '&');
}
