import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import { answersTemplate, followAnswers, readAnswers, startGuide } from '../../../src/guide/index.ts';
import {
  anInput,
  aWait,
  fakeSite,
  theInputs,
  theSecret,
  theWords,
  type FakeFacts,
} from '../support/fake-site.ts';
import { asked, walker } from '../support/walking.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-template-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeFileSync(join(root, 'main'), theSecret);
const path = join(root, 'answers.yaml');

/** The template for a release, as a person gets it who compared the words. */
async function templateFor(facts: FakeFacts = {}): Promise<string> {
  const { guide, stands, says } = walker(facts, { until: 'questions', words: theWords });
  for (let page = await stands(); page.id !== 'over'; page = await stands()) await says('next');
  return answersTemplate(guide.known);
}

/** What comes of a file of answers. */
async function startedWith(text: string, facts: FakeFacts = {}) {
  const site = fakeSite(facts);
  const answers = readAnswers(path, text);
  const walk = startGuide(site, { ...asked, environment: answers.environment });
  return { ending: await followAnswers(walk, { answers, environment: {} }), site };
}

const manualStep = {
  id: aWait.stepId,
  name: aWait.step,
  kind: 'a person confirms',
  isManual: true,
  skippedBecause: null,
};

test('a template tells what is asked, of which type, with its help, and holds nothing that is secret', async () => {
  const inputs = theInputs.map((input) =>
    input.secret ? { ...input, value: theSecret, isKnown: false } : input,
  );
  const text = await templateFor({ inputs });
  expect(text).toContain(`  # Main database (a secret, needed). As your DBA wrote it down.
  # Or { env: NAME }, or { command: [PROGRAM, ARGUMENT] }; never the secret itself.
  ConnectionStrings.Main: { file: "" }
`);
  expect(text).toContain('  # Port of the site (port, may be left out)\n  # Site.Port: 8080\n');
  expect(text).toContain(
    '  # How much is logged (one of Debug, Warning, may be left out)\n  # Log.Level: Warning\n',
  );
  expect(text).toContain('\n# What this site is called. It keeps that name.\nname: riverside\n');
  expect(text).toContain('\n# if-interrupted: resume\n');
  expect(text).not.toContain('4711');
  expect(text).not.toContain(theWords);
});

test('a template as it was written is read, and all that is missing is named', async () => {
  const { ending, site } = await startedWith(await templateFor(), { maker: { believed: true } });
  expect(ending).toMatchObject({ exitCode: exitCodes.inputMissing, failure: { code: 'ANSWERS_MISSING' } });
  expect(ending.failure?.message).toContain(
    'ConnectionStrings.Main (Main database), a secret is not answered',
  );
  expect(site.asked.some((one) => /^(?:keep|run)/.test(one))).toBe(false);
});

test('a template that was filled in is followed', async () => {
  const steps = [manualStep];
  const text = (await templateFor({ standing: { steps } }))
    .replace('maker: ""', `maker: ${theWords}`)
    .replace('{ file: "" }', '{ file: main }')
    // The lines of examples, as they stand, but for who answers.
    .replace(/# (check-with-the-dba: .*)by: ""/, '$1by: M. Example')
    .replace('# result: { file: result.cgx', 'result: { file: result.cgx')
    .replace('# Site.Port: 8080', 'Site.Port: 9090');
  const { ending, site } = await startedWith(text, {
    standing: { steps },
    outcomes: [{ state: 'waiting', wait: aWait }, {}],
  });
  expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { result: { file: 'result.cgx' } } });
  expect(site.kept).toMatchObject({ 'ConnectionStrings.Main': theSecret, 'Site.Port': '9090' });
  expect(site.decisions).toEqual([{ answer: 'approve', by: 'M. Example', note: null }]);
  expect(site.wishes.at(-1)).toMatchObject({ rating: 5, comment: null, withLog: false });
});

describe('what a maker wrote stays what it is:', () => {
  const texts = [
    '8080 # not',
    '- x',
    '-',
    '#{Octopus.Machine.Name}',
    'it\'s "so"',
    'a: b',
    '  x ',
    'C:\\Data\\',
    'one\ntwo',
    '~',
    '[x]',
    '@x',
    '*a',
    'Größe',
    'true',
  ];

  test.each(texts)('the value %j', async (text) => {
    const inputs = [anInput({ name: 'Some.Value', default: text })];
    const template = (await templateFor({ inputs })).replace('# Some.Value:', 'Some.Value:');
    expect(readAnswers(path, template).values.get('Some.Value')).toEqual({ kind: 'text', text });
  });

  test.each(['Name with blanks', 'a:b', 'x#y', '-x', 'Größe', 'Db[main]', '8080'])(
    'the name %j',
    async (name) => {
      const inputs = [anInput({ name, required: false, default: 'v' })];
      const lines = (await templateFor({ inputs })).split('\n');
      const at = lines.findIndex((line) => line.endsWith(': v'));
      const template = lines.with(at, lines[at]!.replace('# ', '')).join('\n');
      expect([...readAnswers(path, template).values.keys()]).toEqual([name]);
    },
  );

  test.each(['one\nmaker: evil', 'one\r\nmaker: evil', 'one\rmaker: evil'])('the help %j', async (help) => {
    const inputs = [
      anInput({ name: 'A', help, required: false }),
      anInput({ name: 'B', label: help, required: false }),
    ];
    const template = await templateFor({ inputs, maker: { believed: true } });
    expect(readAnswers(path, template)).toMatchObject({ maker: null });
    expect(
      template
        .split(/\r\n|\r|\n/)
        .filter((line) => line.includes('evil'))
        .every((line) => /^ *# /.test(line)),
    ).toBe(true);
  });
});

test('what is kept from before may be left out, and what becomes of what was cut off is left open', async () => {
  const inputs = theInputs.map((input) => ({ ...input, isKnown: true, value: input.secret ? null : '7070' }));
  const open = {
    deployment: 'd-0',
    kind: 'install',
    state: 'interrupted',
    number: '3.2.0',
    at: null,
    done: [],
    error: null,
    wait: null,
  } as const;
  const text = await templateFor({ inputs, standing: { open }, maker: { believed: true } });
  expect(text).toContain('  # Port of the site (port, kept from before)\n  # Site.Port: 7070\n');
  expect(text).toContain('\nif-interrupted: ""\n');
  expect(text).not.toContain('maker:');
  expect(readAnswers(path, text)).toMatchObject({ environment: 'production', ifInterrupted: null });
});

test('where there are several environments the template names them all', async () => {
  const release = { environments: ['integration', 'production'] };
  const text = await templateFor({ release });
  expect(text).toMatch(/^# One of integration, production\.\n(?:#.*\n)*environment: integration$/m);
});
