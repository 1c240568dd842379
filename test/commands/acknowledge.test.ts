import { array, assert as assertLaw, boolean, integer, nat, property, record } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { acknowledge, refuseBlob, takePackage, type Acknowledgement } from '../../src/commands/index.ts';
import { dataOf, decided, digest, id } from './decided.ts';

const known = (wish: Partial<Acknowledgement> = {}): Acknowledgement => ({
  link: id('a'),
  inward: { epoch: 1, seq: 7, hash: digest('7'), news: 7 },
  receipted: { epoch: 1, seq: 7 },
  holds: [],
  refused: [],
  ...wish,
});
const numbered = (count: number): string[] =>
  Array.from({ length: count }, (_, at) => at.toString(16).padStart(64, '0'));

describe('a receipt', () => {
  test('says how far the feed is held, once for many entries', () => {
    const decision = acknowledge(known({ receipted: { epoch: 1, seq: 2 } }));
    expect(decided(decision)).toEqual([`${id('a')} receipt.given`]);
    expect(dataOf(decision, 'receipt.given')).toMatchObject({ epoch: 1, seq: 7, hash: digest('7') });
  });

  test('is not given where nothing is new', () => {
    expect(acknowledge(known())).toEqual([]);
  });

  test('is not given before there is any entry to hold', () => {
    const inward = { epoch: 0, seq: 0, hash: null, news: 0 };
    expect(acknowledge(known({ inward, receipted: { epoch: 0, seq: 0 }, holds: [digest('b')] }))).toEqual([]);
  });

  test('T-30 takes back what was said before this side was put back, also where nothing at all is left', () => {
    for (const inward of [
      { epoch: 1, seq: 3, hash: digest('3'), news: 3 },
      { epoch: 0, seq: 0, hash: null, news: 0 },
    ]) {
      const decision = acknowledge(known({ inward, receipted: { epoch: 1, seq: 7 } }));
      const { epoch, seq, hash } = inward;
      expect(dataOf(decision, 'receipt.given')).toMatchObject({ epoch, seq, hash: hash ?? '0'.repeat(64) });
      expect(acknowledge(known({ inward, receipted: { epoch, seq } }))).toEqual([]);
    }
  });

  test('is not given for receipts alone, or two sides would thank each other for ever', () => {
    const inward = { epoch: 1, seq: 9, hash: digest('9'), news: 7 };
    expect(acknowledge(known({ inward, receipted: { epoch: 1, seq: 7 } }))).toEqual([]);
  });

  test('is given for a new epoch, which counts from one again', () => {
    const inward = { epoch: 2, seq: 1, hash: digest('1'), news: 1 };
    expect(acknowledge(known({ inward }))).toHaveLength(1);
  });

  test('names blobs that came whole, although no entry is new', () => {
    const decision = acknowledge(known({ holds: [digest('b')] }));
    expect(dataOf(decision, 'receipt.given')['holds']).toEqual([digest('b')]);
  });

  test('names blobs that were refused, and what in them', () => {
    const refused = [{ digest: digest('b'), attempt: 2, final: true, parts: ['lib/web.dll'] }];
    expect(dataOf(acknowledge(known({ refused })), 'receipt.given')['refused']).toEqual(refused);
  });

  test('is never too long for an entry: the rest is said in the next one', () => {
    const refused = numbered(80).map((name) => ({
      digest: name,
      attempt: 1,
      final: false,
      parts: Array.from({ length: 40 }, (_, at) => `${'n'.repeat(5000)}${at}`),
    }));
    const data = dataOf(acknowledge(known({ holds: numbered(700), refused })), 'receipt.given');
    expect(data['holds']).toEqual(numbered(500));
    expect(data['refused']).toHaveLength(50);
    expect(JSON.stringify(data).length).toBeLessThan(250 * 1024);
  });
});

test('acknowledging what was acknowledged says nothing, whatever it was', () => {
  const point = record({ epoch: integer({ min: 1, max: 3 }), seq: integer({ min: 1, max: 20 }) });
  const refusedBlob = record({ attempt: integer({ min: 1, max: 3 }), final: boolean() });
  const facts = record({
    inward: point,
    receiptsBehind: nat(5),
    receipted: point,
    holds: nat(3),
    refused: array(refusedBlob, { maxLength: 3 }),
  });
  assertLaw(
    property(facts, ({ inward, receiptsBehind, receipted, holds, refused }) => {
      const news = Math.max(0, inward.seq - receiptsBehind);
      const before = known({
        inward: { ...inward, hash: digest('7'), news },
        receipted,
        holds: numbered(holds),
        refused: refused.map((one, at) => ({ ...one, digest: numbered(3)[at]!, parts: [] })),
      });
      const decision = acknowledge(before);
      if (decision.length === 0) return;
      const { epoch, seq } = dataOf(decision, 'receipt.given') as { epoch: number; seq: number };
      expect(acknowledge({ ...before, receipted: { epoch, seq }, holds: [], refused: [] })).toEqual([]);
    }),
  );
});

describe('a blob', () => {
  const refused = {
    link: id('a'),
    digest: digest('b'),
    what: 'Orders.Web 1.0.0',
    attempt: 1,
    final: false,
    parts: ['lib/web.dll'],
    problems: ['its bytes are not those that were announced'],
  };

  test('that is refused is kept at home with what in it differed', () => {
    expect(dataOf(refuseBlob(refused), 'blob.refused')).toEqual(refused);
  });

  test('however much in it differs, and however that is called, is recorded in one entry', () => {
    const long = Array.from({ length: 90 }, (_, at) => `${at}${'ü'.repeat(60_000)}`);
    const data = dataOf(refuseBlob({ ...refused, parts: long, problems: long }), 'blob.refused');
    expect(Buffer.byteLength(JSON.stringify(data))).toBeLessThan(250 * 1024);
    expect(data['parts']).toHaveLength(20);
  });

  test('that is a package of an offer is put on the shelf of its link, once', () => {
    const pin = {
      id: 'Orders.Web',
      version: '1.0.0',
      sha256: digest('1'),
      contentDigest: digest('2'),
      sizeBytes: 1,
    };
    const intent = { pin, signer: { subject: 'CN=Acme', fingerprint: digest('f') }, link: id('a') };
    expect(dataOf(takePackage(false, intent), 'package.added')).toMatchObject({
      package: pin,
      link: id('a'),
    });
    expect(takePackage(true, intent)).toEqual([]);
  });
});
