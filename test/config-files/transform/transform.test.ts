import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { transformXml } from '../../../src/config-files/index.ts';

const namespace = 'xmlns:xdt="http://schemas.microsoft.com/XML-Document-Transform"';

/** Applies the children of a transform's root to a source; `told` are level, kind and place of each message. */
function run(source: string | Uint8Array, transforms: string, attributes = '') {
  const transform = `<r ${namespace}${attributes}>${transforms}</r>`;
  const { bytes, messages } = transformXml({
    source: { name: 'web.config', bytes: Buffer.from(source) },
    transform: { name: 'web.Release.config', bytes: Buffer.from(transform) },
  });
  const told = messages.map(({ level, kind, in: file = '-', line = 0, column = 0 }) =>
    [level, kind, file, line, column].join(' '),
  );
  return { text: bytes && Buffer.from(bytes).toString('utf8'), bytes, messages, told };
}

/** An XPath selects what a RemoveAll takes away. */
const left = (source: string, xpath: string): string | undefined =>
  run(source, `<x xdt:Locator="XPath(${xpath})" xdt:Transform="RemoveAll"/>`).text;

describe('an XML transform', () => {
  test('puts the last match of a position condition where it finds it within each parent', () => {
    const source = '<r><a><b/><b n="2"/></a><a><b/></a></r>';
    const { text } = run(
      source,
      '<a><b z="1" xdt:Locator="Condition(last())" xdt:Transform="SetAttributes"/></a>',
    );
    expect(text?.match(/z="1"/g)).toHaveLength(2);
    expect(text).toContain('<b/><b n="2"');
  });

  test('does nothing where its namespace is nowhere declared, but writes the document anew', () => {
    const { bytes, messages } = transformXml({
      source: { name: 's', bytes: Buffer.from("<r a='1'/>") },
      transform: { name: 't', bytes: Buffer.from('<r><a/></r>') },
    });
    expect([Buffer.from(bytes!).toString(), messages]).toEqual(['<r a="1"/>', []]);
  });

  test('goes on after an error, and tells each in its place', () => {
    const { text, told } = run(
      '<r>\n  <a/>\n</r>',
      '\n<b xdt:Transform="Nope"/>\n<a v="1" xdt:Transform="SetAttributes"/>',
    );
    expect(told).toEqual(['error unknown-name transform 2 4']);
    expect(text).toContain('<a v="1"/>');
  });

  test('an attribute list is XPath: a wrong one is an error for each target and has no place', () => {
    const { told } = run('<r><a/><a/></r>', '<a xdt:Transform="RemoveAttributes(p:x)"/>');
    expect(told).toEqual(['error bad-xpath - 0 0', 'error bad-xpath - 0 0']);
  });

  test('what was removed earlier is told apart from what never was there', () => {
    const { told } = run(
      '<r><a/></r>',
      '<a xdt:Transform="Remove"/><a xdt:Transform="Remove"/><b xdt:Transform="Remove"/>',
    );
    expect(told.map((line) => line.split(' ')[1])).toEqual(['match-removed', 'no-match']);
  });

  test('a key that an earlier transform changed is found by its new value only', () => {
    const set = (key: string, value: string, locator = 'Match(key)'): string =>
      `<a key="${key}" v="${value}" xdt:Locator="${locator}" xdt:Transform="SetAttributes"/>`;
    const source = `<r>${['x', 'y', 'z'].map((key) => `<a key="${key}"/>`).join('')}</r>`;
    const { text, told } = run(
      source,
      set('x', '1') + set('y', '2') + set('w', '3', "Condition(@key='z')") + set('z', '4') + set('w', '5'),
    );
    expect(told).toEqual([expect.stringContaining('warning match-removed transform')]);
    expect(text?.match(/v="\d"/g)).toEqual(['v="1"', 'v="2"', 'v="5"']);
  });

  test('elements put in, taken out and asked for by key again are found as they stand', () => {
    const one = (key: string, verb: string): string =>
      `<a key="${key}" xdt:Locator="Match(key)" xdt:Transform="${verb}"/>`;
    const { told, text } = run(
      '<r><a key="1"/><a key="2"/></r>',
      ['1', '2', '3'].map((key) => one(key, 'InsertIfMissing')).join('') +
        one('3', 'InsertIfMissing') +
        one('2', 'Remove') +
        one('2', 'InsertIfMissing') +
        one('1', 'RemoveAll'),
    );
    expect(told).toEqual([]);
    expect(text?.match(/key="\d"/g)).toEqual(['key="3"', 'key="2"']);
  });

  test('two attributes that share a name without their prefix are both kept', () => {
    const { text } = run(
      '<r xmlns:p="urn:p"><a/></r>',
      '<b type="1" p:type="2" xdt:Transform="Insert"/>',
      ' xmlns:p="urn:p"',
    );
    expect(text).toContain('<b type="1" p:type="2"/>');
  });

  test('xml:lang stays what it is on what is put in', () => {
    const { text } = run('<r>\n</r>', '<b xml:lang="de" xdt:Transform="Insert"/>');
    expect(text).toBe('<r>\t<b xml:lang="de"/>\n</r>');
  });

  test('an element that would break the comment around it stays, with an error', () => {
    const { text, told } = run('<r><a><!-- c --></a></r>', '<a xdt:Transform="CommentOut"/>');
    expect(text).toBe('<r><a><!-- c --></a></r>');
    expect(told).toEqual([expect.stringContaining('error bad-comment transform')]);
  });

  test('an element beside the root is refused', () => {
    const { text, told } = run('<r><a/></r>', '<a xdt:Transform="InsertAfter(/*)"/>');
    expect(text).toBe('<r><a/></r>');
    expect(told).toEqual([expect.stringContaining('error null-target transform')]);
  });

  test('the root can be replaced even where it follows the declaration on the same line', () => {
    const { bytes } = transformXml({
      source: { name: 's', bytes: Buffer.from('<?xml version="1.0"?><r/>') },
      transform: { name: 't', bytes: Buffer.from(`<r ${namespace} n="1" xdt:Transform="Replace"/>`) },
    });
    expect(Buffer.from(bytes!).toString()).toBe('<?xml version="1.0"?><r n="1"/>');
  });

  test('three white spaces that meet are settled, not a crash', () => {
    const { text } = run(
      '<r>\n  <a/> <b/>  <c/>\n</r>',
      '<a xdt:Transform="Remove"/><b xdt:Transform="Remove"/>',
    );
    expect(text).toBe('<r>\n  <c/>\n</r>');
  });

  test('an apostrophe in a token value comes as it is', () => {
    const { text } = run(
      `<r><a x="1" k="it's"/></r>`,
      '<a x="$(k)" xdt:Transform="SetTokenizedAttributes"/>',
    );
    expect(text).toContain(`x="it's"`);
  });

  test('details are told in order, each target with its place', () => {
    const lines: string[] = [];
    transformXml({
      source: { name: 's', bytes: Buffer.from('<r>\n <a/>\n</r>') },
      transform: {
        name: 't',
        bytes: Buffer.from(`<r ${namespace}><a b="1" xdt:Transform="SetAttributes"/></r>`),
      },
      detail: (line) => lines.push(line),
    });
    expect(lines).toEqual([
      'Executing SetAttributes (transform line 1, 77)',
      '  on /r/a',
      "  Applying to 'a' element (source line 2, 3)",
      "  Set 'b' attribute",
      '  Set 1 attributes',
      'Done executing SetAttributes',
    ]);
  });
});

describe('a transformed document is written', () => {
  const noop = (source: string | Uint8Array): Buffer => Buffer.from(run(source, '').bytes!);

  test.each([
    ['UTF-8 without a mark or a declared encoding', '<r>é</r>', 'utf8'],
    ['UTF-8 with its mark', '\uFEFF<r>é</r>', 'utf8'],
    ['UTF-16 with its mark', '\uFEFF<?xml version="1.0" encoding="utf-16"?><r>é</r>', 'utf16le'],
  ] as const)('as it came: %s', (_what, text, encoding) => {
    expect(noop(Buffer.from(text, encoding)).toString(encoding)).toBe(text);
  });

  test('with a mark where its declaration says UTF-8 and it had none', () => {
    const text = '<?xml version="1.0" encoding="utf-8"?><r/>';
    expect(noop(text).toString()).toBe(`\uFEFF${text}`);
  });

  test.each(['iso-8859-1', 'windows-1252'])('in %s, references for what that lacks', (encoding) => {
    const text = `<?xml version="1.0" encoding="${encoding}"?><r>é</r>`;
    const { bytes } = run(Buffer.from(text, 'latin1'), '<b v="→" xdt:Transform="Insert"/>');
    expect(Buffer.from(bytes!).toString('latin1')).toContain('é<b v="&#x2192;"/>');
  });

  test('the same again when it is written again', () => {
    const pieces = [
      '<a/>',
      '<a />',
      "<b x='1'\n  y='&quot;'/>",
      '<c>',
      '</c>',
      't &amp; &#9; u',
      '\n  ',
      ' ',
    ];
    const others = ['\r\n\t', '<!-- c -->', '<![CDATA[a />]]>', '<?p  q?>', '<d\tx = "1" ></d >', '&#x1F;'];
    const piece = fc.constantFrom(...pieces, ...others);
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (chosen) => {
        const count = (tag: string): number => chosen.filter((one) => one === tag).length;
        const body = chosen.join('') + '</c>'.repeat(Math.max(0, count('<c>') - count('</c>')));
        let once: Buffer;
        try {
          once = noop(`<r>${body}</r>`);
        } catch {
          return; // The pieces made no document.
        }
        expect(noop(once).toString()).toBe(once.toString());
      }),
    );
  });

  test('byte for byte as it was, where it was written in the same manner before', () => {
    const space = fc.constantFrom(' ', '\n    ', '\r\n\t');
    const attributes = fc.uniqueArray(fc.constantFrom('k', 'value', 'p:n'), { maxLength: 3 });
    const tag = fc
      .tuple(fc.constantFrom('a', 'p:b'), attributes, space, fc.constantFrom('', ' ', '\n  '))
      .map(
        ([name, names, gap, end]) =>
          `<${name}${names.map((one) => `${gap}${one}="1 &lt; 2"`).join('')}${end}/>`,
      );
    const node = fc.oneof(
      tag,
      space,
      fc.constantFrom('text &amp; more', '<!-- c -->', '<![CDATA[<x>]]>', '<?p q?>'),
    );
    fc.assert(
      fc.property(fc.array(node), (nodes) => {
        const text = `<?xml version="1.0"?>\n<r xmlns:p="urn:p">${nodes.join('')}<z></z></r>\n`;
        expect(noop(text).toString()).toBe(text);
      }),
    );
  });
});

describe('an XPath in a transform', () => {
  const source =
    '<r xmlns:p="urn:p"><a id="1"><b>t</b></a><!--c--><a id="2" p:k="v"><b/>x<![CDATA[y]]>z</a><p:c/><?pi d?></r>';

  test.each([
    ['//b', ['<b>t</b>', '<b/>']],
    ['//a[2]', ['<a id="2" p:k="v"><b/>x<![CDATA[y]]>z</a>']],
    ['//a[@id = (../a)[last()]/@id]/b', ['<b/>']],
    ["//a[b='t' and position()=1]/b", ['<b>t</b>']],
    ['//a[@id &lt; 2]/b', ['<b>t</b>']],
    ["//b/following::*[local-name()='c']", ['<p:c/>']],
    ['//p:c/preceding-sibling::a[1]/b', ['<b/>']],
    ["//*[namespace-uri()='urn:p']", ['<p:c/>']],
    ["//comment()|//processing-instruction('pi')", ['<!--c-->', '<?pi d?>']],
    ["//b[ancestor::a[@id=concat('', 2)]]", ['<b/>']],
    ["//a[contains(., 'xyz') and count(text())=1]/b", ['<b/>']],
    ['//b[string-length() = 1 or 1 div 0 = -1]', ['<b>t</b>']],
    ['//*[self::b][not(node())]', ['<b/>']],
    ['/r/a[sum(../a/@id) = 3 mod 4][1]/b', ['<b>t</b>']],
    ["//a[@*[name()='p:k']='v']/b", ['<b/>']],
    ['//b[../@id = (1 + 3 * 1 - 2)]', ['<b/>']],
  ])('%s selects its nodes', (xpath, gone) => {
    const expected = gone.reduce((text, one) => text.replace(one, ''), source);
    const locator = `<x xdt:Locator="XPath(${xpath})" xdt:Transform="RemoveAll"/>`;
    const { text, messages } = run(source, locator, ' xmlns:p="urn:p"');
    expect(messages).toEqual([]);
    expect(text).toBe(expected);
  });

  test.each([
    ['an unknown prefix, even where it is never reached', '/nope/zz:a'],
    ['a variable', '//a[$v]'],
    ['an unknown function', '//a[foo()]'],
    ['a wrong number of arguments', '//a[concat(1)]'],
    ['a string where nodes are needed', '//a[count(1)]'],
    ['a result that is no set of nodes', '//a + 1'],
    ['an open bracket', '//a[1'],
    ['an unknown axis', '/foo::a'],
    ['more parentheses than can be meant', `/r[${'('.repeat(300)}1${')'.repeat(300)}]`],
  ])('is refused with %s', (_what, xpath) => {
    const { told } = run(source, `<x xdt:Locator="XPath(${xpath})" xdt:Transform="RemoveAll"/>`);
    expect(told).toEqual([expect.stringContaining('error bad-xpath transform')]);
  });

  test('long chains of operators and steps are no deeper than short ones', () => {
    const chain = Array.from({ length: 20_000 }, () => '1').join(' + ');
    expect(left('<r><a/></r>', `//a[${chain} = 20000]`)).toBe('<r></r>');
    expect(left('<r><a/></r>', `/r${'/a/..'.repeat(20_000)}/a`)).toBe('<r></r>');
  });
});
