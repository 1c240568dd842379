import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every form in which a text could stand in a file, as bytes: plain and UTF-16, base64 at each alignment, hex, escaped. */
export function secretForms(text: string): Map<string, Buffer> {
  const utf8 = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  const escapes = {
    URL: encodeURIComponent(text),
    'URL, every byte': [...utf8].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join(''),
    JSON: JSON.stringify(text).slice(1, -1),
    'JSON, every character': Array.from(text, (one) => `\\u${hexOf(one).padStart(4, '0')}`).join(''),
    XML: escapedXml(text),
    'XML, every character': Array.from(text, (one) => `&#x${hexOf(one)};`).join(''),
    hex: utf8.toString('hex'),
    HEX: utf8.toString('hex').toUpperCase(),
  };
  return new Map<string, Buffer>([
    ['plain', utf8],
    ['UTF-16 LE', utf16],
    ['UTF-16 BE', Buffer.from(utf16).swap16()],
    ...[utf8, utf16].flatMap((bytes, encoding) =>
      [0, 1, 2].map((offset) => [`base64 ${encoding} ${offset}`, base64At(bytes, offset)] as const),
    ),
    ...Object.entries(escapes).map(([name, form]) => [name, Buffer.from(form, 'utf8')] as const),
  ]);
}

/** Every file below a folder that holds one of the forms, and which. */
export function filesHolding(folder: string, forms: ReadonlyMap<string, Buffer>): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    for (const [name, form] of forms) if (bytes.includes(form)) found.set(file, name);
  }
  return found;
}

/** The characters that are the same whatever stands before and after. */
function base64At(bytes: Buffer, offset: number): Buffer {
  const whole = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const from = offset === 0 ? 0 : offset + 1;
  const to = (offset + bytes.length) % 3 === 0 ? whole.length : whole.length - 1;
  return Buffer.from(whole.slice(from, to), 'latin1');
}

const hexOf = (character: string): string => character.codePointAt(0)!.toString(16);

function escapedXml(text: string): string {
  const escapes: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&apos;',
  };
  return text.replace(/[&<>"']/g, (one) => escapes[one]!);
}
