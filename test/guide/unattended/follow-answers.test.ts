import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { exitCodes } from '../../../src/errors.ts';
import {
  followAnswers,
  noAnswers,
  readAnswers,
  startGuide,
  tellProgress,
  type Answers,
  type Ending,
  type GuideOptions,
  type Told,
} from '../../../src/guide/index.ts';
import {
  aWait,
  anInput,
  fakeSite,
  FakeRefusal,
  portTaken,
  theInputs,
  theSecret,
  theWords,
  type FakeFacts,
  type FakeSite,
} from '../support/fake-site.ts';
import { asked } from '../support/walking.ts';

const root = mkdtempSync(join(tmpdir(), 'crossgap-answers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
writeFileSync(join(root, 'main'), `${theSecret}\n`);

const path = join(root, 'answers.yaml');
const read = (...lines: readonly string[]): Answers => readAnswers(path, `${lines.join('\n')}\n`);
const maker = `maker: "${theWords}"`;
const values = 'values: { ConnectionStrings.Main: { file: main } }';
const enough = read(maker, values);

/** Goes through the guide by answers, as the command does: what they say of maker and place is said at the start. */
async function follows(
  answers: Answers,
  facts: FakeFacts = {},
  options: Partial<GuideOptions> = {},
): Promise<{ ending: Ending; site: FakeSite; told: Told[] }> {
  const site = fakeSite(facts);
  const { environment } = answers;
  const walk = startGuide(site, { ...asked, environment, ...options });
  const told: Told[] = [];
  const stop = tellProgress(walk, (one) => told.push(one));
  const ending = await followAnswers(walk, {
    answers,
    environment: { MAIL: 'mail', PATH: process.env['PATH'] },
  });
  stop();
  expect(
    JSON.stringify([ending.document, ending.text, ending.failure?.message, ending.failure?.details, told]),
  ).not.toContain('4711');
  return { ending, site, told };
}

const effects = ({ asked: all }: FakeSite): string[] =>
  all.filter((one) => /^(?:run|keep|decide|write)/.test(one));
const problemsIn = ({ failure }: Ending): string[] =>
  (failure!.details as { problems: { line: number; column: number; message: string }[] }).problems.map(
    ({ line, column, message }) => `${line}:${column} ${message}`,
  );
const open = {
  deployment: 'd-0',
  kind: 'install',
  state: 'interrupted',
  number: '3.2.0',
  at: 'step 3 of 6, Web, at convention 8 of 15',
  done: ['Stop service', 'Db'],
  error: null,
  wait: null,
} as const;
const known = theInputs.map((input) => ({
  ...input,
  isKnown: true,
  value: input.secret ? null : (input.default ?? 'x'),
}));
/** What is answered, and the defaults of pages that were gone on from. */
const keepsAll = 'keep Site.Port Log.Level ConnectionStrings.Main';
/** A step of this release that a person does. */
const installed = { number: '3.1.0', digest: '4e'.repeat(32), since: '2026-02-02T09:15:00.000Z' };
const ofAPerson = { ...aWait, stepId: 'stop-service' };
const believed = { maker: { believed: true } } as const;

test('where all is answered it installs as a person would, and keeps what was answered', async () => {
  const { ending, site, told } = await follows(enough);
  expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'installed' } });
  expect(ending.failure).toBeUndefined();
  expect(effects(site)).toEqual([keepsAll, 'run install']);
  expect(site.kept).toEqual({
    'ConnectionStrings.Main': theSecret,
    'Site.Port': '8080',
    'Log.Level': 'Warning',
  });
  expect(told.flatMap((one) => ('line' in one ? [one.line.text] : []))).toEqual([
    'step 1 of 3 Stop service',
    'step 3 of 3 Web: succeeded',
  ]);
  expect(told).toContainEqual({ page: 'running', title: 'Installing Orders 3.2.0' });
  expect(told).toContainEqual({
    page: 'about',
    progress: { what: 'bytes', done: 61_000_000, of: 61_000_000 },
  });
});

describe('who made the file', () => {
  test('has to be answered, or nothing of the file is taken in', async () => {
    const { ending, site } = await follows(noAnswers);
    expect(ending).toMatchObject({ exitCode: exitCodes.inputMissing, failure: { code: 'ANSWERS_MISSING' } });
    expect(ending.failure?.details).toMatchObject({ missing: ['maker: its six words, as told by phone'] });
    expect(site.asked).toEqual(['verify']);
  });

  test('is not who answers to other words', async () => {
    const { ending, site } = await follows(read('maker: gamma hazel'));
    expect(ending.failure?.message).toContain('these are not its words');
    expect(site.asked).toEqual(['verify', 'believe']);
  });

  test('is not asked about where it was believed before, and words of the command line count', async () => {
    const before = await follows(read(values), believed);
    expect(before.ending.exitCode).toBe(exitCodes.done);
    const now = await follows(read(values), {}, { words: theWords });
    expect(now.ending.exitCode).toBe(exitCodes.done);
    const wrong = await follows(enough, {}, { words: 'gamma hazel' });
    expect(wrong.ending).toMatchObject({
      exitCode: exitCodes.verification,
      failure: { code: 'FAKE_REFUSAL' },
    });
    expect(wrong.site.asked).not.toContain('take in');
  });
});

test('a file that does not stand up to verification ends it, whatever is answered', async () => {
  const { ending, site } = await follows(enough, {
    failures: { verify: [new FakeRefusal('Cannot use it: part 2')] },
  });
  expect(ending).toMatchObject({ exitCode: exitCodes.verification });
  expect(site.asked).toEqual(['verify']);
});

test('what keeps the bundle from being taken in is not tried for ever', async () => {
  const failures = { takeIn: [new FakeRefusal('Cannot write'), new FakeRefusal('Cannot write again')] };
  const { ending, site } = await follows(enough, { failures });
  expect(ending).toMatchObject({ exitCode: exitCodes.verification, failure: { message: 'Cannot write' } });
  expect(site.asked.filter((one) => one === 'take in')).toHaveLength(1);
});

test('what nobody foresaw is not swallowed', async () => {
  await expect(follows(enough, { failures: { check: [new RangeError('a bug')] } })).rejects.toThrow('a bug');
});

describe('values', () => {
  const refusals = async (lines: readonly string[], facts: FakeFacts = believed): Promise<Ending> => {
    const { ending, site } = await follows(read(...lines), facts);
    expect(effects(site)).toEqual([]);
    return ending;
  };

  test('that are missing are named all at once', async () => {
    const inputs = [...theInputs, anInput({ name: 'Plant.Name', label: 'Plant' })];
    const ending = await refusals(['environment: production'], { ...believed, inputs });
    expect(ending).toMatchObject({
      exitCode: exitCodes.inputMissing,
      failure: {
        code: 'ANSWERS_MISSING',
        message:
          'Cannot go on without a person: ConnectionStrings.Main (Main database), a secret; Plant.Name (Plant) are not answered',
      },
    });
  });

  test('that a template left empty are missing, and not empty', async () => {
    const inputs = [anInput({ name: 'Plant.Name' })];
    const ending = await refusals(['values:', '  Plant.Name: ""'], { ...believed, inputs });
    expect(ending.failure?.details).toMatchObject({ missing: ['Plant.Name'] });
  });

  test('that are wrong are named all at once, each at its place, and none is repeated', async () => {
    const ending = await refusals([
      'values:',
      '  Site.Prot: 80',
      '  connectionstrings.main: hunter-4711',
      '  SITE.PORT: 70000',
      '  Log.Level: { env: NOWHERE }',
      '  Zzzzzzzz: 1',
    ]);
    expect(ending).toMatchObject({ exitCode: exitCodes.misused, failure: { code: 'ANSWERS_INVALID' } });
    expect(problemsIn(ending)).toEqual([
      '2:14 this release has no input Site.Prot',
      '3:27 connectionstrings.main is a secret and stands here as text',
      '4:14 Port of the site must be a port, 1 to 65535',
      '5:14 Log.Level: there is no NOWHERE in the environment',
      '6:13 this release has no input Zzzzzzzz',
    ]);
  });

  test('of a secret that has another type are not repeated either', async () => {
    const inputs = [anInput({ name: 'Pin', type: 'port', secret: true })];
    writeFileSync(join(root, 'pin'), '4711x');
    const ending = await refusals(['values: { Pin: { file: pin } }'], { ...believed, inputs });
    expect(problemsIn(ending)).toEqual(['1:16 Pin must be a port, 1 to 65535']);
  });

  test('are looked at together with answers to steps that there are not', async () => {
    const ending = await refusals([
      'values: { Site.Prot: 80 }',
      'steps: { stop-servise: { answer: retry, by: M } }',
    ]);
    expect(problemsIn(ending)).toEqual([
      '1:22 this release has no input Site.Prot',
      '2:24 this release has no step stop-servise',
    ]);
  });

  test('by the name of an input in other letters are kept under its own', async () => {
    const { site } = await follows(
      read('values:', '  site.PORT: 9090', '  connectionStrings.main: { command: [node, -p, "[1]" ] }'),
      believed,
    );
    expect(site.kept).toMatchObject({ 'Site.Port': '9090', 'ConnectionStrings.Main': '[ 1 ]' });
  });

  test('that are kept from before are not asked for again', async () => {
    const { ending, site } = await follows(read(), { ...believed, inputs: known });
    expect(ending.exitCode).toBe(exitCodes.done);
    expect(effects(site)).toEqual(['run install']);
  });

  test('that were kept and do not fit the release any more are wrong, wherever they stand', async () => {
    const inputs = [anInput({ name: 'Site.Port', type: 'port', isKnown: true, value: 'http' })];
    const ending = await refusals(['environment: production'], { ...believed, inputs });
    expect(problemsIn(ending)).toEqual(['1:1 Site.Port must be a port, 1 to 65535']);
  });
});

describe('where nobody is asked and no answers were given', () => {
  const ready: FakeFacts = { ...believed, inputs: known };

  test.each<[string, FakeFacts, Partial<GuideOptions>]>([
    ['an installation', ready, {}],
    ['the same once more', { ...ready, standing: { compared: 'same' } }, { wanted: 'again' }],
  ])('%s does not begin', async (_what, facts, options) => {
    const { ending, site } = await follows(noAnswers, facts, options);
    expect(ending).toMatchObject({ exitCode: exitCodes.inputMissing, failure: { code: 'ANSWERS_MISSING' } });
    expect(ending.failure?.details).toMatchObject({ missing: ['whether it may begin'] });
    expect(ending.failure?.hint).toContain('--answers FILE');
    expect(effects(site)).toEqual([]);
    expect((await follows(read(), facts, options)).ending.exitCode).toBe(exitCodes.done);
  });

  test('it is looked and asked all the same, and what was named at the start is done', async () => {
    for (const until of ['checks', 'questions'] as const)
      expect((await follows(noAnswers, ready, { until })).ending.exitCode).toBe(exitCodes.done);
    const installed: FakeFacts = {
      ...ready,
      release: { hasUninstall: true },
      standing: {
        compared: 'same',
        installed: { number: '3.2.0', digest: 'd', since: '2026-03-03T09:15:00.000Z' },
        previous: { number: '3.1.4' },
      },
    };
    for (const wanted of ['roll-back', 'uninstall'] as const)
      expect((await follows(noAnswers, installed, { wanted })).ending.exitCode).toBe(exitCodes.done);
  });
});

describe('an environment', () => {
  const release = { environments: ['integration', 'production'] };
  const facts = { ...believed, release, inputs: known };

  test('has to be answered where there are several', async () => {
    const { ending, site } = await follows(noAnswers, facts);
    expect(ending.failure?.details).toMatchObject({
      missing: ['environment: one of integration, production'],
    });
    expect(effects(site)).toEqual([]);
  });

  test('that is answered is where it goes', async () => {
    const { ending } = await follows(read('environment: integration'), facts);
    expect(ending.document).toMatchObject({ did: 'installed', environment: 'integration' });
  });
});

test('nothing is installed while a check is lacking', async () => {
  const { ending, site } = await follows(enough, { checks: [[portTaken]] });
  expect(ending).toMatchObject({ exitCode: exitCodes.refused, failure: { code: 'CHECKS_LACKING' } });
  expect(effects(site)).toEqual([]);
});

test('nothing is installed that must not be', async () => {
  const { ending, site } = await follows(enough, {
    standing: { inTheWay: { why: 'it was withdrawn', hint: 'Take another.' } },
  });
  expect(ending).toMatchObject({ exitCode: exitCodes.refused, failure: { code: 'RELEASE_IN_THE_WAY' } });
  expect(effects(site)).toEqual([]);
});

describe('a start that only looks', () => {
  test('ends after the checks, and keeps nothing', async () => {
    const { ending, site } = await follows(enough, {}, { until: 'checks' });
    expect(ending).toMatchObject({
      exitCode: exitCodes.done,
      document: { did: 'checked', checks: [{}, {}, {}] },
    });
    expect(effects(site)).toEqual([]);
  });

  test('tells what is missing and what is lacking', async () => {
    const missing = await follows(read(maker), {}, { until: 'checks' });
    expect(missing.ending.exitCode).toBe(exitCodes.inputMissing);
    const lacking = await follows(enough, { checks: [[portTaken]] }, { until: 'checks' });
    expect(lacking.ending.exitCode).toBe(exitCodes.refused);
  });

  test('for questions ends before any is asked', async () => {
    const { ending, site } = await follows(read(maker), {}, { until: 'questions' });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'asked' } });
    expect(site.asked.some((one) => one.startsWith('check'))).toBe(false);
  });
});

describe('where the release is installed already', () => {
  const standing = {
    compared: 'same',
    installed: { number: '3.2.0', digest: '5f', since: 'yesterday' },
  } as const;

  test('nothing is done, and that is well', async () => {
    const { ending, site } = await follows(enough, { standing });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'nothing' } });
    expect(ending.text.join()).toContain('is installed in production already');
    expect(effects(site)).toEqual([]);
  });

  test('it is installed again where the answers say so', async () => {
    const { site } = await follows(read(maker, values, 'if-installed: again'), { standing });
    expect(effects(site)).toEqual([keepsAll, 'run install again']);
  });

  test('the result file alone is made where that was named', async () => {
    const { ending, site } = await follows(read(maker), { standing }, { resultFile: '/media/r.cgx' });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'result-written' } });
    expect(effects(site)).toEqual(['write /media/r.cgx']);
  });

  test.each(['leave', 'again'])('an older one is refused, also with if-installed: %s', async (way) => {
    const { ending, site } = await follows(read(maker, values, `if-installed: ${way}`), {
      standing: { compared: 'older', installed: { number: '4.0.0', digest: 'x', since: 'y' } },
    });
    expect(ending).toMatchObject({ exitCode: exitCodes.refused, failure: { code: 'INSTALLER_TOO_OLD' } });
    expect(ending.failure?.message).toContain('4.0.0 is installed there');
    expect(effects(site)).toEqual([]);
  });
});

describe('going back and taking off', () => {
  const standing = {
    previous: { number: '3.1.0' },
    installed: { number: '3.2.0', digest: 'x', since: 'y' },
    compared: 'same',
  } as const;

  test.each(['roll-back', 'uninstall'] as const)('%s needs no values, and keeps none', async (wanted) => {
    const { ending, site } = await follows(read(maker), { standing }, { wanted });
    expect(ending).toMatchObject({ exitCode: exitCodes.done });
    expect(effects(site)).toEqual([`run ${wanted}`]);
    const looked = await follows(read(maker), { standing }, { wanted, until: 'checks' });
    expect(looked.ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'checked' } });
    expect(effects(looked.site)).toEqual([]);
  });

  test('is refused where there is nothing to go back to', async () => {
    const { ending, site } = await follows(read(maker), {}, { wanted: 'roll-back' });
    expect(ending).toMatchObject({ exitCode: exitCodes.refused, failure: { code: 'WAY_IMPOSSIBLE' } });
    expect(effects(site)).toEqual([]);
  });
});

describe('where the last run was cut off', () => {
  const standing = { open, previous: { number: '3.1.0' } };

  test('nothing is done without an answer, and the ways there are are named', async () => {
    const { ending, site } = await follows(enough, { standing });
    expect(ending).toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      failure: { code: 'INSTALL_INTERRUPTED' },
    });
    expect(ending.failure?.message).toContain('step 3 of 6, Web, at convention 8 of 15');
    expect(ending.failure?.hint).toContain('resume, start-over, roll-back');
    expect(effects(site)).toEqual([]);
  });

  test.each([
    ['resume', ['run resume d-0']],
    ['start-over', [keepsAll, 'run start-over d-0']],
    ['roll-back', ['run roll-back']],
  ])('%s does that', async (way, done) => {
    const { ending, site } = await follows(read(maker, values, `if-interrupted: ${way}`), { standing });
    expect(ending.exitCode).toBe(exitCodes.done);
    expect(effects(site)).toEqual(done);
  });

  test('leave leaves it, which is not the same as done', async () => {
    const { ending, site } = await follows(read(maker, 'if-interrupted: leave'), { standing });
    expect(ending.exitCode).toBe(exitCodes.refused);
    expect(effects(site)).toEqual([]);
  });

  test('an environment that nobody knows is refused with the one that was meant, where there are any', async () => {
    const { ending, site } = await follows(read(maker, 'environment: prodution'));
    expect(ending).toMatchObject({ exitCode: exitCodes.misused, failure: { code: 'PLACE_UNKNOWN' } });
    expect(ending.failure?.hint).toContain('Did you mean production?');
    expect(effects(site)).toEqual([]);
    expect(ending.failure?.hint).toContain('--new-environment');
    const meant = await follows(
      read(maker, 'environment: line-3', 'values: { ConnectionStrings.Main: { env: PATH } }'),
      {},
      { isNewEnvironment: true },
    );
    expect(meant.ending.document).toMatchObject({ did: 'installed', environment: 'line-3' });
    const anyName = { release: { takesAnyEnvironment: true } };
    const line = await follows(
      read(maker, 'environment: line-3', 'values: { ConnectionStrings.Main: { env: PATH } }'),
      anyName,
    );
    expect(line.ending.failure?.code).not.toBe('PLACE_UNKNOWN');
  });

  test('a way that there is not is no other one', async () => {
    const { ending, site } = await follows(read(maker, 'if-interrupted: roll-back'), {
      standing: { open, previous: null },
    });
    expect(ending.failure?.code).toBe('WAY_IMPOSSIBLE');
    expect(ending.failure?.message).toContain('there is no other release to go back to');
    expect(ending.failure?.hint).toBe('There are resume, start-over, leave.');
    expect(effects(site)).toEqual([]);
  });

  test('J2.12 to start over is to do what was named at this start, also where the run was of another release', async () => {
    const other = { ...open, number: '3.1.9' };
    const said = read(maker, values, 'if-interrupted: start-over');
    const { ending, site } = await follows(said, { standing: { open: other, compared: 'newer' } });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'installed' } });
    expect(effects(site)).toEqual([keepsAll, 'run install instead of d-0']);
    const older = { open: other, compared: 'older', previous: { number: '3.1.0' } } as const;
    const refused = await follows(said, { standing: older });
    expect(refused.ending.failure).toMatchObject({
      code: 'WAY_IMPOSSIBLE',
      message: 'Cannot start over in production: the last run is of 3.1.9, and 3.2.0 is what was named',
      hint: 'There are resume, roll-back, leave.',
    });
    expect(effects(refused.site)).toEqual([]);
  });

  test('J2.13 a rollback that was cut off is named as one, and going back starts it over', async () => {
    const back = { ...open, kind: 'roll-back', number: '3.1.0' } as const;
    const standing = { open: back, previous: { number: '3.1.0' }, compared: 'same' } as const;
    const { ending } = await follows(enough, { standing });
    expect(ending.failure?.message).toBe(
      'Cannot go on with going back to Orders 3.1.0 in production: the last run was cut off at step 3 of 6, Web, at convention 8 of 15',
    );
    const again = await follows(read(maker, values, 'if-interrupted: roll-back'), { standing });
    expect(again.ending.document).toMatchObject({ did: 'rolled-back' });
    expect(effects(again.site)).toEqual(['run start-over d-0']);
  });

  test('J2.13 one that waits is gone back from where that was named at the start', async () => {
    const waits = { ...open, state: 'waiting', wait: ofAPerson } as const;
    const standing = { open: waits, previous: { number: '3.1.0' } };
    const wanted = { wanted: 'roll-back' } as const;
    const { ending, site } = await follows(read(maker), { standing }, wanted);
    expect(ending.document).toMatchObject({ did: 'rolled-back' });
    expect(effects(site)).toEqual(['run roll-back']);
    const none = await follows(read(maker), { standing: { open: waits, previous: null } }, wanted);
    expect(none.ending.failure?.message).toContain('there is no other release to go back to');
  });

  describe('what is wanted at this start is done, and answers for it are answers to nothing else', () => {
    const steps = 'steps: { stop-service: { answer: approve, by: M. Example } }';
    const waits = { ...open, state: 'waiting', wait: ofAPerson } as const;
    const before = { previous: { number: '3.1.0' }, installed } as const;

    test.each(['roll-back', 'uninstall'] as const)(
      'J2.13 %s, though the step that is waited for is answered',
      async (wanted) => {
        const { ending, site } = await follows(
          read(maker, steps),
          { standing: { ...before, open: waits } },
          { wanted },
        );
        expect(ending.exitCode).toBe(exitCodes.done);
        expect(effects(site)).toEqual([`run ${wanted}`]);
        expect(site.decisions).toEqual([]);
      },
    );

    test.each([
      ['of another release', { ...waits, number: '3.1.9' }],
      ['that goes back', { ...waits, kind: 'roll-back', number: '3.1.0' }],
      ['that uninstalls', { ...waits, kind: 'uninstall' }],
    ] as const)('a run %s is not gone on with by them', async (_what, other) => {
      const standing = { ...before, open: other };
      const { ending, site } = await follows(read(maker, values, steps), { standing });
      expect(ending).toMatchObject({
        exitCode: exitCodes.deploymentFailed,
        failure: { code: 'INSTALL_INTERRUPTED' },
      });
      const resumed = await follows(read(maker, values, steps, 'if-interrupted: resume'), { standing });
      expect(resumed.ending.failure?.code).toBe('INSTALL_WAITS');
      expect([...site.decisions, ...resumed.site.decisions]).toEqual([]);
    });

    test.each([
      ['a rollback', { ...open, kind: 'roll-back', number: '3.1.0' }, 'newer'],
      ['a rollback from what was started', { ...open, kind: 'roll-back', number: '3.1.0' }, 'same'],
      ['an uninstalling', { ...open, kind: 'uninstall' }, 'same'],
      ['an uninstalling of another release', { ...open, kind: 'uninstall', number: '3.1.0' }, 'newer'],
    ] as const)('J2.12 to start over after %s is to install', async (_what, other, compared) => {
      const standing = { ...before, open: other, compared };
      const { site } = await follows(read(maker, values, 'if-interrupted: start-over'), { standing });
      expect(effects(site).at(-1)).toMatch(/^run install (again )?instead of d-0$/);
    });

    test('one that takes it off is begun again by the same word', async () => {
      const standing = { ...before, open: { ...open, kind: 'uninstall' } } as const;
      const { site } = await follows(read(maker), { standing }, { wanted: 'uninstall' });
      expect(effects(site)).toEqual(['run uninstall']);
    });

    test('J2.12 what a first installation began is taken off, though nothing is installed', async () => {
      const standing = { open, installed: null, previous: null } as const;
      const { site } = await follows(read(maker), { standing }, { wanted: 'uninstall' });
      expect(effects(site)).toEqual(['run uninstall']);
    });

    test('the document is of what was run', async () => {
      const standing = { ...before, open: { ...open, number: '3.1.9' } };
      const outcomes = [{ number: '3.1.9', digest: '9a'.repeat(32) }];
      const said = read(maker, values, 'if-interrupted: resume');
      const { ending } = await follows(said, { standing, outcomes });
      expect(ending.document).toMatchObject({ release: { number: '3.1.9', digest: '9a'.repeat(32) } });
    });

    test('a look says what would be done that needs no checks, and counts no scripts of the file for it', async () => {
      const { ending } = await follows(
        read(maker),
        { standing: before },
        { wanted: 'roll-back', until: 'checks' },
      );
      expect(ending.text).toEqual(['It would go back to 3.1.0, which needs no checks. Nothing was done.']);
    });
  });

  test('one that is under way is not gone back from, and that is said', async () => {
    const standing = { open: { ...open, state: 'running' }, previous: { number: '3.1.0' } } as const;
    const { ending } = await follows(read(maker, 'if-interrupted: roll-back'), { standing });
    expect(ending.failure?.message).toBe('Cannot go back in production: the last run is still under way');
  });

  test('one that waits is gone on with by the answer to its step, and waits on without', async () => {
    const waits = { standing: { open: { ...open, state: 'waiting', wait: ofAPerson } } } as const;
    const steps = 'steps: { stop-service: { answer: approve, by: M. Example, note: ticket 17 } }';
    const answered = await follows(read(maker, steps, 'if-interrupted: resume'), waits);
    expect(answered.ending.exitCode).toBe(exitCodes.done);
    expect(answered.site.decisions).toEqual([{ answer: 'approve', by: 'M. Example', note: 'ticket 17' }]);
    expect(effects(answered.site)).toEqual(['decide approve', 'run resume d-0']);
    const { ending, site } = await follows(read(maker, 'if-interrupted: resume'), waits);
    expect(ending).toMatchObject({ exitCode: exitCodes.refused, failure: { code: 'INSTALL_WAITS' } });
    expect(ending.failure?.message).toContain(
      'Orders 3.2.0 in production: it waits for a person: step Check with the DBA',
    );
    expect(effects(site)).toEqual([]);
  });
});

describe('J2.12 what is answered otherwise than a run began with is named, and what counts', () => {
  const unused = [
    { name: 'Site.Port', given: '18184', used: '18084' },
    { name: 'Smtp.Host', given: 'mail', used: '' },
    { name: 'ConnectionStrings.Main', given: null, used: null },
  ];
  const others = [maker, 'values:', '  ConnectionStrings.Main: { file: main }', '  Site.Port: 18184'];
  const line =
    'The run keeps the values that it began with: Site.Port is 18084, and not 18184; ConnectionStrings.Main is another one than is answered now. To use what is answered now, start over.';

  test('where it is gone on with', async () => {
    const answers = read(...others, 'if-interrupted: resume');
    const { ending, site, told } = await follows(answers, { standing: { open }, unused });
    expect(effects(site)).toEqual(['run resume d-0']);
    const lines = told.flatMap((one) => ('line' in one ? [one.line.text] : []));
    expect(lines.filter((one) => one === line)).toHaveLength(1);
    expect(ending.document).toMatchObject({ unused: [{ name: 'Site.Port' }, { given: null, used: null }] });
    const over = await follows(read(...others, 'if-interrupted: start-over'), { standing: { open }, unused });
    expect(over.ending.document).toMatchObject({ unused: [] });
  });

  test('where it waits on', async () => {
    const waits = { ...open, state: 'waiting', wait: ofAPerson } as const;
    const answers = read(...others, '  Smtp.Host: mail', 'if-interrupted: resume');
    const { ending } = await follows(answers, { standing: { open: waits }, unused });
    expect(ending.failure?.code).toBe('INSTALL_WAITS');
    expect(ending.text.join()).toContain('Smtp.Host is not given, and not mail');
  });

  test('where it is installed already', async () => {
    const standing = { compared: 'same', installed: { number: '3.2.0', digest: 'x', since: 'y' } } as const;
    const { ending, site } = await follows(read(...others), { standing, unused });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'nothing' } });
    expect(ending.text.at(-1)).toBe(
      'It keeps the values that it was installed with: Site.Port is 18084, and not 18184; ConnectionStrings.Main is another one than is answered now. To use what is answered now, install it again: if-installed: again.',
    );
    expect(effects(site)).toEqual([]);
    const written = await follows(read(...others, 'result: {}'), { standing, unused });
    expect(written.ending.text).toContain(ending.text.at(-1));
    const again = await follows(read(...others, 'if-installed: again'), { standing, unused });
    expect(again.ending.document).toMatchObject({ did: 'installed', unused: [] });
  });

  test('and a value that can not be had any more keeps nothing from being gone on with', async () => {
    const gone = [maker, 'values: { ConnectionStrings.Main: { file: gone }, Site.Port: { env: GONE } }'];
    const { ending } = await follows(read(...gone, 'if-interrupted: resume'), { standing: { open }, unused });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { unused: [] } });
  });
});

test('J2.13 what the release that is gone back to lacks is answered, or told as missing', async () => {
  const previous = { number: '3.1.4', lacking: [anInput({ name: 'Old.Share' })] };
  const facts = { standing: { compared: 'same', previous } } as const;
  const values = 'values: { ConnectionStrings.Main: { env: PATH }, Old.Share: "O:" }';
  const { ending, site } = await follows(read(maker, values), facts, { wanted: 'roll-back' });
  expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'rolled-back' } });
  expect(effects(site)).toEqual(['keep Old.Share', 'run roll-back']);
  const without = await follows(read(maker), facts, { wanted: 'roll-back' });
  expect(without.ending.failure).toMatchObject({ code: 'ANSWERS_MISSING' });
  expect(effects(without.site)).toEqual([]);
});

test('a default that nobody saw is not kept: the next release may bring another one', async () => {
  const { site } = await follows(enough, {}, { isUnattended: true });
  expect(Object.keys(site.kept)).toEqual(['ConnectionStrings.Main']);
});

describe('a run that asks', () => {
  const failure = {
    ...ofAPerson,
    for: 'failure',
    text: 'exit status 3',
    offers: ['retry', 'ignore', 'fail'],
  } as const;
  const waiting = { state: 'waiting', wait: failure } as const;
  const retry = 'steps: { stop-service: { answer: retry, by: M. Example } }';

  test('waits for a person where a step of a person is not answered', async () => {
    const { ending } = await follows(enough, { outcomes: [{ state: 'waiting', wait: ofAPerson }] });
    expect(ending).toMatchObject({
      exitCode: exitCodes.refused,
      failure: { code: 'INSTALL_WAITS' },
      document: { did: 'waiting' },
    });
  });

  test('fails where nobody said what becomes of a failure', async () => {
    const { ending, site } = await follows(enough, {
      outcomes: [waiting, { state: 'failed', error: 'exit status 3' }],
    });
    expect(ending).toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      failure: { code: 'INSTALL_FAILED' },
    });
    expect(site.decisions).toEqual([{ answer: 'fail', by: 'root', note: null }]);
  });

  test('is given each answer once: what fails again fails', async () => {
    const outcomes = [waiting, { ...waiting, wait: { ...failure, wait: 2 } }, { state: 'failed' }] as const;
    const { ending, site } = await follows(read(maker, values, retry), { outcomes });
    expect(ending.exitCode).toBe(exitCodes.deploymentFailed);
    expect(site.decisions.map(({ answer, by }) => `${answer} ${by}`)).toEqual([
      'retry M. Example',
      'fail root',
    ]);
  });

  test('is not given an answer that it does not take', async () => {
    const { ending, site } = await follows(read(maker, values, retry), {
      outcomes: [{ state: 'waiting', wait: ofAPerson }],
    });
    expect(ending.failure?.code).toBe('INSTALL_WAITS');
    expect(site.decisions).toEqual([]);
  });
});

test.each([
  ['failed', exitCodes.deploymentFailed, 'INSTALL_FAILED'],
  ['interrupted', exitCodes.deploymentFailed, 'INSTALL_INTERRUPTED'],
  ['cancelled', exitCodes.refused, 'INSTALL_CANCELLED'],
] as const)('a run that was %s is told as that', async (state, exitCode, code) => {
  const { ending } = await follows(enough, { outcomes: [{ state }] });
  expect(ending).toMatchObject({ exitCode, failure: { code }, document: { did: state } });
});

describe('the result file', () => {
  const result = (more: string): Answers => read(maker, values, `result: { ${more} }`);

  test('is written as the answers say, also of a run that failed', async () => {
    const answers = result(
      'file: r.cgx, rating: 4, comment: "Slow, but well", log: true, strike: [step-1, host]',
    );
    const { ending, site } = await follows(answers, {
      outcomes: [{ state: 'failed', error: 'exit status 3' }],
    });
    expect(ending).toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      document: { result: { to: 'acme' } },
    });
    expect(site.asked.at(-1)).toBe(`write r.cgx`);
    expect(site.wishes.at(-1)).toEqual({
      environment: 'production',
      deployment: 'd-1',
      rating: 4,
      comment: 'Slow, but well',
      withLog: true,
      struck: ['step-1', 'host'],
    });
  });

  test('is written where the command line says, and beside the file where nothing does', async () => {
    const here = await follows(result('file: r.cgx'), {}, { resultFile: '/here.cgx' });
    expect(here.site.asked.at(-1)).toBe('write /here.cgx');
    const beside = await follows(result('rating: 5'));
    expect(beside.site.asked.at(-1)).toBe('write /media/stick/result.cgx');
  });

  const installed = { number: '3.2.0', digest: '5f'.repeat(32), since: '2026-03-02T10:00:00.000Z' };
  const there = { standing: { compared: 'same', installed } } as const;

  test('is written where the release is installed already, by the answers as by the start', async () => {
    const answered = await follows(result('file: r.cgx, rating: 2'), there);
    expect(answered.ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'result-written' } });
    expect(effects(answered.site)).toEqual(['write r.cgx']);
    expect(answered.site.wishes.at(-1)).toMatchObject({ rating: 2, comment: null });
  });

  test('that is made again without answers says what the first one said, log and struck lines too', async () => {
    const lastRemark = { rating: 4, comment: 'Slow', withLog: true, struck: ['host'] } as const;
    const { site } = await follows(read(maker), { ...there, lastRemark }, { resultFile: 'again.cgx' });
    expect(effects(site)).toEqual(['write again.cgx']);
    expect(site.wishes.at(-1)).toMatchObject(lastRemark);
  });

  test.each([
    ['there is not', 'strike: [hots]', '3:19 there is no line hots'],
    ['that has to stay', 'strike: [outcome]', undefined],
  ])('is not written without a line %s, and what was done stays done', async (_what, more, problem) => {
    const { ending, site } = await follows(result(more));
    expect(ending).toMatchObject({ exitCode: exitCodes.misused, failure: { code: 'ANSWERS_INVALID' } });
    if (problem !== undefined) expect(problemsIn(ending)).toEqual([problem]);
    else {
      expect(ending.failure?.message).toContain('Line 2 can not be struck out');
      expect(ending.failure?.hint).not.toContain('nothing was changed');
    }
    expect(ending.document).toMatchObject({ did: 'installed', result: null });
    expect(effects(site)).toEqual([keepsAll, 'run install']);
  });

  test('that can not be written is told, and the run with it', async () => {
    const { ending } = await follows(result('file: r.cgx'), {
      failures: { writeResult: [new FakeRefusal('Cannot write r.cgx: the disk is full')] },
    });
    expect(ending).toMatchObject({
      exitCode: exitCodes.verification,
      document: { did: 'installed', result: null },
    });
    expect(ending.failure?.message).toContain('the disk is full');
  });
});

test('who ends it while a value is fetched waits for nothing', async () => {
  const site = fakeSite(believed);
  const walk = startGuide(site, asked);
  const answers = read(
    'values: { ConnectionStrings.Main: { command: [node, -e, "setInterval(() => {}, 1000)"] } }',
  );
  const stop = walk.onChange(() => {
    if (walk.page.id === 'release' && !walk.page.isBusy) queueMicrotask(() => void walk.end());
  });
  const ending = await followAnswers(walk, { answers, environment: { PATH: process.env['PATH'] } });
  stop();
  expect(ending.exitCode).toBe(exitCodes.refused);
  expect(effects(site)).toEqual([]);
});
