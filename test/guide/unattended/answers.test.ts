import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { GuideError, noAnswers, readAnswers } from '../../../src/guide/index.ts';
import { refusal } from '../../support/refusal.ts';

const path = join('/etc', 'orders', 'answers.yaml');
const read = (...lines: readonly string[]) => readAnswers(path, `${lines.join('\n')}\n`);

/** What is wrong with a file of answers: the message of each, with its place. */
function problemsOf(...lines: readonly string[]): string[] {
  try {
    read(...lines);
  } catch (error) {
    if (!(error instanceof GuideError)) throw error;
    expect(error).toMatchObject({ code: 'ANSWERS_INVALID', exitCode: exitCodes.misused });
    const { problems } = error.details as {
      problems: { line: number; column: number; message: string; hint: string }[];
    };
    expect(problems.every(({ hint }) => hint !== '')).toBe(true);
    return problems.map(({ line, column, message }) => `${line}:${column} ${message}`);
  }
  return [];
}

test('everything that may be answered is read, and files are looked for beside the answers', () => {
  const answers = read(
    'maker: "amber basin cedar delta ember falcon"',
    'name: riverside',
    'environment: production',
    'values:',
    '  Site.Port: 08080',
    '  Db.Password: { file: secrets/db }',
    '  Mail.Password: { env: MAIL }',
    '  Key: { command: [pass, show, "two words"] }',
    'steps:',
    '  ask-the-dba: { answer: approve, by: M. Example, note: ticket 4711 }',
    '  web: { answer: retry, by: M. Example }',
    'if-interrupted: start-over',
    'if-installed: again',
    'result: { file: result.cgx, rating: 5, comment: All well, log: true, strike: [host, step-1] }',
  );
  expect(answers).toMatchObject({
    path,
    maker: 'amber basin cedar delta ember falcon',
    certificate: null,
    name: 'riverside',
    environment: 'production',
    ifInterrupted: 'start-over',
    ifInstalled: 'again',
    result: { file: 'result.cgx', rating: '5', comment: 'All well', log: true, strike: ['host', 'step-1'] },
  });
  // Values are text as it stands: no number is made of them.
  expect(Object.fromEntries(answers.values)).toEqual({
    'Site.Port': { kind: 'text', text: '08080' },
    'Db.Password': { kind: 'file', path: join('/etc', 'orders', 'secrets', 'db') },
    'Mail.Password': { kind: 'env', name: 'MAIL' },
    Key: { kind: 'command', command: ['pass', 'show', 'two words'] },
  });
  expect(Object.fromEntries(answers.steps)).toEqual({
    'ask-the-dba': { answer: 'approve', by: 'M. Example', note: 'ticket 4711' },
    web: { answer: 'retry', by: 'M. Example', note: null },
  });
  expect(answers.placeOf('values', 'Db.Password')).toEqual({ line: 6, column: 16 });
  expect(read('certificate: acme.pem')).toMatchObject({ certificate: join('/etc', 'orders', 'acme.pem') });
});

test('what is left empty says nothing', () => {
  const { placeOf: _place, ...answers } = read(
    'maker: ""',
    'environment:',
    'name: "  "',
    'values:',
    '  Site.Port: ""',
    '  Log.Level:',
    '  Db.Password: { file: "" }',
    '  Mail.Password: { env: "" }',
    'steps:',
    'if-interrupted:',
    'result:',
  );
  const { placeOf: _none, ...nothing } = noAnswers;
  expect(answers).toEqual({ ...nothing, path, areGiven: true });
  expect(read('result: { comment: "", strike: }').result).toEqual({
    file: null,
    rating: null,
    comment: null,
    log: false,
    strike: [],
  });
});

test.each([[''], ['\uFEFF'], ['# by M. Example', '', '  # nothing to say']])(
  'a file in which nothing stands answers nothing, and is given (%j)',
  (...lines) => {
    expect(read(...lines)).toEqual({ ...noAnswers, path, areGiven: true, placeOf: noAnswers.placeOf });
  },
);

describe('a file of answers is refused, with line and column,', () => {
  test.each<[string, string[], string[]]>([
    ['that is no mapping', ['- maker'], ['1:1 this has to be a list of names and values']],
    ['with an unknown key', ['name: a', 'makr: x'], ['2:1 unknown key makr']],
    ['with an unknown key of a result', ['result: { fiel: x }'], ['1:11 unknown key fiel']],
    [
      'with words and a certificate',
      ['maker: a b', 'certificate: x'],
      ['2:1 maker and certificate say the same'],
    ],
    ['with an unknown way', ['if-interrupted: rseume'], ["1:17 if-interrupted can't be rseume"]],
    ['with a list for text', ['name: [a]'], ['1:7 name has to be text']],
    ['with text for values', ['values: none'], ['1:9 values has to be a list of names and values']],
    ['with a list for a value', ['values: { A: [b] }'], ['1:14 A has to be a list of names and values']],
    ['with an unknown source', ['values: { A: { vault: b } }'], ['1:16 unknown key vault']],
    ['with two sources', ['values: { A: { env: B, file: c } }'], ['1:14 a value comes from one place']],
    ['with a command of nothing', ['values: { A: { command: [] } }'], ['1:14 a command is a list of words']],
    [
      'with a command that is text',
      ['values: { A: { command: rm } }'],
      ['1:25 command has to be a list of words'],
    ],
    ['with an input twice', ['values:', '  A.b: 1', '  a.B: 2'], ['3:3 a.B and A.b are the same input']],
    ['with a step nobody answers for', ['steps:', '  web: { answer: retry, by: "" }'], ['2:8 by is missing']],
    [
      'with an answer there is not',
      ['steps: { web: { answer: aprove, by: M } }'],
      ["1:25 answer can't be aprove"],
    ],
    ['with a rating there is not', ['result: { rating: 6 }'], ["1:19 rating can't be 6"]],
    ['with lines that are no list', ['result: { strike: host }'], ['1:19 strike has to be a list of words']],
    [
      'with an alias',
      ['name: &a x', 'environment: *a'],
      ['1:10 anchors and aliases are not read', '2:14 anchors and aliases are not read'],
    ],
    ['that is no YAML', ['name: "x'], ['2:1 not valid YAML: missing closing "quote']],
  ])('%s', (_what, lines, problems) => {
    expect(problemsOf(...lines)).toEqual(problems);
  });

  test('all of it at once, the first of it in the message', () => {
    expect(() => read('steps: { web: { answer: ignore } }', 'nmae: x', 'result: { rating: ten }')).toThrow(
      new RegExp(`^Cannot use answers ${path}: line 1, column 15: by is missing \\(and 2 more\\)$`),
    );
  });

  test.each([
    ['that is nested beyond all measure', '['.repeat(100_000)],
    ['that has more parts than anybody writes', `values:\n${'  A: {}\n'.repeat(60_000)}`],
  ])('%s, and soon', (_what, text) => {
    expect(() => readAnswers(path, text)).toThrow(GuideError);
  });
});

test.each([
  ['result: { rating: 7 }', 'Write one of 1, 2, 3, 4, 5.'],
  ['result: { rating: 10 }', 'Write one of 1, 2, 3, 4, 5.'],
  ['if-interrupted: rseume', 'Did you mean resume?'],
])('%s: a word is taken for a misspelt one, a number is not', (line, hint) => {
  expect(refusal(() => readAnswers(path, line)).hint).toBe(hint);
});

test('the message on a value that stands in the wrong way does not repeat it', () => {
  for (const lines of [
    ['values: { Db.Password: [Gerheim-4711] }'],
    ['values: { Db.Password: { value: Gerheim-4711 } }'],
    ['values: { Db.Password: { command: Gerheim-4711 } }'],
    ['values:', '  Db.Password: "Gerheim-4711'],
    ['values:', '  Db.Password: @Gerheim-4711'],
  ]) {
    expect(problemsOf(...lines).join()).not.toContain('4711');
    expect(problemsOf(...lines)).not.toEqual([]);
  }
});
