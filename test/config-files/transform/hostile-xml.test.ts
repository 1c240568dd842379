import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigFileError, setConfigVariables, transformXml } from '../../../src/config-files/index.ts';

const namespace = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';
const nothing = `<r ${namespace}/>`;

function transformed(source: string | Uint8Array, transform: string | Uint8Array = nothing): string {
  const { bytes } = transformXml({
    source: { name: 'web.config', bytes: Buffer.from(source) },
    transform: { name: 'web.Release.config', bytes: Buffer.from(transform) },
  });
  return Buffer.from(bytes!).toString('utf8');
}

function refusal(source: string | Uint8Array, transform?: string): ConfigFileError {
  try {
    transformed(source, transform);
  } catch (error) {
    if (error instanceof ConfigFileError) return error;
    throw error;
  }
  throw new Error('the document was taken');
}

const laughs = (levels: number): string => {
  const declared = Array.from({ length: levels }, (_, n) => `<!ENTITY e${n + 1} "${`&e${n};`.repeat(10)}">`);
  return `<!DOCTYPE r [<!ENTITY e0 "ha">${declared.join('')}]>`;
};

describe('T-69: hostile XML in a transform', () => {
  test('T-69: entities are carried as references, and what would come to too much is refused', () => {
    const kept = `${laughs(3).replace(' [', '[')}<r a="&e3;">&e1;</r>`;
    expect(transformed(kept)).toBe(kept);
    expect(refusal(`${laughs(9)}<r>&e9;</r>`).code).toBe('XML_ENTITIES_REFUSED');
    expect(refusal('<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]><r>&a;</r>').code).toBe(
      'XML_ENTITIES_REFUSED',
    );
  });

  test('T-69: what lies outside the file is named and never fetched', () => {
    const outside =
      '<!DOCTYPE r SYSTEM "file:///etc/passwd"[<!ENTITY x SYSTEM "file:///etc/shadow">]><r>&x;</r>';
    expect(transformed(outside)).toBe(outside);
  });

  test.each([
    ['declared', '<!ENTITY % p "x">'],
    ['used', '%p;'],
  ])('T-69: a parameter entity that is %s is refused', (_what, subset) => {
    expect(refusal(`<!DOCTYPE r [${subset}]><r/>`)).toMatchObject({
      code: 'XML_ENTITIES_REFUSED',
      message: expect.stringContaining('web.config'),
    });
  });

  test('T-69: a transform that imports code changes nothing', () => {
    const { bytes, messages } = transformXml({
      source: { name: 's', bytes: Buffer.from('<r/>') },
      transform: {
        name: 't',
        bytes: Buffer.from(
          `<r ${namespace}><a xdt:Transform="Insert"/><xdt:Import path="a.dll" namespace="N"/></r>`,
        ),
      },
    });
    expect([bytes, messages.map(({ kind }) => kind)]).toEqual([undefined, ['import-load']]);
  });

  test('T-69: a hundred thousand levels are refused, in either file', () => {
    const deep = '<a>'.repeat(100_000) + '</a>'.repeat(100_000);
    expect(refusal(deep)).toMatchObject({ code: 'XML_TOO_LARGE' });
    expect(refusal('<r/>', deep)).toMatchObject({
      code: 'XML_TOO_LARGE',
      message: expect.stringContaining('web.Release.config'),
    });
  });

  test('T-69: what transforms pile up may be deeper than a file, but not without end', () => {
    const nested = '<a>'.repeat(900) + '</a>'.repeat(900);
    const into = nested.replace('<a>', '<a xdt:Locator="XPath(//*[not(*)])" xdt:Transform="Insert">');
    const piled = (times: number): string => `<r ${namespace}>${into.repeat(times)}</r>`;
    expect(transformed('<r/>', piled(2)).match(/<a>/g)).toHaveLength(1800);
    expect(refusal('<r/>', piled(20))).toMatchObject({ code: 'XML_TOO_LARGE' });
  });

  test.each([
    ['a NUL', Buffer.from('<r>\0</r>'), 'XML_NOT_WELL_FORMED'],
    ['a reference to NUL', Buffer.from('<r>&#0;</r>'), 'XML_NOT_WELL_FORMED'],
    [
      'bytes that are no UTF-8',
      Buffer.from([0x3c, 0x72, 0x3e, 0xff, 0x3c, 0x2f, 0x72, 0x3e]),
      'TEXT_NOT_DECODABLE',
    ],
    [
      'an unknown encoding',
      Buffer.from('<?xml version="1.0" encoding="ebcdic"?><r/>'),
      'XML_ENCODING_NOT_SUPPORTED',
    ],
    ['an attribute that stands twice', Buffer.from('<r a="1" a="2"/>'), 'XML_NOT_WELL_FORMED'],
    ['an entity nobody declared', Buffer.from('<r>&nbsp;</r>'), 'XML_NOT_WELL_FORMED'],
    ['nothing', Buffer.from(''), 'XML_NOT_WELL_FORMED'],
  ])('T-69: %s is refused by name', (_what, bytes, code) => {
    expect(refusal(bytes)).toMatchObject({ code, message: expect.stringContaining('web.config') });
  });

  test('T-69: a line of 70 million characters is refused, where it is read for variables too', () => {
    const line = Buffer.concat([Buffer.from('<r>'), Buffer.alloc(70_000_000, 'x'), Buffer.from('</r>')]);
    expect(refusal(line).code).toBe('XML_TOO_LARGE');
    expect(() => setConfigVariables(line, { has: () => false, get: () => undefined })).toThrow(
      expect.objectContaining({ code: 'XML_TOO_LARGE' }),
    );
  });

  test('T-69: whatever the bytes, there is a result or a refusal', () => {
    const good = `<!DOCTYPE r[<!ENTITY e "v">]><r ${namespace}><a k="&e;" xdt:Locator="Match(k)" xdt:Transform="Insert"><!-- x --><![CDATA[y]]><?p q?>t</a></r>`;
    const mutated = fc
      .tuple(
        fc.nat(good.length),
        fc.nat(8),
        fc.constantFrom('<', '>', '"', '&', '</', '<!', '\0', 'x', '<?', '(', ']', '%'),
      )
      .map(([at, length, put]) => good.slice(0, at) + put + good.slice(at + length));
    fc.assert(
      fc.property(mutated, mutated, (source, transform) => {
        try {
          transformed(source, transform);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigFileError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
