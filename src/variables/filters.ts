import { createHash } from 'node:crypto';
import { dateFilters } from './dates.ts';
import { escapeFilters } from './escapes.ts';
import type { Filter } from './filter.ts';
import { format } from './format.ts';
import { markdown } from './markdown.ts';
import { parseInt32 } from './numbers.ts';
import { fromBase64 } from './base64.ts';
import { patternFilters } from './pattern-filters.ts';
import { textFilters } from './text-filters.ts';
import { uriPart } from './uri-part.ts';
import { versionFilters } from './version-filters.ts';

/** Every filter by its name in lower case, as a template may call it. */
export const filters: ReadonlyMap<string, Filter> = new Map(
  Object.entries({
    ...textFilters,
    ...escapeFilters,
    ...patternFilters,
    ...dateFilters,
    ...versionFilters,
    format,
    uripart: uriPart,
    markdown,
    markdowntohtml: markdown,
    md5: hash('md5'),
    sha1: hash('sha1'),
    sha256: hash('sha256'),
    sha384: hash('sha384'),
    sha512: hash('sha512'),
    // What it does stands with the evaluation: it takes the whole result away.
    null: () => undefined,
  } satisfies Record<string, Filter>),
);

/** A digest as lower-case hex; the options are how many bytes of it, and how the input is to be read. */
function hash(algorithm: string): Filter {
  return (input, options) => {
    if (input === undefined || options.length > 2) return undefined;
    let size: number | undefined;
    let bytes: Uint8Array | undefined;
    for (const [n, option] of options.entries()) {
      const number = parseInt32(option);
      if (number !== undefined && number > 0) {
        if (size !== undefined) return undefined;
        size = number;
      } else {
        // The encoding stands once: after the first place it follows a size.
        if (n === 1 && size === undefined) return undefined;
        bytes = bytesOf(input, option.toLowerCase());
        if (bytes === undefined) return undefined;
      }
    }
    return createHash(algorithm)
      .update(bytes ?? Buffer.from(input, 'utf8'))
      .digest()
      .subarray(0, size)
      .toString('hex');
  };
}

function bytesOf(text: string, encoding: string): Uint8Array | undefined {
  if (encoding === 'utf8' || encoding === 'utf-8') return Buffer.from(text, 'utf8');
  if (encoding === 'unicode') return Buffer.from(text, 'utf16le');
  return encoding === 'base64' ? fromBase64(text) : undefined;
}
