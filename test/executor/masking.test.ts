import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Masker } from '../../src/executor/masking.ts';
import { expand, VariableSet } from '../../src/variables/index.ts';

const secret = `P@ss "w<o>r&d'/ü+1`;

function maskerOf(...values: string[]): Masker {
  const masker = new Masker();
  for (const value of values) masker.add(value);
  return masker;
}

const xml = (value: string): string =>
  value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

test.each([
  ['as it stands', (value: string) => value],
  ['in base64', (value: string) => Buffer.from(value).toString('base64')],
  ['in URL-safe base64', (value: string) => Buffer.from(value).toString('base64url')],
  ['percent-encoded', (value: string) => encodeURIComponent(value)],
  ['as a form field', (value: string) => new URLSearchParams({ v: value }).toString().slice(2)],
  ['as JSON', (value: string) => JSON.stringify(value)],
  ['as ASCII JSON', (value: string) => JSON.stringify(value).replace('ü', String.raw`\u00fc`)],
  ['as XML', xml],
  ['quoted by a shell', (value: string) => `'${value.replaceAll("'", String.raw`'\''`)}'`],
])('a secret is masked %s', (_, form) => {
  const masked = maskerOf(secret).mask(`before ${form(secret)} after`);
  expect(masked).toMatch(/^before \W*\*{8}\W* after$/);
});

test.each([
  'ToBase64',
  'ToBase64 unicode',
  'HtmlEscape',
  'XmlEscape',
  'JsonEscape',
  'YamlSingleQuoteEscape',
  'YamlDoubleQuoteEscape',
  'PropertiesKeyEscape',
  'PropertiesValueEscape',
  'UriEscape',
  'UriDataEscape',
  'ToUpper',
  'ToLower',
])('a secret is masked where a template wrote it through %s', (filter) => {
  const harder = `${secret}\\ key: a=b/€`;
  const { text } = expand(`#{Secret | ${filter}}`, new VariableSet([['Secret', harder]]), 'continue');
  expect(maskerOf(harder).mask(`before ${text} after`)).toMatch(/^before \*{8}=* after$/);
});

test('a short secret in another case is a word like others', () => {
  expect(maskerOf('Test').mask('Test: the tests passed')).toBe('********: the tests passed');
});

test('a secret is masked in base64 of a longer text, wherever it begins there', () => {
  const masker = maskerOf('correct horse battery');
  for (const before of ['', 'a', 'ab', 'abc']) {
    const text = Buffer.from(`${before}correct horse battery`).toString('base64');
    const left = masker.mask(text).replace('********', '').replaceAll('=', '');
    expect(left.length).toBeLessThanOrEqual(Math.ceil((before.length * 8) / 6));
  }
});

test('a long secret is masked in base64 that a tool broke into lines', () => {
  const long = 'correct horse battery staple '.repeat(10);
  const masker = maskerOf(long);
  const lines = execFileSync('base64', { input: long, encoding: 'utf8' }).split('\n');
  for (const line of lines.filter((one) => one !== '')) expect(masker.mask(line)).toBe('********');
});

test('secrets that overlap leave no rest of either', () => {
  expect(maskerOf('abcdef', 'defghi').mask('xabcdefghix')).toBe('x********x');
  expect(maskerOf('abcdef', 'abcdefgh').mask('abcdefgh abcdef')).toBe('******** ********');
  expect(maskerOf('aaaa').mask('aaaaaaa')).toBe('********');
});

test('a secret of several lines is masked line by line', () => {
  const masker = maskerOf('-----BEGIN KEY-----\r\nMIIEvQIBADANBg\r\n-----END KEY-----\r\n');
  expect(masker.mask('  MIIEvQIBADANBg')).toBe('  ********');
});

test('values of up to three characters are left alone, and that is told', () => {
  const masker = new Masker();
  expect(masker.add('abc')).toBe(false);
  expect(masker.add(' ab \n')).toBe(false);
  expect(masker.add('abcd')).toBe(true);
  expect(masker.mask('abc abcd')).toBe('abc ********');
});

test('no text that went through holds a secret, and text without one is unchanged', () => {
  const word = fc.string({ minLength: 4, maxLength: 12 }).filter((value) => !value.includes('*'));
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 5 }), fc.array(word), (secrets, texts) => {
      const masker = maskerOf(...secrets);
      const rests = masker.mask([...texts, ...secrets].join(' ')).split('********');
      for (const value of secrets.filter((one) => one.trim().length >= 4)) {
        expect(rests.some((rest) => rest.includes(value))).toBe(false);
      }
      const harmless = texts.join(' ');
      if (!masker.holds(harmless)) expect(masker.mask(harmless)).toBe(harmless);
    }),
  );
});
