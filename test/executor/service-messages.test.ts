import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ServiceMessageParser, writeMessage, type OutputPart } from '../../src/executor/service-messages.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** What the lines come to: texts as they are, messages as name and values. */
function read(...lines: string[]): (string | [string, Record<string, string>])[] {
  const parser = new ServiceMessageParser();
  const parts: OutputPart[] = [...lines.flatMap((line) => parser.take(line)), ...parser.end()];
  return parts.map((part) =>
    part.kind === 'text' ? part.text : [part.message.name, Object.fromEntries(part.message.values)],
  );
}

test('both quote styles are read, and attribute names in any case', () => {
  const line = `##octopus[setVariable Name='${base64('A')}' VALUE="${base64('b')}"]`;
  expect(read(line)).toEqual([['setVariable', { name: 'A', value: 'b' }]]);
  expect(read(`##octopus[ setVariable]`)).toEqual(['##octopus[ setVariable]']);
  expect(read(`##octopus[stdout-verbose]`, `##octopus[stdout-default ]`, `##octopus[x/]`)).toEqual([
    ['stdout-verbose', {}],
    ['stdout-default', {}],
    ['x', {}],
  ]);
});

test('a message stands anywhere in a line, and what is around it is text', () => {
  const message = writeMessage('progress', { percentage: '5' });
  expect(read(`noeol${message}`)).toEqual(['noeol', ['progress', { percentage: '5' }]]);
  expect(read(`  ${message} and so on`)).toEqual([['progress', { percentage: '5' }], ' and so on']);
});

test('a message runs over several lines, whose ends do not count', () => {
  const value = base64('a long value that a writer broke into lines');
  const head = `##octopus[setVariable name='${base64('A')}'`;
  expect(read(head, ` value='${value.slice(0, 9)}`, `${value.slice(9)}']`, 'after')).toEqual([
    ['setVariable', { name: 'A', value: 'a long value that a writer broke into lines' }],
    'after',
  ]);
});

test('a message that is never closed is the text it was, with all lines that followed', () => {
  expect(read('##octopus[setVariable', 'one', 'two')).toEqual(['##octopus[setVariable', 'one', 'two']);
});

test.each([
  ['a value that is not base64', `##octopus[setVariable name='A' value='b']`],
  ['base64 without padding', `##octopus[setVariable name='QQ']`],
  ['base64 of the other alphabet', `##octopus[setVariable name='-_-_']`],
  ['an attribute without quotes', `##octopus[setVariable name=QQ==]`],
  ['an attribute without a space before it', `##octopus[setVariable name='QQ=='value='QQ==']`],
  ['an attribute given twice', `##octopus[setVariable name='QQ==' name='QQ==']`],
  ['quotes that do not match', `##octopus[setVariable name='QQ==" value="QQ=='x]`],
  ['no name', '##octopus[]'],
  ['a name that begins with a digit', "##octopus[1x a='QQ==']"],
])('%s makes it an ordinary line', (_, line) => {
  expect(read(line)).toEqual([line]);
});

test('names of messages are told as written, so that only the exact one has an effect', () => {
  expect(read("##octopus[SETVARIABLE name='QQ==']")).toEqual([['SETVARIABLE', { name: 'A' }]]);
});

/** As fast-check's own unit `binary`, which takes seconds to list them all first. */
const anyCharacter = fc
  .oneof(fc.integer({ min: 0, max: 0xd7ff }), fc.integer({ min: 0xe000, max: 0x10ffff }))
  .map((point) => String.fromCodePoint(point));

test('what is written as a message is read as that message, whatever its values hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: anyCharacter }), (name, value) => {
      expect(read(writeMessage('setVariable', { name, value }))[0]).toEqual(['setVariable', { name, value }]);
    }),
  );
});

test('no line is lost, whatever a script prints', () => {
  const line = fc.string({ maxLength: 30 }).map((text) => text.replaceAll(/[\r\n]/g, ''));
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const withoutMessages = lines.filter((one) => !one.includes('##octopus['));
      expect(read(...withoutMessages)).toEqual(withoutMessages);
    }),
  );
});
