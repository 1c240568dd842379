import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Page } from '../page.ts';

/**
 * What is asked at present, numbered, so that an answer to something that is not asked any more is told apart. What a
 * page shows may change under its number; what can be filled in or chosen there can't.
 */
export type Asked = {
  readonly number: number;
  /** Names what is shown; another one after each change. */
  readonly stamp: string;
  /** For one form: only a page of this server has it, and it says what the form asks. */
  token(): string;
  /** `repeated`: the very form that was answered last, sent again. `foreign`: no form of this server. */
  judge(token: string): 'current' | 'outdated' | 'repeated' | 'foreign';
  /** A form is being answered: no other of its number is from now on. */
  answered(token: string): void;
  /** Another page stands, or the same shows more. */
  look(page: Page): void;
};

/** Follows what is asked, from `first` on; `look` is to be called at each change. */
export function asked(first: Page): Asked {
  const key = randomBytes(32);
  const start = randomBytes(4).toString('hex');
  let number = 1;
  let changes = 0;
  let question = questionOf(first);
  let last = '';
  const sign = (text: string): string => createHmac('sha256', key).update(text).digest('base64url');
  return {
    get number() {
      return number;
    },
    get stamp() {
      return `${start}-${changes}`;
    },
    token() {
      const text = `${number}.${randomBytes(9).toString('base64url')}`;
      return `${text}.${sign(text)}`;
    },
    judge(token) {
      const [given = '', nonce = '', signature = ''] = token.split('.');
      const expected = Buffer.from(sign(`${given}.${nonce}`));
      const found = Buffer.from(signature);
      if (found.length !== expected.length || !timingSafeEqual(found, expected)) return 'foreign';
      if (token === last) return 'repeated';
      return given === String(number) ? 'current' : 'outdated';
    },
    answered(token) {
      last = token;
      number += 1;
      changes += 1;
    },
    look(page) {
      changes += 1;
      const now = questionOf(page);
      if (now !== question) number += 1;
      question = now;
    },
  };
}

function questionOf({ id, title, place, fields, actions, mustChoose, isBusy }: Page): string {
  return JSON.stringify([id, title, place, fields, actions, mustChoose, isBusy]);
}
