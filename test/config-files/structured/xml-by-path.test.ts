import { describe, expect, test } from 'vitest';
import { outcome, refusal, set } from './support.ts';

const file = 'a.xml';

describe('structured variables in XML', () => {
  test('only what is set changes: quotes, spacing, comments, the declaration and line ends stay', () => {
    const before = `<?xml version='1.0'?>\r\n<!-- c -->\r\n<a  x = '1'\r\n><b/><c>t</c ></a>\r\n<?p q?>`;
    expect(set(file, before, { '/a/@x': `it's`, '/a/c': 'n' })).toBe(
      before.replace("'1'", "'it&apos;s'").replace('>t<', '>n<'),
    );
  });

  test.each([
    ['//i[2]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['//i[last()]', '<a><i>1</i><i>2</i><i>N</i></a>'],
    ['//i[position() > 1]', '<a><i>1</i><i>N</i><i>N</i></a>'],
    ['/a/i[. = 2]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['/a/i[. = "1" or .="3"]', '<a><i>N</i><i>2</i><i>N</i></a>'],
    ['/a/i[not(. = 1)][1]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['(//i)[3]', '<a><i>1</i><i>2</i><i>N</i></a>'],
    ['//i[1]/following-sibling::i[1]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['//i[3]/preceding-sibling::*[1]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['/a/(i[1] | i[3])', '<a><i>N</i><i>2</i><i>N</i></a>'],
    ['/a/*[ends-with(., "3")]', '<a><i>1</i><i>2</i><i>N</i></a>'],
    ['//i[count(preceding-sibling::i) = 1]', '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['/a/i[1]/text()', '<a><i>N</i><i>2</i><i>3</i></a>'],
    ["//*[local-name()='i'][number(.) mod 2 = 0]", '<a><i>1</i><i>N</i><i>3</i></a>'],
    ['/a/element-name/..', '<a><i>1</i><i>2</i><i>3</i></a>'],
  ])('%s is read as XPath', (name, after) => {
    expect(set(file, '<a><i>1</i><i>2</i><i>3</i></a>', { [name]: 'N' })).toBe(after);
  });

  test.each([
    ['https://example.org/x'],
    ['A:B'],
    ['Octopus.Action[Deploy a/b].X'],
    ['a/b/'],
    ['//'],
    [`${'('.repeat(500)}/a`],
    ['/a[1'],
    ['/a/nobody-knows(1)'],
  ])('%s is no XPath and is passed over', (name) => {
    expect(outcome(file, '<a>1</a>', { [name]: 'x' })).toMatchObject({ changed: false, warnings: [] });
  });

  test.each([['10/2'], ['01/02/2020'], ['count(//a) + //a/1'], ['$v/x'], ['/']])(
    '%s can’t be evaluated to nodes: a warning, and the rest goes on',
    (name) => {
      const { warnings, replaced } = outcome(file, '<a><b/></a>', { [name]: 'x', '/a/b': 'y' });
      expect(warnings).toEqual([expect.stringContaining(name)]);
      expect(replaced).toEqual(['/a/b']);
    },
  );

  test('each name is applied to what those before it left', () => {
    expect(
      set(file, '<a><b><c/></b></a>', {
        '/a/b': '<d>1</d>',
        '/a/b/d': '2',
        "/a/b[d='2']/d": '3',
        '/a/b/c': 'gone',
      }),
    ).toBe('<a><b><d>3</d></b></a>');
    expect(set(file, '<a x="1"/>', { '//@x': '2', '/a/@x': '3' })).toBe('<a x="3"/>');
    expect(set(file, '<a/>', { '//a': 'x', '/a/text()': 'y' })).toBe('<a>y</a>');
  });

  test.each([
    ['a comment', '<a><!--x--></a>', '//comment()', '-- y -', '<a><!--- - y - --></a>'],
    ['an instruction', '<a><?p q?></a>', '//processing-instruction("p")', 'x ?> y', '<a><?p x ? > y?></a>'],
    ['CDATA', '<a> <![CDATA[x]]> </a>', '/a', 'y ]]> z', '<a><![CDATA[y ]]]]><![CDATA[> z]]></a>'],
    [
      'an element with a comment only',
      '<a><b><!-- c --></b></a>',
      '/a/b',
      '<x/>',
      '<a><b>&lt;x/&gt;</b></a>',
    ],
    ['an empty element', '<a><b  c="d" /></a>', '/a/b', 'x', '<a><b  c="d">x</b></a>'],
    ['white space between elements is no text', '<a> <b/> </a>', '/a/text()', 'x', '<a> <b/> </a>'],
    ['a line break in an attribute', '<a b=""/>', '/a/@b', 'x\ny', '<a b="x&#xA;y"/>'],
    [
      'markup with a prefix declared above',
      '<a xmlns:p="u"><b><c/></b></a>',
      '/a/b',
      '<p:x/>',
      '<a xmlns:p="u"><b><p:x/></b></a>',
    ],
  ])('%s', (_what, before, name, value, after) => {
    expect(set(file, before, { [name]: value })).toBe(after);
  });

  test.each([['<p:x/>'], ['</b><b>'], ['<!DOCTYPE x>'], ['&nbsp;'], ['<x>']])(
    'markup that can’t stand there is a warning, not a change: %s',
    (value) => {
      const { changed, warnings } = outcome(file, '<a><b><c/></b></a>', { '/a/b': value });
      expect(changed).toBe(false);
      expect(warnings).toEqual([expect.stringContaining('/a/b')]);
    },
  );

  test('a variable without a value empties', () => {
    expect(set(file, '<a b="x"><c><d/></c>t</a>', { '/a/@b': null, '/a/c': null })).toBe(
      '<a b=""><c></c>t</a>',
    );
  });

  test('a prefix that is bound twice means the first, and that is told', () => {
    const before = '<a><p:b xmlns:p="u1"/><p:b xmlns:p="u2"/></a>';
    const { bytes, warnings } = outcome(file, before, { '//p:b': 'x' });
    expect(Buffer.from(bytes).toString()).toBe('<a><p:b xmlns:p="u1">x</p:b><p:b xmlns:p="u2"/></a>');
    expect(warnings).toEqual([expect.stringContaining('the prefix p')]);
  });

  test('a value that its encoding lacks makes the file UTF-8, its declaration too', () => {
    const before = Buffer.from('<?xml version="1.0" encoding="iso-8859-1"?><a>ä</a>', 'latin1');
    const { bytes, warnings } = outcome(file, before, { '/a': '你' });
    expect(Buffer.from(bytes).toString()).toBe('<?xml version="1.0" encoding="utf-8"?><a>你</a>');
    expect(warnings).toHaveLength(1);
    expect(
      Buffer.from(outcome(file, Buffer.from('<a b="1">ä</a>', 'latin1'), { '/a/@b': '2' }).bytes),
    ).toEqual(Buffer.from('<a b="2">ä</a>', 'latin1'));
  });

  test('what XML can’t express is refused before anything is written, by its name', () => {
    const error = refusal(file, '<a/>', { '/a': 's3cret\u0001' });
    expect(error.code).toBe('XML_CHARACTER_NOT_ALLOWED');
    expect(error.message).not.toContain('s3cret');
  });

  test('an expression that takes too long on a file is given up with a warning', () => {
    const wide = `<a>${'<b/>'.repeat(6000)}</a>`;
    expect(outcome(file, wide, { '//b[count(//b[//c]) = 1]': 'x' }).warnings).toEqual([
      expect.stringContaining('takes too long'),
    ]);
  });

  test('entities are refused, not expanded', () => {
    const bomb = '<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>';
    expect(refusal(file, bomb).code).toBe('XML_ENTITIES_REFUSED');
  });
});
