import { EvidenceError } from './errors.ts';

export const sizeMax = 64 * 1024 * 1024;

/**
 * The text of an XML file of test results: by its byte order mark, else by the encoding its declaration names, else
 * UTF-8. Throws EvidenceError.
 */
export function decodeResults(bytes: Uint8Array): string {
  if (bytes.byteLength > sizeMax) {
    throw new EvidenceError(
      'EVIDENCE_TOO_LARGE',
      `Cannot read the test results: they are larger than ${sizeMax} bytes`,
      { hint: 'Split the results, or leave captured output out of them.', details: { sizeMax } },
    );
  }
  const label = encodingOf(bytes);
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new EvidenceError(
      'EVIDENCE_NOT_READABLE',
      `Cannot read the test results: they are not ${label} text`,
      {
        hint: 'Import the XML file that the test runner wrote, as it is.',
        details: { encoding: label },
        cause,
      },
    );
  }
}

const encodings: Readonly<Record<string, string>> = {
  'utf-8': 'utf-8',
  utf8: 'utf-8',
  'us-ascii': 'utf-8',
  'iso-8859-1': 'windows-1252',
  'windows-1252': 'windows-1252',
};

function encodingOf(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  const beginning = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const named = /^(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']/.exec(beginning)?.[1];
  const label = encodings[named?.toLowerCase() ?? 'utf-8'];
  if (label !== undefined) return label;
  throw new EvidenceError(
    'EVIDENCE_NOT_READABLE',
    `Cannot read the test results: their declaration names the encoding ${named}`,
    { hint: 'Let the test runner write UTF-8.', details: { encoding: named } },
  );
}
