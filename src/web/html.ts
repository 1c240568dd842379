/**
 * HTML as a value. Text enters a page only through `html`, which escapes it; the class is the proof that it did,
 * so a string can't be mistaken for markup.
 */
export class Html {
  readonly markup: string;

  constructor(markup: string) {
    this.markup = markup;
  }
}

export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** Markup with every value between escaped, in text and in quoted attributes alike; lists are joined. */
export function html(parts: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(parts.reduce((before, part, at) => before + render(values[at - 1]) + part));
}

/** `parts` one after another, with `between` between those that are not empty. */
export function joined(parts: readonly Content[], between: Content): Html {
  const full = parts.map(render).filter((part) => part !== '');
  return new Html(full.join(render(between)));
}

/**
 * Text as the value of a field, which comes back as it went: with every character that a page can carry. Elsewhere
 * text goes through `html` alone.
 */
export function exact(text: string): Html {
  // A bare carriage return would be read as a line feed.
  return new Html(escapeMarkup(text.toWellFormed()).replaceAll('\r', '&#13;'));
}

function render(value: Content): string {
  if (value === null || value === undefined || value === false) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'object') return value.map(render).join('');
  return escapeText(String(value));
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/**
 * Text from anybody as text in a page. Characters that hide or reorder what stands beside them (controls, and the
 * overrides of writing direction) are spelt out, so that two names that look alike are alike.
 */
export function escapeText(text: string): string {
  const seen = text
    .toWellFormed()
    .replace(/[\p{Cc}\u061C\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF]/gu, spellOut);
  return escapeMarkup(seen);
}

function escapeMarkup(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => entities[character] ?? '');
}

function spellOut(character: string): string {
  if (character === '\n' || character === '\t') return character;
  return `\\u{${character.codePointAt(0)!.toString(16).toUpperCase()}}`;
}
