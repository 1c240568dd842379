import { describe, expect, test } from 'vitest';
import {
  answerOffer,
  decideWait,
  giveValue,
  importTests,
  judgeRelease,
  recordRun,
  refuseBlob,
  setInput,
  withdrawRelease,
  type Decision,
} from '../../src/commands/index.ts';
import { secretGuard } from '../../src/instance/secret-guard.ts';
import { memoryFolder } from '../support/build-nupkg.ts';
import { makePair, makeRelease } from '../support/instances.ts';
import { codeOf, refusal } from '../support/refusal.ts';

const secret = 'c0rrect "horse"\\battery\nstaple';
const guard = secretGuard(() => [secret]);
const hash = 'a'.repeat(64);
const link = 'b'.repeat(32);
const leak = `the password is ${secret}, said the script`;

const run = (wish: object): Decision =>
  recordRun(
    {
      deployment: 'deployment-1',
      link,
      process: 'Orders',
      number: '1.0.0',
      digest: hash,
      environment: 'uat',
      reason: 'deploy',
      ordinal: 1,
    },
    [],
    { state: 'failed', startedAt: 1, endedAt: 2, steps: [], ...wish },
    { when: 'always', trace: true, files: true, errors: true, lines: true },
  );
const step = (wish: object) => ({
  id: 's',
  name: 'S',
  state: 'failed',
  conventions: [],
  outputs: {},
  ...wish,
});
const line = (wish: object) => ({ number: 1, name: 'Extract', state: 'failed', ...wish });
const imported = {
  digest: hash,
  sha256: hash,
  sizeBytes: 1,
  format: 'junit',
  passed: 1,
  failed: 0,
  skipped: 0,
  type: null,
};
const refused = {
  link,
  digest: hash,
  what: 'Orders.Web 1.0.0',
  attempt: 1,
  final: false,
  parts: [],
  problems: [],
};
const offer = { link, process: 'Orders', number: '1.0.0', digest: hash, withdrawn: null, answer: null };
const asked = {
  wait: 1,
  position: 1,
  stepId: 'dba',
  step: 'DBA',
  for: 'confirmation',
  offers: ['approve', 'refuse'],
  decision: null,
} as const;
const plainInput = { name: 'A', environment: null, secret: false, value: 'harmless' };

describe('a value of the vault is not recorded', () => {
  test.each<[string, Decision]>([
    ["a verdict's note", judgeRelease(null, { digest: hash, ok: true, note: leak })],
    ['the name of a file of tests', importTests({ ...imported, file: leak }, new Set())],
    [
      'the note of who confirms a step',
      decideWait({ deployment: 'deployment-1', state: 'waiting' }, [asked], {
        answer: 'approve',
        step: undefined,
        note: leak,
        by: null,
      }),
    ],
    [
      'the name of who confirms a step',
      decideWait({ deployment: 'deployment-1', state: 'waiting' }, [asked], {
        answer: 'approve',
        step: undefined,
        note: null,
        by: leak,
      }),
    ],
    ['the reason of an answer', answerOffer(offer, { answer: 'refused', reason: leak, until: null })],
    ['the date of an answer', answerOffer(offer, { answer: 'postponed', reason: null, until: leak })],
    ['the reason of a withdrawal', withdrawRelease({ digest: hash, withdrawn: null }, leak, [link])],
    ['a value for another side', giveValue([], { link, name: 'Title', value: leak })],
    ['an input that is not secret', setInput(undefined, { ...plainInput, value: leak }, []).decision],
    ['the name of an input', setInput(undefined, { ...plainInput, name: leak }, [link]).decision],
    ['a part of a damaged package', refuseBlob({ ...refused, parts: [leak] })],
    ['a problem of a damaged package', refuseBlob({ ...refused, problems: [leak] })],
    ['the error of a run', run({ error: leak })],
    ['the error of a step', run({ steps: [step({ error: leak })] })],
    ['an output of a step', run({ steps: [step({ outputs: { Token: leak } })] })],
    ['the name of an output', run({ steps: [step({ outputs: { [leak]: null } })] })],
    ['a detail of a convention', run({ steps: [step({ conventions: [line({ detail: leak })] })] })],
    ['a file of a convention', run({ steps: [step({ conventions: [line({ files: [leak] })] })] })],
  ])('in %s', (_where, decision) => {
    const guilty = decision.filter(({ event }) => JSON.stringify(event.data).includes('battery'));
    expect(guilty).not.toEqual([]);
    for (const { event } of guilty) {
      const error = refusal(() => guard([event]));
      expect(codeOf(error)).toBe('SECRET_IN_ENTRY refused');
      expect(`${error.message} ${error.hint} ${JSON.stringify(error.details)}`).not.toContain('battery');
    }
  });

  test('in the bytes of a release, where JSON writes it in its own way', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { vendor } = pair;
    vendor.vault.keep({ name: 'Db.Password', environment: null, version: 1 }, secret);
    const before = vendor.log.entryCount();
    const error = refusal(() => makeRelease(vendor, '1.0.0', { inputs: [{ name: 'A', help: leak }] }));
    expect(codeOf(error)).toBe('SECRET_IN_ENTRY refused');
    expect(vendor.log.entryCount()).toBe(before);
    // What does not carry it goes in afterwards.
    expect(makeRelease(vendor, '1.0.0').number).toBe('1.0.0');
  });

  test('in the second event of a decision: then the first is not recorded either', async () => {
    using root = memoryFolder();
    using pair = await makePair(root.path);
    const { customer } = pair;
    customer.vault.keep({ name: 'Db.Password', environment: 'uat', version: 3 }, secret);
    const before = customer.log.entryCount();
    const decision = [
      ...setInput(undefined, plainInput, []).decision,
      ...judgeRelease(null, { digest: hash, ok: false, note: leak }),
    ];
    expect(codeOf(refusal(() => customer.record(() => decision)))).toBe('SECRET_IN_ENTRY refused');
    expect(customer.log.entryCount()).toBe(before);
  });
});

test('the vault is opened once for a decision, and not for one of nothing', () => {
  let opened = 0;
  const counting = secretGuard(() => {
    opened += 1;
    return [secret];
  });
  const harmless = judgeRelease(null, { digest: hash, ok: true, note: 'all good' })[0]!.event;
  counting(Array(20).fill(harmless));
  expect(opened).toBe(1);
  counting([]);
  expect(opened).toBe(1);
});

describe('what is no secret is recorded', () => {
  const { event } = judgeRelease(null, { digest: hash, ok: true, note: 'port 443 is open' })[0]!;

  test('where no value of the vault stands in it', () => {
    expect(() => guard([event])).not.toThrow();
    expect(() => secretGuard(() => [])([event])).not.toThrow();
  });

  test('where a very short value stands in it by chance', () => {
    expect(() => secretGuard(() => ['', 'p', '443'])([event])).not.toThrow();
    const longer = secretGuard(() => ['port 443']);
    expect(codeOf(refusal(() => longer([event])))).toBe('SECRET_IN_ENTRY refused');
  });
});
