import { unusable } from '../settings.ts';

/**
 * Text as one word of an nginx configuration, quoted where it has to be. nginx has no way to write `$` in a word that
 * takes variables; such a text is written as it is, as an administrator means it.
 */
export function nginxWord(property: string, text: string): string {
  if (/\p{Cc}/u.test(text)) throw unusable(property, 'it has a line break or another control character');
  if (/^[\p{L}\p{N}._~:/*?&=+,@%$^|()<>!-]+$/u.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * What stands behind the name of a directive, as an administrator wrote it: words with blanks between them, quoted or
 * not. Refused where a value would end the directive or begin a block or a comment.
 */
export function nginxArguments(property: string, text: string): string {
  const why = refusal(text);
  if (why === undefined) return text.trim();
  throw unusable(property, `the directive "${text}" ${why}`);
}

/** The name of a directive. */
export function nginxName(property: string, name: string): string {
  if (/^[a-z][a-z0-9_]*$/i.test(name)) return name;
  throw unusable(property, `"${name}" is not the name of an nginx directive`);
}

function refusal(text: string): string | undefined {
  if (/\p{Cc}/u.test(text)) return 'has a line break or another control character';
  let quote = '';
  let atStart = true;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at]!;
    if (character === '\\') {
      if (at + 1 === text.length) return 'ends in a backslash';
      at += 1;
    } else if (quote !== '') {
      if (character === quote) quote = '';
    } else if (atStart && (character === '"' || character === "'")) {
      quote = character;
    } else if (character === ';') {
      return 'has a ; outside of quotes';
    } else if (character === '{' && text[at - 1] === '$') {
      const end = text.indexOf('}', at);
      if (end < 0 || !/^\w+$/.test(text.slice(at + 1, end))) return 'has a { outside of quotes';
      at = end;
    } else if (character === '{' || character === '}') {
      return `has a ${character} outside of quotes`;
    } else if (atStart && character === '#') {
      return 'has a # that begins a comment';
    }
    atStart = quote === '' && character === ' ';
  }
  return quote === '' ? undefined : `has a ${quote} that is not closed`;
}
