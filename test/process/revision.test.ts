import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ProcessError, readRevision, reviseProcess } from '../../src/process/index.ts';
import { orders, read, small } from './orders.ts';

const frozen = reviseProcess(read(orders));
const text = Buffer.from(frozen.document).toString('utf8');
const codeOf = (bytes: Uint8Array): string => {
  try {
    readRevision(bytes);
  } catch (error) {
    if (error instanceof ProcessError) return error.code;
    throw error;
  }
  return 'read';
};

describe('a revision', () => {
  test('comes back from its frozen bytes as it was', () => {
    expect(readRevision(frozen.document)).toEqual(read(orders).revision);
  });

  test('has the same bytes and digest however the file was laid out', () => {
    const other = orders.replace(
      '{ type: port, default: 8080 }',
      '\n    default: "8080"   # comment\n    type: port',
    );
    expect(other).not.toBe(orders);
    expect(reviseProcess(read(other)).digest).toBe(frozen.digest);
    expect(frozen.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  test('knows nothing of what stays at home', () => {
    expect(text).not.toContain('Sandbox.Key');
    expect(text).not.toContain('integration, qa');
    expect(text).not.toMatch(/local|publish/i);
    const other = orders.replace('Sandbox.Key: abc', 'Sandbox.Key: xyz');
    expect(reviseProcess(read(other)).digest).toBe(frozen.digest);
    expect(reviseProcess(read(other)).local).not.toEqual(frozen.local);
  });

  test('changes its digest with anything else that changes', () => {
    for (const [from, to] of [
      ['echo pre', 'echo  pre'],
      ['Debug', 'debug'],
      ['retries: 2', 'retries: 3'],
      ['label: Main database', 'label: main database'],
    ] as const) {
      expect(reviseProcess(read(orders.replace(from, to))).digest).not.toBe(frozen.digest);
    }
  });

  test('keeps every text as it is, whatever characters it has', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const file = read(small(`variables: { A: ${JSON.stringify(value)} }`));
        const { document } = reviseProcess(file);
        expect(readRevision(document).variables[0]?.value).toBe(value);
        expect(reviseProcess({ ...file, revision: readRevision(document) }).document).toEqual(document);
      }),
    );
  });
});

describe('a revision with steps that format 1 does not know', () => {
  const second = (more: string): string => small('', `  - name: Two\n    ${more}\n`);
  const run = 'run: { bash: b }';

  test.each([
    ['a manual step', second('manual: { instructions: "Look at #{A}" }')],
    ['an expression', second(`when: "#{A}"\n    ${run}`)],
    ['steps that start together', second(`start: with-previous\n    ${run}`)],
  ])('has format 2 and comes back as it was: %s', (_what, file) => {
    const { revision } = read(file);
    const { document } = reviseProcess(read(file));
    expect(revision.format).toBe(2);
    expect(readRevision(document)).toEqual(revision);
    const asOne = Buffer.from(document).toString('utf8').replace('"format":2', '"format":1');
    expect(codeOf(Buffer.from(asOne))).toBe('REVISION_NOT_READABLE');
  });

  test('no other has it, and keeps the digest it always had', () => {
    expect(read(second(`start: after-previous\n    when: always\n    ${run}`)).revision.format).toBe(1);
    const { document, digest } = reviseProcess(read(small('')));
    expect(digest).toBe('57b91cb87433d2a691c1f2e3a4c7cef5b4efeea7117d70c3cfd0d54a0f6ffad1');
    const asTwo = Buffer.from(document).toString('utf8').replace('"format":1', '"format":2');
    expect(codeOf(Buffer.from(asTwo))).toBe('REVISION_NOT_READABLE');
  });
});

describe('a revision that says how it is asked for, looked at before and taken away', () => {
  const check = 'checks: [{ name: Disk, run: { bash: df } }]';
  const uninstall = 'uninstall: [{ name: Stop, run: { bash: stop } }]';

  test.each([
    ['a heading', small('inputs: { A: { group: Database } }')],
    ['a secret that may be looked at', small('inputs: { A: { secret: true, show-while-typing: true } }')],
    ['a test of an input', small('inputs: { A: { test: { bash: ping } } }')],
    ['checks', small(check)],
    ['steps to uninstall by', small(uninstall)],
  ])('has format 3 and comes back as it was: %s', (_what, file) => {
    const { revision } = read(file);
    const { document } = reviseProcess(read(file));
    expect(revision.format).toBe(3);
    expect(readRevision(document)).toEqual(revision);
    for (const format of [1, 2]) {
      const older = Buffer.from(document).toString('utf8').replace('"format":3', `"format":${format}`);
      expect(codeOf(Buffer.from(older))).toBe('REVISION_NOT_READABLE');
    }
  });

  test('no other has it: a secret that is not to be looked at says so by default', () => {
    const plain = reviseProcess(read(small('inputs: { A: { secret: true } }')));
    const said = reviseProcess(read(small('inputs: { A: { secret: true, show-while-typing: false } }')));
    expect(said.digest).toBe(plain.digest);
    expect(Buffer.from(said.document).toString('utf8')).toContain('"format":1');
  });

  test.each([
    [
      'two checks of one name',
      '"checks":[',
      '"checks":[{"name":"disk","hint":null,"environments":[],"tags":[],"script":{"kind":"bash","text":"x"}},',
    ],
    ['no check at all', /"checks":\[.*?\](?=,"uninstall")/, '"checks":[]'],
    ['a secret that may not be looked at, said aloud', '"mayBeShown":true', '"mayBeShown":false'],
    [
      'a step that starts with none before it',
      '"id":"stop","name":"Stop","when":"success",',
      '"id":"stop","name":"Stop","when":"success","start":"with-previous",',
    ],
    [
      'a package to uninstall by',
      '{"kind":"run","script":{"kind":"bash","text":"stop"}}',
      '{"kind":"package","package":"A","substituteInFiles":[],"configVariables":false,"installTo":null,"scripts":{"preDeploy":[],"deploy":[],"postDeploy":[]}}',
    ],
  ])('is refused with %s', (_what, from, to) => {
    const whole = read(
      small(`inputs: { A: { secret: true, show-while-typing: true } }\n${check}\n${uninstall}`),
    );
    const bytes = Buffer.from(reviseProcess(whole).document).toString('utf8');
    expect(bytes.replace(from, to)).not.toBe(bytes);
    expect(codeOf(Buffer.from(bytes.replace(from, to)))).toBe('REVISION_NOT_READABLE');
    expect(codeOf(Buffer.from(bytes))).toBe('read');
  });
});

describe('bytes that are no revision are refused', () => {
  test.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another thing', '[]'],
    ['null', 'null'],
    ['a newer format', text.replace('"format":1', '"format":2')],
    ['an unknown key', text.replace('"process"', '"x":1,"process"')],
    ['a key twice', text.replace('"process":', '"process":"Other","process":')],
    ['blanks between', text.replace(',', ', ')],
    ['keys in another order', `{"process":"Orders","format":1${text.slice(text.indexOf(',"inputs"'))}`],
    ['a step less than one', text.replace(/"steps":.*/, '"steps":[]}')],
    ['two steps with one id', text.replace('"id":"web"', '"id":"stop-service"')],
    ['two steps with one name', text.replace('"name":"Web"', '"name":"stop SERVICE"')],
    ['two inputs with one name', text.replace('"name":"Plain"', '"name":"colour"')],
    ['a name for two things', text.replace('"name":"Version"', '"name":"PLAIN"')],
    ['a token in a name', text.replace('"name":"Version"', '"name":"A[#{B}]"')],
    ['a control character in a name', text.replace('"name":"Web"', '"name":"W\\u001bb"')],
    ['a process name with a slash', text.replace('"process":"Orders"', '"process":"acme/Orders"')],
    ['a mark at the start', `\uFEFF${text}`],
  ])('%s', (_what, bytes) => {
    expect(codeOf(Buffer.from(bytes))).toBe('REVISION_NOT_READABLE');
  });

  test('a newer format is told apart, so that a person knows to update', () => {
    expect(() => readRevision(Buffer.from(text.replace('"format":1', '"format":4')))).toThrow(
      'it has format 4; this version knows 1 to 3',
    );
  });

  test('whatever byte is changed, the answer is a revision of these very bytes or the refusal', () => {
    fc.assert(
      fc.property(fc.nat(frozen.document.length - 1), fc.nat(255), (at, byte) => {
        const bytes = Uint8Array.from(frozen.document);
        bytes[at] = byte;
        expect(['read', 'REVISION_NOT_READABLE']).toContain(codeOf(bytes));
      }),
      { numRuns: 500 },
    );
  });
});
