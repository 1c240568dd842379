import { ConfigFileError, type ConfigFileErrorCode } from '../errors.ts';
import { decodeText, encodeTextOrUtf8, type DecodedText } from '../text-file.ts';
import { setInJson } from './json.ts';
import { setInProperties } from './properties.ts';
import { textLengthMax, type ListedValues, type TextResult } from './text-result.ts';
import { decodeStructuredXml, setInXml } from './xml-by-path.ts';
import { setInYaml } from './yaml.ts';

export type StructuredFormat = 'JSON' | 'XML' | 'YAML' | 'properties';

export type StructuredVariablesResult = {
  readonly bytes: Uint8Array;
  /** Whether a byte differs. */
  readonly changed: boolean;
  /** What the file was read as, undefined for an empty one. */
  readonly format: StructuredFormat | undefined;
  /** The paths that were set, without repeats; never their values. */
  readonly replaced: readonly string[];
  /** What could not be done as asked, and why; never a value. */
  readonly warnings: readonly string[];
  /** The formats that were tried before, and why the file is none of them. */
  readonly notRead: readonly string[];
};

type Format = {
  readonly decode: (bytes: Uint8Array) => DecodedText;
  readonly set: (text: string, variables: ListedValues) => TextResult;
  /** The refusals that mean: this file has another format. */
  readonly notThis: readonly ConfigFileErrorCode[];
};

const formats: Readonly<Record<StructuredFormat, Format>> = {
  JSON: { decode: decodeText, set: setInJson, notThis: ['JSON_NOT_WELL_FORMED', 'TEXT_NOT_DECODABLE'] },
  XML: {
    decode: decodeStructuredXml,
    set: setInXml,
    notThis: ['XML_NOT_WELL_FORMED', 'XML_ENCODING_NOT_SUPPORTED', 'TEXT_NOT_DECODABLE'],
  },
  YAML: { decode: decodeText, set: setInYaml, notThis: ['YAML_NOT_WELL_FORMED', 'TEXT_NOT_DECODABLE'] },
  properties: {
    decode: decodeText,
    set: setInProperties,
    notThis: ['PROPERTIES_NOT_WELL_FORMED', 'TEXT_NOT_DECODABLE'],
  },
};

/**
 * Sets what a file of settings names like a variable, by path. The extension says which formats are tried, JSON always
 * first; the first in which the file can be read is taken. Every byte that no variable sets stays; an empty file stays.
 * `onlyJson` leaves all other formats out.
 *
 * Throws ConfigFileError where the file can't be read in any of its formats (the reason is that of the last), is too
 * large, or a value has a character that its format can't express.
 */
export function setStructuredVariables(
  fileName: string,
  bytes: Uint8Array,
  variables: ListedValues,
  { onlyJson }: { readonly onlyJson: boolean } = { onlyJson: false },
): StructuredVariablesResult {
  if (bytes.length === 0) {
    return { bytes, changed: false, format: undefined, replaced: [], warnings: [], notRead: [] };
  }
  if (bytes.length > 4 * textLengthMax) throw tooLarge();
  const candidates = onlyJson ? (['JSON'] as const) : formatsOf(fileName);
  const notRead: string[] = [];
  for (const [n, name] of candidates.entries()) {
    const { decode, set, notThis } = formats[name];
    try {
      const { text, encoding } = decode(bytes);
      if (text.length > textLengthMax) throw tooLarge();
      const { text: after, replaced, warnings } = set(text, variables);
      if (after === text) return { bytes, changed: false, format: name, replaced, warnings, notRead };
      const encoded = encodeTextOrUtf8(after, encoding);
      if (!encoded.encodingChanged) {
        return { bytes: encoded.bytes, changed: true, format: name, replaced, warnings, notRead };
      }
      const said = `a value can't be expressed in ${encoding.name}; the file is now UTF-8`;
      const asUtf8 = Buffer.from(name === 'XML' ? declaredUtf8(after) : after, 'utf8');
      return { bytes: asUtf8, changed: true, format: name, replaced, warnings: [...warnings, said], notRead };
    } catch (error) {
      const isOther = error instanceof ConfigFileError && notThis.includes(error.code);
      if (!isOther || n === candidates.length - 1) throw error;
      notRead.push(error.message);
    }
  }
  throw new RangeError('there is no format to try');
}

/** The formats that a file may have by its name, in the order in which they are tried. */
function formatsOf(fileName: string): readonly StructuredFormat[] {
  const extension = /\.[^./\\]*$/.exec(fileName)?.[0]?.toLowerCase();
  switch (extension) {
    case '.json':
      return ['JSON'];
    case '.xml':
      return ['JSON', 'XML'];
    case '.yml':
    case '.yaml':
      return ['JSON', 'YAML'];
    case '.properties':
      return ['JSON', 'properties'];
    default:
      return ['JSON', 'XML', 'YAML', 'properties'];
  }
}

function declaredUtf8(xml: string): string {
  return xml.replace(/^(<\?xml[^>]*?\sencoding\s*=\s*)(?:"[^"]*"|'[^']*')/, '$1"utf-8"');
}

function tooLarge(): ConfigFileError {
  return new ConfigFileError(
    'STRUCTURED_FILE_TOO_LARGE',
    `Cannot read the file: it is longer than ${textLengthMax} characters`,
    { hint: 'Take the file out of the targets, or make it smaller.', details: { textLengthMax } },
  );
}
