import { describe, expect, test } from 'vitest';
import { recordComparison, recordPush } from '../../src/commands/index.ts';

const [one, two, three] = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
const push = {
  repository: 'nexus',
  package: { id: 'Orders.Web', version: '1.0.0' },
  contentDigest: one,
  outcome: 'failed',
  code: 'SOURCE_SLOW',
  message: 'Cannot use repository nexus: no answer',
} as const;

describe('what became of a push', () => {
  test('is said when it is new, with as many words as fit', () => {
    const [said, ...more] = recordPush(undefined, { ...push, message: 'x'.repeat(5000) });
    expect(said).toMatchObject({
      to: 'self',
      event: { name: 'package.pushed', data: { outcome: 'failed' } },
    });
    expect(said?.event.data).toMatchObject({ message: expect.stringMatching(/^x{999}…$/) });
    expect(more).toEqual([]);
    expect(recordPush({ outcome: 'failed', code: 'SOURCE_FAILING' }, push)).toHaveLength(1);
    expect(recordPush(push, { ...push, outcome: 'taken', code: null, message: null })).toHaveLength(1);
  });

  test('is not said again with every try, nor when what was taken is found to be there', () => {
    expect(recordPush(push, { ...push, message: 'in other words' })).toEqual([]);
    const taken = { ...push, outcome: 'taken', code: null, message: null } as const;
    expect(recordPush(taken, { ...taken, outcome: 'there' })).toEqual([]);
    expect(recordPush(taken, { ...taken, outcome: 'differs', code: 'SOURCE_CONTENT_DIFFERS' })).toHaveLength(
      1,
    );
  });
});

describe('a repository that has something else under a name', () => {
  const comparison = { repository: 'nexus', package: push.package, expected: one, found: two };

  test('is an alarm, once for as long as it is the same, and another one for something else again', () => {
    expect(recordComparison(undefined, comparison)).toHaveLength(1);
    expect(recordComparison({ found: two }, comparison)).toEqual([]);
    expect(recordComparison({ found: two }, { ...comparison, found: three })).toHaveLength(1);
  });

  test('is none any more when it has the right thing, which is no news without an alarm before', () => {
    expect(recordComparison({ found: two }, { ...comparison, found: one })).toHaveLength(1);
    expect(recordComparison(undefined, { ...comparison, found: one })).toEqual([]);
  });
});
