import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import { startGuide, type GuideOptions, type Page } from '../../src/guide/index.ts';
import { answersTemplate, followAnswers, readAnswers } from '../../src/guide/unattended/index.ts';
import {
  aWait,
  fakeInstance,
  FakeRefusal,
  theInputs,
  type FakeFacts,
  type FakeInstance,
} from './support/fake-site.ts';
import { asked, walker, type Walker } from './support/walking.ts';

// The walk where a release is here already: the same pages, and none that has to do with a file.
const here = { environment: 'production' } as const;
const at = (facts: FakeFacts = {}, options: Partial<GuideOptions> = {}): Walker<FakeInstance> =>
  walker(facts, { ...here, ...options }, fakeInstance);
const actionsOf = ({ actions }: Page): string[] => actions.map(({ id }) => id);
const textOf = (page: Page): string => JSON.stringify(page);
const installed = { number: '3.1.4', digest: '4e', since: '2 days ago' } as const;
const newer = { ...installed, number: '3.3.0' } as const;

test('J2.9 a release that is here is led through by the pages of what it is, inputs, checks, summary and result alone', async () => {
  const { site, guide, stands, says, goesTo } = at();
  const first = await stands();
  expect(first).toMatchObject({ id: 'release', place: { at: 1, of: 5 } });
  expect(actionsOf(first)).toEqual(['next', 'leave']);
  expect(textOf(first)).toContain('acme, CN=Acme ISV');
  const seen: string[] = [];
  for (const page of ['inputs', 'checks', 'summary', 'result']) seen.push(textOf(await goesTo(page)));
  expect(seen.join()).not.toMatch(/six words|result file|installer|stick/);
  expect((await says('next')).id).toBe('over');
  await expect(guide.ending).resolves.toMatchObject({
    exitCode: exitCodes.done,
    document: { did: 'installed', environment: 'production', deployment: { id: 'd-1' }, result: null },
  });
  expect(site.asked.slice(0, 2)).toEqual(['release', 'standing production']);
  expect(site.asked).toContain('run install');
});

test('what is under way at first says that nothing is changed, and can be tried again where it could not be done', async () => {
  const failures = {
    takeIn: [new FakeRefusal('Cannot read it: no')],
  };
  const { stands, says } = at({ failures });
  const page = await stands();
  expect(page).toMatchObject({ id: 'taking-in', title: 'How things stand here' });
  expect(textOf(page)).toContain('Nothing is changed by that');
  expect((await says('again')).id).toBe('release');
});

test('what is known is not asked again, and what is new is', async () => {
  const inputs = theInputs.map((input) => ({
    ...input,
    isKnown: input.group === 'Database',
    value: input.secret ? null : input.value,
  }));
  const { stands, says } = at({ standing: { compared: 'newer', installed, inputs } });
  await stands();
  expect(await says('next')).toMatchObject({ id: 'inputs', title: 'Web' });
});

test('what could be left out, and was, is not asked again where the question is the same', async () => {
  const known = theInputs.map((input) => ({ ...input, isKnown: input.required, value: input.default }));
  const asked = known.map((input) => ({ ...input, wasAsked: true }));
  const standing = { compared: 'newer', installed } as const;
  const old = at({ standing: { ...standing, inputs: asked } });
  await old.stands();
  expect((await old.says('next')).id).toBe('checks');
  expect((await old.says('back')).title).toBe('Web');
  const fresh = at({ standing: { ...standing, inputs: known } });
  await fresh.stands();
  expect((await fresh.says('next')).title).toBe('Web');
});

describe('where something is installed already', () => {
  test.each([
    ['same', ['again', 'roll-back', 'uninstall', 'leave']],
    ['older', ['install', 'roll-back', 'uninstall', 'leave']],
  ] as const)('%s as this release, no result file is offered', async (compared, actions) => {
    const { stands } = at({ standing: { compared, installed: newer, previous: { number: '3.1.4' } } });
    const page = await stands();
    expect(page).toMatchObject({ id: 'wish', mustChoose: true });
    expect(actionsOf(page)).toEqual(actions);
    expect(textOf(page)).not.toContain('This file');
  });

  test('an older release is installed where a person says so', async () => {
    const { site, goesTo, says, stands } = at({ standing: { compared: 'older', installed: newer } });
    await stands();
    expect((await says('install')).id).toBe('release');
    await goesTo('summary');
    await says('go');
    expect(site.asked).toContain('run install');
  });

  test('the same is installed once more without a question where that was said at the start', async () => {
    const { site, goesTo, says, stands } = at(
      { standing: { compared: 'same', installed } },
      { wanted: 'again' },
    );
    expect((await stands()).id).toBe('release');
    await goesTo('summary');
    await says('go');
    expect(site.asked).toContain('run install again');
  });
});

test('why it may not be installed is told with what a person does about it here', async () => {
  const inTheWay = { why: 'it was refused', hint: 'Take it first: `crossgap release accept 3.2.0`.' };
  const { guide, stands } = at({ standing: { inTheWay } });
  expect(actionsOf(await stands())).toEqual(['leave']);
  expect(guide.trouble).toMatchObject({ code: 'RELEASE_IN_THE_WAY', hint: inTheWay.hint });
});

test.each([['release'], ['checks'], ['summary']])(
  '%s is left with nothing done, and nothing is said to be kept',
  async (name) => {
    const { site, guide, goesTo, says } = at();
    await goesTo(name);
    await says('leave');
    await expect(guide.ending).resolves.toMatchObject({
      exitCode: exitCodes.refused,
      text: ['You left. Nothing was installed or changed.'],
    });
    expect(site.asked.some((one) => /^(?:run|keep)/.test(one))).toBe(false);
  },
);

test('a step that asks is answered, and one that failed is gone back from by the command for that', async () => {
  const outcomes = [
    { state: 'waiting', wait: aWait },
    { state: 'failed', error: 'Deploy.sh exited with 1', at: 'step 3 of 3, Web' },
  ] as const;
  const { guide, goesTo, says } = at({ outcomes, standing: { previous: { number: '3.1.4' } } });
  await goesTo('decision');
  const page = await says('approve', { by: 'Ann' });
  expect(actionsOf(page)).toEqual(['start-over', 'roll-back', 'next', 'leave']);
  expect(page.actions.find(({ id }) => id === 'leave')?.about).toBeNull();
  await says('next');
  const { failure } = await guide.ending;
  expect(failure).toMatchObject({ code: 'INSTALL_FAILED' });
  expect(failure?.hint).toContain('`crossgap rollback Orders --env production`');
});

describe('without a person', () => {
  const follows = async (facts: FakeFacts) => {
    const site = fakeInstance(facts);
    const guide = startGuide(site, { ...asked, ...here });
    const ending = await followAnswers(guide, { answers: readAnswers('answers.yaml', ''), environment: {} });
    return { site, ending };
  };

  test('an older release that was named is installed, as by a plain deploy', async () => {
    const facts = { standing: { compared: 'older', installed: newer }, inputs: [] } as const;
    const { site, ending } = await follows(facts);
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'installed' } });
    expect(site.asked).toContain('run install');
  });

  test.each([
    ['3.1.9', 'run install'],
    ['3.2.0', undefined],
  ])('after a failure of %s what was named is installed where that is another', async (number, run) => {
    const wait = {
      deployment: 'd-0',
      kind: 'install',
      at: null,
      done: [],
      error: 'exit 1',
      wait: null,
    } as const;
    const open = { ...wait, state: 'failed', number } as const;
    const { site, ending } = await follows({ standing: { open, compared: 'newer' }, inputs: [] });
    expect(site.asked.find((one) => one.startsWith('run'))).toBe(run);
    expect(ending.exitCode).toBe(run === undefined ? exitCodes.deploymentFailed : exitCodes.done);
  });

  test('what runs already is said, and nothing is done', async () => {
    const { site, ending } = await follows({ standing: { compared: 'same', installed } });
    expect(ending).toMatchObject({ exitCode: exitCodes.done, document: { did: 'nothing' } });
    expect(site.asked).not.toContain('run install');
  });

  test('what is to be filled in asks nothing that only an installer asks', async () => {
    const { guide, goesTo } = at({}, { until: 'questions' });
    await goesTo('over');
    const text = answersTemplate(guide.known);
    expect(text).toContain('ConnectionStrings.Main: { file: "" }');
    expect(text).not.toMatch(/maker|certificate|# name|result|six words/);
  });
});

test.each([
  ['failed', 'Mend what is wrong and type'],
  ['interrupted', 'Type'],
  ['cancelled', 'Type'],
] as const)('a run that was %s is gone on with by the command that began it', async (state, first) => {
  const { guide, goesTo, says } = at({ outcomes: [{ state }] });
  await goesTo('result');
  await says('next');
  const { failure } = await guide.ending;
  expect(failure?.hint).toContain(
    `${first} \`crossgap deploy Orders/3.2.0 --env production --guided\` again`,
  );
  expect(failure?.hint).not.toContain('program');
});
