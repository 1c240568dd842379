import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigFileError, setConfigVariables } from '../../src/config-files/index.ts';

const values = (given: Readonly<Record<string, string>>) => {
  const byName = new Map(Object.entries(given).map(([name, value]) => [name.toUpperCase(), value]));
  return {
    has: (name: string) => byName.has(name.toUpperCase()),
    get: (name: string) => byName.get(name.toUpperCase()),
  };
};
const set = (xml: string, given: Readonly<Record<string, string>>): string =>
  Buffer.from(setConfigVariables(Buffer.from(xml), values(given)).bytes).toString('utf8');
const refusal = (
  bytes: Uint8Array,
  given: Readonly<Record<string, string>> = { A: 'x' },
): ConfigFileError => {
  try {
    setConfigVariables(bytes, values(given));
  } catch (error) {
    if (error instanceof ConfigFileError) return error;
    throw error;
  }
  throw new Error('the file was taken');
};

describe('XML configuration variables', () => {
  test('only the value changes: quotes, spacing, comments, CDATA, line ends and the declaration stay', () => {
    const before = `<?xml version='1.0'  encoding="utf-8" ?>\r\n<!-- top -->\r\n<c >\r\n\t<appSettings><add   key = 'A'\r\n value='old'  /><![CDATA[<add key="A" value="no"/>]]></appSettings>\r\n</c>\r\n<?end it?>`;
    expect(set(before, { a: `it's <new> & "good"` })).toBe(
      before.replace("value='old'", `value='it&apos;s &lt;new&gt; &amp; "good"'`),
    );
  });

  test('line breaks and tabs of a value survive as references in an attribute', () => {
    expect(set('<appSettings><add key="A" value=""/></appSettings>', { A: 'a\r\n\tb' })).toBe(
      '<appSettings><add key="A" value="a&#xD;&#xA;&#x9;b"/></appSettings>',
    );
  });

  test('a new value element is made in the namespace of its setting', () => {
    const xml = '<s:applicationSettings xmlns:s="urn:x"><s:setting name="A"/></s:applicationSettings>';
    expect(set(xml, { A: '1' })).toBe(
      '<s:applicationSettings xmlns:s="urn:x"><s:setting name="A"><s:value>1</s:value></s:setting></s:applicationSettings>',
    );
  });

  test('what stood in a value element is replaced as a whole, settings inside it included', () => {
    const xml =
      '<applicationSettings><setting name="A"><value><setting name="B"><value>2</value></setting></value><value>stays</value></setting></applicationSettings>';
    expect(set(xml, { A: 'x', B: 'y' })).toBe(
      '<applicationSettings><setting name="A"><value>x</value><value>stays</value></setting></applicationSettings>',
    );
  });

  test('a key in a namespace is not a key', () => {
    const xml = '<appSettings xmlns:n="urn:x"><add n:key="A" value="old"/></appSettings>';
    expect(set(xml, { A: 'new' })).toBe(xml);
  });

  test('a key written with references is read as an application reads it', () => {
    expect(set('<appSettings><add key="&#65;&amp;B" value=""/></appSettings>', { 'A&B': '1' })).toContain(
      'value="1"',
    );
  });

  test('the names that were set are told once each, never their values', () => {
    const xml =
      '<c><appSettings><add key="A" value="1"/><add key="a" value="1"/><add key="B" value="same"/></appSettings></c>';
    const result = setConfigVariables(Buffer.from(xml), values({ A: 'x', B: 'same' }));
    expect(result.replaced).toEqual(['A', 'B']);
    expect(setConfigVariables(Buffer.from(xml), values({ B: 'same' })).changed).toBe(false);
  });

  test('UTF-16, windows-1252 and a byte order mark are written back as they were', () => {
    const xml = '<?xml version="1.0" encoding="LABEL"?><appSettings><add key="A" value="ä"/></appSettings>';
    const utf16 = Buffer.from(`\uFEFF${xml.replace('LABEL', 'utf-16')}`, 'utf16le');
    const changed = setConfigVariables(utf16, values({ A: 'ö' })).bytes;
    expect(Buffer.from(changed).toString('utf16le')).toBe(
      `\uFEFF${xml.replace('LABEL', 'utf-16').replace('ä', 'ö')}`,
    );
    const latin = Buffer.from(xml.replace('LABEL', 'iso-8859-1'), 'latin1');
    expect(
      Buffer.from(setConfigVariables(latin, values({ A: 'ö → 你' })).bytes).toString('latin1'),
    ).toContain('value="ö &#x2192; &#x4F60;"');
    const marked = Buffer.from('\uFEFF<appSettings><add key="A" value="1"/></appSettings>');
    expect(Buffer.from(setConfigVariables(marked, values({ A: '2' })).bytes).subarray(0, 3)).toEqual(
      Buffer.from([0xef, 0xbb, 0xbf]),
    );
  });

  test('a document type without entities stays', () => {
    const xml =
      '<!DOCTYPE a [<!ELEMENT a ANY> <!-- ]> -->]><a><appSettings><add key="A" value="1"/></appSettings></a>';
    expect(set(xml, { A: '2' })).toBe(xml.replace('"1"', '"2"'));
  });

  test('any value that XML can express comes back as it was put in', () => {
    const character = fc.constantFrom(
      'a',
      '<',
      '>',
      '&',
      '"',
      "'",
      '\n',
      '\t',
      '\r',
      ']]>',
      'é',
      '你',
      '😀',
      ' ',
    );
    const value = fc.array(character).map((parts) => parts.join(''));
    fc.assert(
      fc.property(value, fc.constantFrom('"', "'"), (given, quote) => {
        const xml = `<c><appSettings><add key=${quote}A${quote} value=${quote}${quote}/></appSettings><applicationSettings><setting name="A"><value/></setting></applicationSettings></c>`;
        const once = set(xml, { A: given });
        expect(set(once, { A: given })).toBe(once);
        expect(set(once, { A: '' })).toBe(
          xml.replace('<value/>', given === '' ? '<value/>' : '<value></value>'),
        );
      }),
    );
  });
});

describe('what XML configuration variables refuse', () => {
  test.each([
    ['an element that is not closed', '<a>\n  <b>\n</a>', 3],
    ['an attribute without quotes', '<a b=1/>', 1],
    ['an attribute that stands twice', '<a b="1" b="2"/>', 1],
    ['a prefix without a declaration', '<x:a/>', 1],
    ['an entity nobody declared', '<a>&nbsp;</a>', 1],
    ['text after the root', '<a/>x', 1],
    ['an empty file', '', 1],
    ['XML 1.1', '<?xml version="1.1"?><a/>', 1],
  ])('%s, with its place', (_what, xml, line) => {
    expect(refusal(Buffer.from(xml))).toMatchObject({ code: 'XML_NOT_WELL_FORMED', details: { line } });
  });

  test.each([
    ['entities that multiply', '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>'],
    ['an entity from a file', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'],
    ['a parameter entity', '<!DOCTYPE a [<!ENTITY % x SYSTEM "http://example.org/x"> %x;]><a/>'],
  ])('%s', (_what, xml) => {
    expect(refusal(Buffer.from(xml)).code).toBe('XML_ENTITIES_REFUSED');
  });

  test('a hundred thousand levels', () => {
    expect(refusal(Buffer.from('<a>'.repeat(100_000))).code).toBe('XML_TOO_LARGE');
  });

  test('an encoding it does not know, and bytes that are not what they say', () => {
    const named = Buffer.from('<?xml version="1.0" encoding="EBCDIC"?><a/>');
    expect(refusal(named).code).toBe('XML_ENCODING_NOT_SUPPORTED');
    expect(refusal(Buffer.from([0x3c, 0x61, 0xff, 0x2f, 0x3e])).code).toBe('TEXT_NOT_DECODABLE');
  });

  test('a value with a character that XML lacks, before anything is written, by its name and not its value', () => {
    const error = refusal(Buffer.from('<appSettings><add key="A" value=""/></appSettings>'), {
      A: 's3cret\u0001',
    });
    expect(error.code).toBe('XML_CHARACTER_NOT_ALLOWED');
    expect(JSON.stringify([error.message, error.details])).not.toContain('s3cret');
  });

  test('whatever the bytes, the answer is a result or a ConfigFileError', () => {
    const good = '<c><!-- x --><appSettings><add key="A" value="1"/></appSettings><![CDATA[y]]><?p q?></c>';
    const mutated = fc
      .tuple(
        fc.nat(good.length),
        fc.nat(6),
        fc.constantFrom('<', '>', '"', '&', '</', '<!', '\u0000', 'x', '<?', ' '),
      )
      .map(([at, length, put]) => good.slice(0, at) + put + good.slice(at + length));
    fc.assert(
      fc.property(mutated, (xml) => {
        try {
          setConfigVariables(Buffer.from(xml), values({ A: '2' }));
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigFileError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
