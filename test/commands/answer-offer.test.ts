import { describe, expect, test } from 'vitest';
import { answerOffer, setInput, type Answer, type Offer } from '../../src/commands/index.ts';
import { codeOf, refusal } from '../support/refusal.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const offer = (wish: Partial<Offer> = {}): Offer => ({
  link: id('a'),
  process: 'Orders',
  number: '1.0.0',
  digest: digest('1'),
  withdrawn: null,
  answer: null,
  ...wish,
});
const answers: readonly Answer[] = ['accepted', 'refused', 'postponed'];

describe('an answer to an offer', () => {
  test.each(answers)('is kept here and told to the author: %s', (answer) => {
    const asked = { answer, reason: 'after the freeze', until: '2026-05-01' };
    const decision = answerOffer(offer(), asked);
    expect(decided(decision)).toEqual(['self release.answered', `${id('a')} offer.answered`]);
    expect(dataOf(decision, 'offer.answered')).toEqual({ digest: digest('1'), ...asked });
    expect(dataOf(decision, 'release.answered')).toEqual({ link: id('a'), digest: digest('1'), ...asked });
  });

  test('that was given already changes nothing', () => {
    const answer = { answer: 'refused' as const, reason: 'no', until: null };
    expect(answerOffer(offer({ answer }), answer)).toEqual([]);
  });

  test.each([
    ['answer', { answer: 'accepted' as const, reason: 'no', until: null }],
    ['reason', { answer: 'refused' as const, reason: 'too late', until: null }],
    ['date', { answer: 'refused' as const, reason: 'no', until: '2026-05-01' }],
  ])('can be changed in its %s', (_part, asked) => {
    const answer = { answer: 'refused', reason: 'no', until: null };
    expect(answerOffer(offer({ answer }), asked)).toHaveLength(2);
  });

  test('can be no yes to what was withdrawn, but still a no', () => {
    const gone = offer({ withdrawn: 'data loss' });
    const yes = { answer: 'accepted' as const, reason: null, until: null };
    expect(codeOf(refusal(() => answerOffer(gone, yes)))).toBe('RELEASE_WITHDRAWN refused');
    expect(answerOffer(gone, { ...yes, answer: 'refused' })).toHaveLength(2);
    expect(answerOffer(offer({ withdrawn: 'data loss', answer: yes }), yes)).toEqual([]);
  });

  test('to a release of this side is refused', () => {
    const asked = { answer: 'accepted' as const, reason: null, until: null };
    expect(codeOf(refusal(() => answerOffer(offer({ link: '' }), asked)))).toBe('OFFER_ONLY misused');
  });
});

describe('an input', () => {
  const plain = { name: 'Site.Port', environment: 'uat', secret: false, value: '8080' };
  const secret = { name: 'Db.Password', environment: null, secret: true, value: null };

  test('is set here, and that it is set is told to whose release asks for it, never its value', () => {
    const { decision, version } = setInput(undefined, plain, [id('a'), id('b')]);
    expect(version).toBe(1);
    expect(decided(decision)).toEqual([
      'self input.set',
      `${id('a')} input.reported`,
      `${id('b')} input.reported`,
    ]);
    const [, toAuthor] = decision;
    expect(toAuthor!.event.data).toEqual({ name: 'Site.Port', environment: 'uat', state: 'set' });
  });

  test('with the value it has changes nothing', () => {
    const known = { version: 3, secret: false, value: '8080' };
    expect(setInput(known, plain, [id('a')])).toEqual({ decision: [], version: 3 });
  });

  test('with another value is a new version', () => {
    expect(setInput({ version: 3, secret: false, value: '80' }, plain, []).version).toBe(4);
  });

  test('that is secret is a new version each time, since the log can not tell whether it is the same', () => {
    expect(setInput({ version: 3, secret: true, value: null }, secret, []).version).toBe(4);
  });

  test('that becomes secret, or stops being it, is a new version', () => {
    expect(setInput({ version: 1, secret: false, value: 'x' }, secret, []).version).toBe(2);
    expect(setInput({ version: 1, secret: true, value: null }, plain, []).version).toBe(2);
  });

  test('that is secret is recorded without its value', () => {
    const { decision } = setInput(undefined, secret, []);
    expect(dataOf(decision, 'input.set')).toEqual({ ...secret, version: 1 });
  });
});
