import { createHash, timingSafeEqual } from 'node:crypto';
import { HttpError } from '../errors.ts';

/** Whether a request proves that it may read the feed. */
export type Gate = (authorization: string | undefined) => boolean;

/**
 * Opens for Basic credentials whose password is one of the tokens, whatever the user name; for everybody where there is
 * no token. How long the answer takes says nothing about how much of a token was right.
 */
export function tokenGate(tokens: readonly string[]): Gate {
  if (tokens.length === 0) return () => true;
  const known = tokens.map(digest);
  return (authorization) => {
    const [, encoded] = /^basic +([A-Za-z0-9+/=_-]{1,4096})$/i.exec(authorization?.trim() ?? '') ?? [];
    const credentials = Buffer.from(encoded ?? '', 'base64').toString('utf8');
    const given = digest(credentials.slice(credentials.indexOf(':') + 1));
    const matches = known.map((each) => timingSafeEqual(each, given));
    return encoded !== undefined && credentials.includes(':') && matches.includes(true);
  };
}

const tokenLengthMin = 16;

/**
 * The tokens in a text, one a line, so that an old one and its successor can be good at the same time; blank lines and
 * those that begin with `#` are passed over. `path` is where the text is from. Errors: FEED_TOKEN_UNUSABLE.
 */
export function readTokens(path: string, text: string): string[] {
  const tokens = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const isUnusable = (token: string): boolean =>
    token.length < tokenLengthMin || !/^[\u0021-\u007E]+$/.test(token);
  if (tokens.length > 0 && !tokens.some(isUnusable)) return tokens;
  const because =
    tokens.length === 0
      ? 'there is none in it'
      : `one of them is shorter than ${tokenLengthMin} characters, or has others than letters, digits and signs`;
  throw new HttpError('FEED_TOKEN_UNUSABLE', `Cannot use the tokens in ${path}: ${because}`, {
    hint: 'Write a long random text into it, for example: openssl rand -hex 24',
    details: { file: path },
  });
}

const digest = (text: string): Buffer => createHash('sha256').update(text, 'utf8').digest();
