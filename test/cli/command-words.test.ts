import { expect, test } from 'vitest';
import { commandWords } from '../../src/cli/shell/command-words.ts';

test.each([
  ['openssl dgst -sign key.pem', ['openssl', 'dgst', '-sign', 'key.pem']],
  ['  one\ttwo  ', ['one', 'two']],
  [`"C:\\Program Files\\sign.exe" --slot '1 2'`, ['C:\\Program Files\\sign.exe', '--slot', '1 2']],
  [`--name="a b"'c d'e`, ['--name=a bc de']],
  [`sign ''`, ['sign', '']],
  ['sign $HOME `id` ; rm | x > y \\', ['sign', '$HOME', '`id`', ';', 'rm', '|', 'x', '>', 'y', '\\']],
  [`sh -c 'openssl dgst "$X"'`, ['sh', '-c', 'openssl dgst "$X"']],
])('the words of %s', (line, words) => {
  expect(commandWords(line, '--signer')).toEqual(words);
});

test.each(['', '  ', `''`, `sign "key`, `sign 'a b`, `a'b`])('no command are %j', (line) => {
  expect(() => commandWords(line, '--signer')).toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
});
