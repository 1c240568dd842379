import { expect, test } from 'vitest';
import { readTokens, tokenGate } from '../../../src/http/feed/tokens.ts';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;
const [token, next] = ['a-long-enough-token', 'another-long-token:with-colon'];

test('the token opens as password, whatever the user name, also while its successor does', () => {
  const opens = tokenGate([token, next]);
  const good = [
    basic(`anybody:${token}`),
    basic(`:${token}`),
    basic(`x:${next}`),
    `basic  ${basic(`a:${token}`).slice(6)}`,
  ];
  expect(good.filter((header) => !opens(header))).toEqual([]);
});

test('T-93 nothing else opens', () => {
  const opens = tokenGate([token]);
  const wrong = [
    undefined,
    '',
    'Basic',
    'Basic !!!',
    basic(''),
    basic(token),
    basic(`${token}:`),
    basic(`x:${token} `),
    basic(`x:${token.toUpperCase()}`),
    basic(`x:${token.slice(0, -1)}`),
    `Bearer ${token}`,
    `Basic ${token}`,
    basic(`x:${token}`).replace('Basic', 'Digest'),
    `Basic ${'A'.repeat(10_000)}`,
  ];
  expect(wrong.filter((header) => opens(header))).toEqual([]);
});

test('without a token everybody is let in', () => {
  expect([tokenGate([])(undefined), tokenGate([])('Basic x')]).toEqual([true, true]);
});

test('a file has a token a line, with remarks between', () => {
  expect(readTokens('f', `# since May\r\n${token}\n\n  ${next}  \n`)).toEqual([token, next]);
});

test.each([
  '',
  '\n# none\n',
  'too-short',
  `${token}\nshort`,
  'with a blank in it, though long',
  'überall-lang-genug-aber',
])('a file with %j is refused, without telling what stands in it', (text) => {
  const refused = expect.objectContaining({
    code: 'FEED_TOKEN_UNUSABLE',
    details: { file: 'tokens' },
  }) as Error;
  expect(() => readTokens('tokens', text)).toThrow(refused);
});
