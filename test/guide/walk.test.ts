import { describe, expect, test, vi } from 'vitest';
import { asDiskError } from '../../src/disk-error.ts';
import { exitCodes } from '../../src/errors.ts';
import { tellProgress, type GuideOptions, type Page, type Standing } from '../../src/guide/index.ts';
import {
  anInput,
  aWait,
  FakeRefusal,
  goodChecks,
  portTaken,
  theInputs,
  theSecret,
  theWords,
} from './support/fake-site.ts';
import { runs, walker } from './support/walking.ts';

const everyPage = [
  'about',
  'maker',
  'release',
  'inputs',
  'checks',
  'summary',
  'result',
  'send-home',
  'lines',
];
const actionsOf = ({ actions }: Page): string[] => actions.map(({ id }) => id);
const textOf = (page: Page): string => JSON.stringify(page);
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

test('a first installation leads through every page in order, and does its work once', async () => {
  const { site, guide, goesTo, says } = walker();
  for (const page of everyPage) expect((await goesTo(page)).id).toBe(page);
  await says('write');
  await says('next');
  await expect(guide.ending).resolves.toMatchObject({
    exitCode: exitCodes.done,
    document: { did: 'installed', environment: 'production', deployment: { id: 'd-1' } },
  });
  expect(site.asked.filter((one) => one.startsWith('run'))).toEqual(['run install']);
  expect(site.kept).toEqual({
    'ConnectionStrings.Main': theSecret,
    'Site.Port': '8080',
    'Log.Level': 'Warning',
  });
});

test('the first page says that it is verifying, and shows nothing of the bundle', async () => {
  const held = Promise.withResolvers<void>();
  const { guide, stands } = walker({ holds: { verify: held.promise } });
  expect(guide.page).toMatchObject({ id: 'about', isBusy: true });
  expect(textOf(guide.page)).toContain('is being checked now');
  for (const told of ['acme', 'Orders', '3.2.0"']) expect(textOf(guide.page)).not.toContain(told);
  held.resolve();
  expect(actionsOf(await stands())).toEqual(['next', 'leave']);
  expect(textOf(guide.page)).not.toContain('acme');
});

test('a file that is not as it was signed ends it on the first page', async () => {
  const failure = new FakeRefusal('Cannot use the installer: part 2 is damaged');
  const { guide, stands } = walker({ failures: { verify: [failure] } });
  const page = await stands();
  expect(page).toMatchObject({ id: 'over', actions: [] });
  expect(textOf(page)).toContain('part 2 is damaged');
  await expect(guide.ending).resolves.toMatchObject({ exitCode: exitCodes.verification, failure });
});

test('what nobody foresaw is told to whoever waits for the end', async () => {
  const { guide } = walker({ failures: { verify: [new RangeError('a bug')] } });
  await expect(guide.ending).rejects.toThrow('a bug');
});

describe('the maker', () => {
  test('is believed by its words alone, which no page shows', async () => {
    const { site, says, goesTo } = walker();
    const page = await goesTo('maker');
    expect(textOf(page)).not.toContain(theWords);
    expect((await says('next', { words: `  ${theWords.replaceAll(' ', '  ')} ` })).id).toBe('release');
    expect(site.asked).toContain('take in');
  });

  test('is asked about on a page that says what this site will be called, where it is not called anything yet', async () => {
    expect(textOf(await walker().goesTo('maker'))).toContain('will be called riverside; --name at the start');
    const known = walker({ maker: { site: { name: 'riverside', isNew: false } } });
    expect(textOf(await known.goesTo('maker'))).not.toContain('riverside');
  });

  test.each([
    ['other words', { words: 'amber basin' }, 'words', 'these are not its words'],
    ['nothing', {}, 'words', 'One of the two is needed'],
    ['both', { words: theWords, certificate: '/x.pem' }, 'certificate', 'not both'],
  ])('is not believed by %s', async (_what, values, name, problem) => {
    const { site, says, goesTo } = walker();
    await goesTo('maker');
    const page = await says('next', values);
    expect(page.id).toBe('maker');
    expect(page.fields.find((one) => one.name === name)?.problem).toContain(problem);
    expect(site.asked).not.toContain('take in');
  });

  test('who was believed before is not asked for', async () => {
    const { says, stands } = walker({ maker: { believed: true } });
    await stands();
    expect((await says('next')).id).toBe('release');
  });

  test('words that were given at the start are compared, and others are refused', async () => {
    const good = walker({}, { words: theWords });
    await good.stands();
    expect((await good.says('next')).id).toBe('maker');
    expect((await good.says('next')).id).toBe('release');
    const bad = walker({}, { words: 'gamma hazel' });
    await bad.stands();
    await bad.says('next');
    expect(bad.guide.trouble?.message).toContain('these are not its words');
    expect(bad.site.asked).not.toContain('take in');
  });
});

test('words that were given and are others are refused, though the maker was believed before', async () => {
  const { site, guide, stands } = walker({ maker: { believed: true } }, { words: 'gamma hazel' });
  expect((await stands()).id).toBe('over');
  await expect(guide.ending).resolves.toMatchObject({
    exitCode: exitCodes.verification,
    failure: { code: 'FAKE_REFUSAL' },
  });
  expect(site.asked).toEqual(['verify', 'believe']);
});

test('what hinders taking in is told, and can be tried again', async () => {
  const { says, goesTo } = walker({
    failures: { takeIn: [new FakeRefusal('Cannot write: no space is left')] },
  });
  await goesTo('maker');
  const page = await says('next', { words: theWords });
  expect(page).toMatchObject({ id: 'taking-in', isBusy: false });
  expect(textOf(page)).toContain('no space is left');
  expect((await says('again')).id).toBe('release');
});

describe('every page', () => {
  test.each(everyPage)('%s can be left, and that is said', async (name) => {
    const { site, guide, goesTo, says } = walker();
    const page = await goesTo(name);
    expect(actionsOf(page)).toContain('leave');
    await says('leave');
    const { exitCode, text } = await guide.ending;
    const isOver = ['result', 'send-home', 'lines'].includes(name);
    expect(exitCode).toBe(isOver ? exitCodes.done : exitCodes.refused);
    expect(text.join()).toContain(isOver ? 'is installed' : 'Nothing was installed or changed');
    expect(site.asked.filter((one) => /^(?:run|keep|write)/.test(one))).toHaveLength(isOver ? 2 : 0);
  });

  test.each(everyPage)('%s ends as it was left when the person ends', async (name) => {
    const { guide, goesTo } = walker();
    await goesTo(name);
    await guide.end();
    const isOver = ['result', 'send-home', 'lines'].includes(name);
    expect((await guide.ending).exitCode).toBe(isOver ? exitCodes.done : exitCodes.refused);
  });

  test.each([
    ['maker', 'about'],
    ['release', 'maker'],
    ['inputs', 'release'],
    ['checks', 'inputs'],
    ['summary', 'checks'],
    ['send-home', 'result'],
    ['lines', 'send-home'],
  ])('%s leads back to %s, and on again to where it was', async (name, last) => {
    const { goesTo, says } = walker();
    await goesTo(name);
    expect((await says('back')).id).toBe(last);
    expect((await goesTo(name)).id).toBe(name);
  });

  test('takes no action that it does not offer', async () => {
    const { guide, goesTo, says } = walker();
    await goesTo('checks');
    for (const action of ['go', 'write', 'constructor', '']) expect((await says(action)).id).toBe('checks');
    expect(guide.known.work).toBeNull();
  });

  test('shows no secret, whatever was typed', async () => {
    const { goesTo, guide, says } = walker();
    await goesTo('inputs');
    const pages: Page[] = [
      await says('test:ConnectionStrings.Main', { 'ConnectionStrings.Main': theSecret }),
    ];
    for (const name of ['checks', 'summary', 'result', 'send-home', 'lines']) pages.push(await goesTo(name));
    pages.push(await says('leave'));
    const { document, text } = await guide.ending;
    const said = JSON.stringify([pages, document, text]);
    for (const part of [theSecret, JSON.stringify(theSecret).slice(1, -1), 'geheim']) {
      expect(said).not.toContain(part);
    }
  });
});

describe('inputs', () => {
  test('stand in groups, in the order of the process, and all can be gone back to', async () => {
    const { goesTo, says } = walker();
    expect(await goesTo('inputs')).toMatchObject({ title: 'Database', place: { at: 2, of: 5 } });
    const web = await says('next', { 'ConnectionStrings.Main': 'x' });
    expect(web.title).toBe('Web');
    expect(web.fields.map(({ name, value }) => [name, value])).toEqual([
      ['Site.Port', '8080'],
      ['Log.Level', 'Warning'],
      ['Smtp.Host', null],
    ]);
    const database = await says('back');
    expect(database.title).toBe('Database');
    expect(database.fields[0]).toMatchObject({ value: null, isKept: true, secret: true });
  });

  test.each([
    ['Site.Port', '80800', 'Port of the site must be a port, 1 to 65535'],
    ['Log.Level', 'Loud', 'How much is logged must be one of Debug, Warning'],
    ['Smtp.Host', 'a\0b', 'Mail server must not hold a NUL character'],
  ])('%s is not taken as %j', async (name, value, problem) => {
    const { goesTo, says } = walker();
    await goesTo('inputs');
    await says('next', { 'ConnectionStrings.Main': theSecret });
    const page = await says('next', { [name]: value });
    expect(page.title).toBe('Web');
    expect(page.fields.find((field) => field.name === name)?.problem).toBe(problem);
  });

  test('one that is needed is asked until it is there', async () => {
    const { goesTo, says } = walker();
    await goesTo('inputs');
    const page = await says('next', { 'ConnectionStrings.Main': '' });
    expect(page.fields[0]?.problem).toBe('Main database is needed');
  });

  test('what is known is not asked again, and stays where nothing else is typed', async () => {
    const site = walker({
      maker: { believed: true },
      standing: {
        compared: 'newer',
        inputs: theInputs.map((input) => ({
          ...input,
          isKnown: true,
          value: input.secret ? null : (input.default ?? 'mail'),
        })),
      },
    });
    await site.goesTo('release');
    expect((await site.says('next')).id).toBe('checks');
    const web = await site.says('back');
    expect(web.title).toBe('Web');
    const page = await site.says('next', { 'Smtp.Host': '' });
    expect(page.fields.find(({ name }) => name === 'Smtp.Host')?.problem).toContain("can't be made empty");
    await site.says('next', { 'Smtp.Host': 'relay' });
    await site.goesTo('summary');
    await site.says('go');
    expect(site.site.kept['Smtp.Host']).toBe('relay');
    expect(Object.keys(site.site.kept)).not.toContain('ConnectionStrings.Main');
  });

  test('what is typed is never evaluated', async () => {
    const { site, goesTo, says } = walker();
    await goesTo('inputs');
    await says('next', { 'ConnectionStrings.Main': '#{Site.Port} $(id)' });
    await says('next', { 'Smtp.Host': '#{Log.Level}' });
    await goesTo('summary');
    await says('go');
    expect(site.kept).toMatchObject({
      'ConnectionStrings.Main': '#{Site.Port} $(id)',
      'Smtp.Host': '#{Log.Level}',
    });
  });

  test('a connection test tells what it found, and is run anew for other values', async () => {
    const { site, goesTo, says } = walker();
    await goesTo('inputs');
    const page = await says('test:ConnectionStrings.Main', { 'ConnectionStrings.Main': 'one' });
    expect(page.blocks).toMatchObject([{ kind: 'checks', checks: [{ state: 'good', found: 'it answers' }] }]);
    await says('test:ConnectionStrings.Main', { 'ConnectionStrings.Main': 'two' });
    expect(site.asked.filter((one) => one.startsWith('try'))).toHaveLength(2);
  });
});

describe('checks', () => {
  test('hold everything up while something is lacking, and can be looked at again', async () => {
    const { site, guide, goesTo, says } = walker({ checks: [[...goodChecks, portTaken], goodChecks] });
    const page = await goesTo('checks');
    expect(actionsOf(page)).toEqual(['again', 'back', 'leave']);
    expect(textOf(page)).toContain('nginx listens on it');
    expect(guide.trouble).toMatchObject({ code: 'CHECKS_LACKING', exitCode: exitCodes.refused });
    expect(site.asked.filter((one) => /^(?:run|keep)/.test(one))).toEqual([]);
    expect(actionsOf(await says('again'))).toEqual(['next', 'again', 'back', 'leave']);
    expect(guide.trouble).toBeUndefined();
  });

  test('a connection test that fails holds it up as well', async () => {
    const test = { ...portTaken, id: 'test:db', name: 'Main database', found: 'no route to host' };
    const { goesTo } = walker({ tests: { 'ConnectionStrings.Main': test } });
    expect(textOf(await goesTo('checks'))).toContain('no route to host');
  });

  test('end at once when a person leaves while they are under way', async () => {
    const held = Promise.withResolvers<void>();
    const { site, guide, goesTo } = walker({ inputs: [], holds: { check: held.promise } });
    await goesTo('release');
    await guide.submit({ action: 'next', values: {} });
    await vi.waitFor(() => expect(site.asked).toContain('check'));
    expect(guide.page).toMatchObject({ id: 'checks', isBusy: true });
    await guide.submit({ action: 'stop', values: {} });
    expect((await guide.ending).exitCode).toBe(exitCodes.refused);
    expect(site.asked).toContain('check is ended');
    held.resolve();
  });

  test('alone they are all that is done where nothing is to be installed', async () => {
    const { site, guide, goesTo } = walker({}, { until: 'checks' });
    await goesTo('over');
    await expect(guide.ending).resolves.toMatchObject({ exitCode: 0, document: { did: 'checked' } });
    expect(site.asked.some((one) => /^(?:run|keep)/.test(one))).toBe(false);
  });
});

describe('a run from before', () => {
  test('J2.12 that was cut off is told with its step and convention; a person decides, and Enter does nothing', async () => {
    const { goesTo } = walker({
      maker: { believed: true },
      standing: { open, previous: { number: '3.1.4' } },
    });
    const page = await goesTo('interrupted');
    expect(page.mustChoose).toBe(true);
    expect(actionsOf(page)).toEqual(['resume', 'start-over', 'roll-back', 'back', 'leave']);
    expect(page.actions.every(({ id, about }) => about !== null || id === 'back')).toBe(true);
    expect(textOf(page)).toContain('step 3 of 6, Web, at convention 8 of 15');
  });

  test.each([
    ['resume', [], 'run resume d-0'],
    ['start-over', ['next', 'next', 'next', 'next', 'go'], 'run start-over d-0'],
    ['roll-back', ['go'], 'run roll-back'],
  ])('is gone on with by %s', async (way, then, run) => {
    const { site, guide, goesTo, says } = walker({
      maker: { believed: true },
      standing: { open, previous: { number: '3.1.4' } },
      inputs: [],
    });
    await goesTo('interrupted');
    await says(way);
    for (const action of then)
      if (guide.page.id !== 'result') await says(guide.page.id === 'summary' ? 'go' : action);
    expect(guide.page.id).toBe('result');
    expect(site.asked).toContain(run);
  });

  test('that failed is started over or gone back from, and has nothing to go on with', async () => {
    const failed = { ...open, state: 'failed', error: 'Deploy.sh exited with 1' } as const;
    const { goesTo } = walker({
      maker: { believed: true },
      standing: { open: failed, previous: { number: '3.1.4' } },
    });
    expect(actionsOf(await goesTo('interrupted'))).toEqual(['start-over', 'roll-back', 'back', 'leave']);
  });

  test('that failed with another release keeps nobody from installing the one in the file', async () => {
    const failed = { ...open, state: 'failed', number: '3.1.9' } as const;
    const installed = { number: '3.1.0', digest: '4e'.repeat(32), since: '2026-02-02T09:15:00.000Z' };
    const standing = { open: failed, compared: 'newer', installed } as const;
    const { site, goesTo, says } = walker({ maker: { believed: true }, standing });
    expect(actionsOf(await goesTo('interrupted'))).toEqual(['install', 'back', 'leave']);
    expect((await says('install')).id).toBe('release');
    await goesTo('summary');
    await says('go');
    expect(site.asked).toContain('run install');
    const older = walker({ maker: { believed: true }, standing: { ...standing, compared: 'older' } });
    expect(actionsOf(await older.goesTo('interrupted'))).toEqual(['back', 'leave']);
  });

  test('is left as it is, and nothing is done', async () => {
    const { site, guide, goesTo, says } = walker({ maker: { believed: true }, standing: { open } });
    await goesTo('interrupted');
    await says('leave');
    expect((await guide.ending).exitCode).toBe(exitCodes.refused);
    expect(site.asked.some((one) => one.startsWith('run'))).toBe(false);
  });

  test('is found in whichever environment it was', async () => {
    const { guide, goesTo, says } = walker({
      maker: { believed: true },
      release: { environments: ['production', 'uat'] },
      others: { uat: { open } },
    });
    expect(textOf(await goesTo('interrupted'))).toContain('uat');
    await says('resume');
    expect(guide.known.environment).toBe('uat');
  });

  test('that is gone on with tells in one line what was done before this start, and once', async () => {
    const { guide, goesTo, says } = walker({
      maker: { believed: true },
      standing: { open },
      outcomes: [{ deployment: 'd-0', state: 'waiting', wait: aWait }, { deployment: 'd-0' }],
    });
    const lines: string[] = [];
    tellProgress(guide, (told) => void ('line' in told && lines.push(told.line.text)));
    await goesTo('interrupted');
    expect((await says('resume')).id).toBe('decision');
    expect(lines.filter((line) => line.startsWith('Done before'))).toEqual([
      `Done before: ${open.done.join(', ')}`,
    ]);
    expect((await says('approve', { by: 'Ann' })).id).toBe('result');
    expect(lines.filter((line) => line.startsWith('Done before'))).toHaveLength(1);
  });

  test('that waits shows what it asks, and goes on with the answer', async () => {
    const { site, goesTo, says } = walker({
      maker: { believed: true },
      standing: { open: { ...open, state: 'waiting', wait: aWait } },
    });
    expect(actionsOf(await goesTo('interrupted'))).toContain('decide');
    expect((await says('decide')).id).toBe('decision');
    expect((await says('approve', { by: 'Ann' })).id).toBe('result');
    expect(site.asked).toContain('run resume d-0');
  });
});

/** What is offered about a run from before, and what is told when it is decided to go that way. */
const decides = async (
  standing: Partial<Standing>,
  way: string,
  options: Partial<GuideOptions> = {},
): Promise<{ ways: string[]; told: Page; summary: Page; title: string; ran: string | undefined }> => {
  const held = Promise.withResolvers<void>();
  const facts = { maker: { believed: true }, standing, inputs: [], holds: { run: held.promise } };
  const { site, guide, goesTo, says } = walker(facts, options);
  const told = await goesTo('interrupted');
  await says(way);
  const last = await goesTo('summary');
  await guide.submit({ action: 'go', values: {} });
  const { title } = await runs(guide);
  held.resolve();
  await goesTo('result');
  const ran = site.asked.find((one) => one.startsWith('run'));
  return { ways: actionsOf(told), told, summary: last, title, ran };
};

describe('going back after a run that was cut off', () => {
  const [before, now] = [
    { number: '3.1.4', digest: '4e', since: '2026-03-01T09:15:00.000Z' },
    { number: '3.2.0', digest: '5f', since: '2026-03-02T09:15:00.000Z' },
  ];

  test('J2.13 what succeeded last is gone back to, and named on every page', async () => {
    const previous = { number: '3.1.4' };
    const standing = { open, previous, installed: before, compared: 'newer' } as const;
    const { ways, summary: last, title, ran } = await decides(standing, 'roll-back');
    expect(ways).toEqual(['resume', 'start-over', 'roll-back', 'back', 'leave']);
    for (const told of ['["Installed now","3.1.4"]', '"3.1.4, by its own steps', 'Go back to 3.1.4 now'])
      expect(textOf(last)).toContain(told);
    expect(title).toBe('Going back to 3.1.4');
    expect(ran).toBe('run roll-back');
  });

  test.each(['start-over', 'roll-back'])(
    'J2.12 what was changed already is said before it begins by %s',
    async (way) => {
      const { summary: last } = await decides({ open, previous: { number: '3.1.4' } }, way);
      expect(textOf(last)).toContain(
        'The last run, of 3.2.0, has changed this machine already: done are Stop service, Db, and it stopped in step 3 of 6, Web, at convention 8 of 15.',
      );
      expect(textOf(last)).not.toContain('Nothing was changed');
      const early = { ...open, state: 'failed', at: 'step 1 of 6, Stop service', done: [] } as const;
      const failed = await decides({ open: early, previous: { number: '3.1.4' } }, way);
      expect(textOf(failed.summary)).toContain(
        'The last run, of 3.2.0, may have changed this machine already: no step was finished, and it failed in step 1 of 6, Stop service.',
      );
      const none = await decides(
        { open: { ...open, at: null, done: [] }, previous: { number: '3.1.4' } },
        way,
      );
      expect(textOf(none.summary)).toContain('Nothing was changed so far.');
    },
  );

  test.each([[goodChecks], [[portTaken]]])(
    'J2.12 the checks before it is started over do not say either that nothing was changed',
    async (looked) => {
      const { goesTo, says } = walker({ maker: { believed: true }, standing: { open }, checks: [looked] });
      await goesTo('interrupted');
      await says('start-over');
      const page = textOf(await goesTo('checks'));
      expect(page).toContain('The last run, of 3.2.0, has changed this machine already');
      expect(page).not.toContain('Nothing was changed');
    },
  );

  test('J2.12 a first installation is gone on with or started over, and nothing is said of going back', async () => {
    const { guide, goesTo, says } = walker({
      maker: { believed: true },
      standing: { open },
      outcomes: [{ state: 'interrupted', deployment: 'd-0' }],
    });
    const page = await goesTo('interrupted');
    expect(actionsOf(page)).toEqual(['resume', 'start-over', 'uninstall', 'back', 'leave']);
    expect(actionsOf(await says('resume'))).not.toContain('roll-back');
    await says('leave');
    expect((await guide.ending).failure?.hint).toBe(
      'Start the program again: it says where it stopped, and offers to go on or to start over.',
    );
  });

  test('a run that a full disk cut off is gone on with once there is room, and its end names disk and run', async () => {
    const hindered = asDiskError(Object.assign(new Error('no space'), { code: 'ENOSPC', path: '/data' }))!;
    const { guide, goesTo, says } = walker({
      outcomes: [{ state: 'interrupted', deployment: 'd-0', error: hindered.message, hindered }],
    });
    const page = await goesTo('result');
    expect(textOf(page)).toContain('the disk is full (/data)');
    expect(textOf(page)).toContain('Make room on it');
    expect(actionsOf(page)).toContain('resume');
    await says('leave');
    const { failure, document } = await guide.ending;
    expect(document).toMatchObject({ did: 'interrupted' });
    expect(failure).toMatchObject({ code: 'DISK_FULL', details: { deployment: 'd-0' } });
    expect(failure?.hint).toMatch(/^Make room on it, then start the program again, and go on: /);
  });

  test.each([
    { who: 'somebody who looks on decides', isUnattended: false, title: 'It was cut off' },
    { who: 'answers have decided before', isUnattended: true, title: '3.2.0 is installed' },
  ])('what becomes of a run that was under way and turns out to be cut off: $who', async (one) => {
    const { goesTo, says } = walker(
      {
        maker: { believed: true },
        standing: { open: { ...open, state: 'running' } },
        outcomes: [{ state: 'interrupted', deployment: 'd-0' }, { deployment: 'd-0' }],
      },
      { isUnattended: one.isUnattended },
    );
    await goesTo('interrupted');
    expect((await says('resume')).title).toBe(one.title);
  });

  test('J2.13 a rollback is told as one, is gone on with or started over, and leads nowhere else', async () => {
    const back = { ...open, kind: 'roll-back', number: '3.1.4' } as const;
    const standing = { open: back, previous: { number: '3.1.4' }, installed: now, compared: 'same' } as const;
    const { ways, told, summary: last, title, ran } = await decides(standing, 'start-over');
    expect(told.title).toBe('Going back to 3.1.4 was cut off');
    expect(textOf(told)).toContain('["Going back to","3.1.4"]');
    expect(ways).toEqual(['resume', 'install', 'start-over', 'back', 'leave']);
    expect(textOf(last)).toContain('"3.1.4, by its own steps');
    expect(textOf(last)).toContain('The last run, back to 3.1.4, has changed this machine already');
    expect(actionsOf(last)).toContain('go');
    expect(title).toBe('Going back to 3.1.4');
    expect(ran).toBe('run start-over d-0');
    const waits = { ...back, state: 'waiting', wait: aWait } as const;
    const { goesTo } = walker({ maker: { believed: true }, standing: { ...standing, open: waits } });
    expect((await goesTo('interrupted')).title).toBe('Going back to 3.1.4 waits for a person');
  });

  test('J2.13 a rollback that is gone on with is told as one to its end', async () => {
    const back = { ...open, kind: 'roll-back', number: '3.1.4' } as const;
    const { guide, goesTo, says } = walker({
      maker: { believed: true },
      standing: { open: back, previous: { number: '3.1.4' }, compared: 'same' },
      outcomes: [{ number: '3.1.4' }],
    });
    await goesTo('interrupted');
    expect((await says('resume')).title).toBe('3.1.4 is installed again');
    await says('leave');
    expect((await guide.ending).document).toMatchObject({ did: 'rolled-back' });
  });

  test('J2.12 another release that was started is what is installed, and the run is given up for it', async () => {
    const other = { ...open, number: '3.1.9' };
    const standing = { open: other, installed: before, compared: 'newer' } as const;
    const { ways, summary: last, title, ran } = await decides(standing, 'install');
    expect(ways).toEqual(['resume', 'install', 'back', 'leave']);
    expect(textOf(last)).toContain('The last run, of 3.1.9, has changed this machine already');
    expect(title).toBe('Installing Orders 3.2.0');
    expect(ran).toBe('run install instead of d-0');
  });

  test('J2.13 who starts the release that ran before is led back to it', async () => {
    const other = { ...open, number: '3.3.0' };
    const standing = {
      open: other,
      previous: { number: '3.2.0' },
      installed: now,
      compared: 'same',
    } as const;
    const { ways, summary: last } = await decides(standing, 'roll-back');
    expect(ways).toEqual(['resume', 'roll-back', 'back', 'leave']);
    expect(textOf(last)).toContain('Go back to 3.2.0 now');
  });

  test.each([
    ['failed', 'Cannot go back to Orders 3.1.4 in production: it failed'],
    ['interrupted', 'Cannot go on with going back to Orders 3.1.4 in production: it was cut off'],
  ] as const)('J2.13 a rollback that %s is tried again, and not gone back from', async (state, message) => {
    const { guide, goesTo, says } = walker(
      {
        standing: { previous: { number: '3.1.4' }, compared: 'same' },
        outcomes: [{ state, number: '3.1.4', kind: 'roll-back' }],
      },
      { wanted: 'roll-back' },
    );
    const page = await goesTo('result');
    expect(actionsOf(page)).not.toContain('roll-back');
    expect(actionsOf(page)).toContain('start-over');
    await says('leave');
    const { failure } = await guide.ending;
    expect(failure?.message).toContain(message);
    expect(failure?.hint).not.toMatch(/go back/);
  });
});

describe('a step that asks', () => {
  test('shows its instructions, and takes a name, a note and an answer', async () => {
    const { site, goesTo, says } = walker({ outcomes: [{ state: 'waiting', wait: aWait }] });
    const page = await goesTo('decision');
    expect(page).toMatchObject({ title: 'Check with the DBA', mustChoose: true });
    expect(textOf(page)).toContain('Ask for the backup ticket');
    expect(actionsOf(page)).toEqual(['approve', 'refuse', 'leave']);
    expect((await says('approve', { by: ' ' })).fields[0]?.problem).toBe('Your name is needed');
    expect((await says('approve', { by: 'Ann Smith', note: 'ticket 4711' })).id).toBe('result');
    expect(site.decisions).toEqual([{ answer: 'approve', by: 'Ann Smith', note: 'ticket 4711' }]);
    expect(site.asked).toContain('run resume d-1');
  });

  test('waits where the person leaves, exit 3', async () => {
    const { guide, goesTo, says } = walker({ outcomes: [{ state: 'waiting', wait: aWait }] });
    await goesTo('decision');
    await says('leave');
    await expect(guide.ending).resolves.toMatchObject({
      exitCode: exitCodes.refused,
      failure: { code: 'INSTALL_WAITS' },
    });
  });
});

describe('a run', () => {
  const failed = { state: 'failed', error: 'Deploy.sh exited with 1', at: 'step 3 of 3, Web' } as const;

  test('that fails tells where and why, and can be tried again after the checks, with other values', async () => {
    const { site, goesTo, says } = walker({ outcomes: [{ ...failed, lastLines: ['disk full'] }] });
    const page = await goesTo('result');
    for (const told of ['Deploy.sh exited with 1', 'step 3 of 3, Web', 'disk full']) {
      expect(textOf(page)).toContain(told);
    }
    expect(page.mustChoose).toBe(true);
    expect((await says('start-over')).id).toBe('checks');
    expect((await says('back')).title).toBe('Web');
    await goesTo('summary');
    expect(await says('go')).toMatchObject({ id: 'result', title: '3.2.0 is installed' });
    expect(site.asked).toContain('run start-over d-1');
  });

  test('that fails can be gone back from', async () => {
    const facts = { outcomes: [failed], standing: { previous: { number: '3.1.4' } } } as const;
    const { site, goesTo, says } = walker(facts);
    await goesTo('result');
    expect((await says('roll-back')).id).toBe('summary');
    await says('go');
    expect(site.asked).toContain('run roll-back');
  });

  test('that failed and is left ends with exit 6 and the reason', async () => {
    const { guide, goesTo, says } = walker({ outcomes: [failed] });
    await goesTo('result');
    await says('leave');
    const { exitCode, failure } = await guide.ending;
    expect(exitCode).toBe(exitCodes.deploymentFailed);
    expect(failure).toMatchObject({ code: 'INSTALL_FAILED' });
    expect(failure?.message).toContain('step 3 of 3, Web: Deploy.sh exited with 1');
  });

  test('that is asked to end does so at once, and says how to go on, exit 6', async () => {
    const held = Promise.withResolvers<void>();
    const { guide, goesTo } = walker({ holds: { run: held.promise } });
    await goesTo('summary');
    await guide.submit({ action: 'go', values: {} });
    await runs(guide);
    expect(guide.page).toMatchObject({ id: 'running', isBusy: true });
    expect(actionsOf(guide.page)).toEqual(['stop']);
    await guide.end();
    await guide.end();
    expect(textOf(guide.page)).toContain('what is under way is ended now');
    held.resolve();
    await expect(guide.ending).resolves.toMatchObject({
      exitCode: exitCodes.deploymentFailed,
      failure: {
        code: 'INSTALL_INTERRUPTED',
        hint: expect.stringContaining('Start the program again') as string,
      },
    });
  });
});

describe('where something is installed already', () => {
  const same = {
    compared: 'same',
    installed: { number: '3.2.0', digest: '5f', since: '2 days ago' },
  } as const;

  test('the same release is installed again, gone back from, uninstalled, told of, or left', async () => {
    const { goesTo } = walker({
      maker: { believed: true },
      standing: { ...same, previous: { number: '3.1.4' } },
    });
    const page = await goesTo('wish');
    expect(page.mustChoose).toBe(true);
    expect(actionsOf(page)).toEqual(['again', 'roll-back', 'uninstall', 'report', 'back', 'leave']);
  });

  test.each([
    ['roll-back', 'run roll-back'],
    ['uninstall', 'run uninstall'],
  ])('%s shows the summary first', async (way, run) => {
    const facts = { maker: { believed: true }, standing: { ...same, previous: { number: '3.1.4' } } };
    const { site, goesTo, says } = walker(facts);
    await goesTo('wish');
    expect((await says(way)).id).toBe('summary');
    expect(site.asked.some((one) => one.startsWith('run'))).toBe(false);
    await says('go');
    expect(site.asked).toContain(run);
  });

  test('what its steps left of what is uninstalled is named on the page and at the end', async () => {
    const foldersLeft = ['/var/lib/crossgap/apps/production/Orders.Web/3.2.0', '/srv/orders'];
    const { guide, goesTo, says } = walker({ standing: same, outcomes: [{ foldersLeft }] });
    await goesTo('wish');
    await says('uninstall');
    const page = await goesTo('result');
    expect(page.title).toBe('It is uninstalled');
    expect(page.blocks).toContainEqual({ kind: 'list', items: foldersLeft });
    expect(textOf(page)).toContain('These folders stay, with the values that were written into their files');
    await says('leave');
    const { text } = await guide.ending;
    for (const folder of foldersLeft) expect(text).toContain(`  ${folder}`);
  });

  test('the result file alone is made again', async () => {
    const { site, guide, goesTo, says } = walker({ maker: { believed: true }, standing: same });
    await goesTo('wish');
    expect((await says('report')).id).toBe('send-home');
    await goesTo('lines');
    await says('write');
    await says('next');
    await expect(guide.ending).resolves.toMatchObject({ exitCode: 0, document: { did: 'result-written' } });
    expect(site.wishes[0]).toMatchObject({ deployment: null });
    expect(site.asked.some((one) => one.startsWith('run'))).toBe(false);
  });

  test('an older release is not installed over a newer one', async () => {
    const standing = {
      compared: 'older',
      installed: { number: '3.3.0', digest: '6a', since: '2 days ago' },
      previous: { number: '3.2.0' },
    } as const;
    const { goesTo, guide } = walker({ maker: { believed: true }, standing });
    const page = await goesTo('wish');
    expect(actionsOf(page)).toEqual(['roll-back', 'uninstall', 'report', 'back', 'leave']);
    expect(guide.known.way).toBeNull();
  });
});

test.each([
  ['roll-back', {}, 'there is no other release to go back to'],
  ['uninstall', { hasUninstall: false }, 'wrote no steps for that'],
  ['uninstall', {}, 'nothing is installed there'],
] as const)('%s is refused where there is nothing for it', async (wanted, release, why) => {
  const { site, goesTo, guide, stands } = walker({ maker: { believed: true }, release }, { wanted });
  const page = await goesTo('summary');
  expect(actionsOf(page)).toEqual(['back', 'leave']);
  expect(guide.trouble).toMatchObject({ code: 'WAY_IMPOSSIBLE' });
  expect(textOf(await stands())).toContain(why);
  expect(site.asked.some((one) => one.startsWith('run'))).toBe(false);
});

test('a release that may not be installed leads nowhere but back', async () => {
  const { goesTo, guide } = walker({
    maker: { believed: true },
    standing: { inTheWay: { why: 'it was withdrawn', hint: 'Take another.' } },
  });
  expect(actionsOf(await goesTo('release'))).toEqual(['back', 'leave']);
  expect(guide.trouble).toMatchObject({ code: 'RELEASE_IN_THE_WAY' });
});

test('an environment that nobody knows is asked about: one that there is, or a new one', async () => {
  const { guide, goesTo, says } = walker(
    { maker: { believed: true }, inputs: [] },
    { environment: 'prodution' },
  );
  const page = await goesTo('environment');
  expect(textOf(page)).toContain('Neither this site nor the process has an environment prodution');
  expect(page.fields[0]).toMatchObject({
    value: 'production',
    choices: [{ value: 'production' }, { value: 'prodution', label: 'prodution (a new one)' }],
  });
  await says('next');
  expect(guide.known.environment).toBe('production');
  await says('back');
  expect((await says('next', { environment: 'prodution' })).id).toBe('release');
  expect(guide.known.environment).toBe('prodution');
  expect(await goesTo('summary')).toMatchObject({
    blocks: expect.arrayContaining([
      { kind: 'facts', facts: expect.arrayContaining([['Environment', 'prodution']]) as unknown },
    ]) as unknown,
  });
});

test('J2.13 what the release that is gone back to lacks is asked for before it is begun', async () => {
  const lacking = [anInput({ name: 'Old.Share', label: 'Share of before' })];
  const previous = { number: '3.1.4', lacking };
  const { site, goesTo, says } = walker(
    { maker: { believed: true }, standing: { compared: 'same', previous } },
    { wanted: 'roll-back' },
  );
  const page = await goesTo('inputs');
  expect(page).toMatchObject({ title: 'What Orders 3.1.4 needs to know', fields: [{ name: 'Old.Share' }] });
  expect((await says('next')).fields[0]?.problem).toBe('Share of before is needed');
  expect((await says('next', { 'Old.Share': 'O:' })).id).toBe('summary');
  expect((await says('go')).id).toBe('result');
  expect(site.asked).toEqual(expect.arrayContaining(['keep Old.Share', 'run roll-back']));
});

test('where there are several environments one is chosen, and what is asked is that one', async () => {
  const { goesTo, says } = walker({
    maker: { believed: true },
    release: { environments: ['production', 'uat'] },
    others: { uat: { installed: { number: '3.1.4', digest: '4e', since: 'today' }, compared: 'newer' } },
  });
  const page = await goesTo('environment');
  expect(page.fields[0]?.choices.map(({ value }) => value)).toEqual(['production', 'uat']);
  expect((await says('next', { environment: 'prod' })).fields[0]?.problem).toContain(
    'there are production, uat',
  );
  expect(textOf(await says('next', { environment: 'uat' }))).toContain('3.1.4');
});

describe('what goes home', () => {
  test('J2.14 is shown line by line before it is written, and lines can be struck out', async () => {
    const { site, goesTo, says } = walker();
    await goesTo('send-home');
    await says('next', { rating: '4', comment: 'all well', 'with-log': 'true' });
    const page = await says('strike', { strike: '3-4' });
    expect(textOf(page)).toContain('struck out: on host plant-7');
    expect(textOf(page)).toContain('stays: Orders 3.2.0 in production');
    expect(site.asked.some((one) => one.startsWith('write'))).toBe(false);
    expect(textOf(await says('strike', { strike: 'none' }))).not.toContain('struck out: on host');
    await says('write', { strike: '3-4' });
    expect(site.wishes.at(-1)).toEqual({
      environment: 'production',
      deployment: 'd-1',
      rating: 4,
      comment: 'all well',
      withLog: true,
      struck: ['host', 'step-1'],
    });
  });

  test('shows what was written before among the lines, once more are struck out', async () => {
    const { site, goesTo, says } = walker();
    await goesTo('lines');
    const looks = (): number => site.asked.filter((one) => one === 'preview').length;
    const before = looks();
    await says('strike', { strike: '3' });
    await says('write');
    expect(looks()).toBe(before);
    const page = await says('strike', { strike: '3-4' });
    expect(looks()).toBe(before + 1);
    expect(textOf(page)).toContain('struck out: on host plant-7');
  });

  test.each([
    ['1', 'Line 1 can not be struck out'],
    ['5', 'There are lines 1 to 4, and not 5'],
    ['4-3', 'There are lines 1 to 4, and not 4-3'],
    ['host', 'host is none'],
  ])('takes no %j for lines', async (strike, problem) => {
    const { site, goesTo, says } = walker();
    await goesTo('lines');
    expect((await says('write', { strike })).fields[0]?.problem).toContain(problem);
    expect(site.asked.some((one) => one.startsWith('write'))).toBe(false);
  });

  test('finds another place where the first can not be written to', async () => {
    const failures = { writeResult: [new FakeRefusal('Cannot write the result: it is a read-only medium')] };
    const { site, goesTo, says } = walker({ failures });
    await goesTo('lines');
    expect(textOf(await says('write'))).toContain('read-only medium');
    await says('write');
    expect(site.asked.filter((one) => one.startsWith('write'))).toEqual([
      'write /media/stick/result.cgx',
      'write /var/lib/crossgap/result.cgx',
    ]);
  });

  test.each([
    ['rating', '6', 'from 1 to 5'],
    ['comment', 'x'.repeat(4001), 'at most 4000 characters'],
    ['with-log', 'perhaps', 'true or false'],
  ])('takes no such %s', async (name, value, problem) => {
    const { goesTo, says } = walker();
    await goesTo('send-home');
    const page = await says('next', { [name]: value });
    expect(page.fields.find((field) => field.name === name)?.problem).toContain(problem);
  });
});
