import { describe, expect, test } from 'vitest';
import { exitCodes } from '../../src/errors.ts';
import {
  answersTemplate,
  followAnswers,
  noAnswers,
  readAnswers,
  startGuide,
  type Answers,
  type Ending,
  type GuideOptions,
  type Page,
  type ScriptStanding,
} from '../../src/guide/index.ts';
import {
  fakeSite,
  portTaken,
  theInputs,
  theSet,
  theWords,
  type FakeFacts,
  type FakeSite,
} from './support/fake-site.ts';
import { asked, walker, type Walker } from './support/walking.ts';

const script: ScriptStanding = {
  where: 'step Stop',
  language: 'bash',
  from: 'the process',
  digest: '1a'.repeat(32),
  text: 'systemctl stop orders',
  remark: null,
  approval: { by: 'S. Officer', at: '2026-03-02T09:15:00.000Z', release: '3.1.0' },
  before: null,
  isNew: false,
};
const changed: ScriptStanding = {
  ...script,
  where: 'step Web, PreDeploy.sh',
  from: 'package Orders.Web 3.2.0',
  text: 'rm -rf cache',
  remark: 'it is cut here',
  approval: null,
  before: { what: 'what was approved for 3.1.0', lines: ['@@ -1,1 +1,1 @@', '-true', '+rm -rf cache'] },
  isNew: true,
};
const place = (isAsked: boolean, scripts = [script, changed]): FakeFacts => ({
  maker: { believed: true },
  inputs: theInputs.map((input) => ({
    ...input,
    isKnown: true,
    value: input.secret ? null : (input.default ?? 'mail'),
  })),
  standing: { scripts, consent: { set: theSet, isAsked } },
});
const waysOn = ({ actions }: Page): string[] =>
  actions.map(({ id }) => id).filter((id) => id !== 'back' && id !== 'leave');
async function backTo(says: Walker['says'], id: string): Promise<Page> {
  let page = await says('back');
  while (page.id !== id) page = await says('back');
  return page;
}
const approvals = ({ asked: all }: Pick<FakeSite, 'asked'>): string[] =>
  all.filter((one) => one.startsWith('approve'));

describe('J2.15: the page of a release', () => {
  test('goes on plainly where every script is approved', async () => {
    const page = await walker(place(true, [script])).goesTo('release');
    expect([waysOn(page), page.mustChoose, page.fields]).toEqual([['next'], false, []]);
    expect(JSON.stringify(page.blocks)).toContain('approved by S. Officer');
  });

  test('shows what is not approved with what changed, and Enter alone approves nothing', async () => {
    const { goesTo, says, site } = walker(place(true));
    const page = await goesTo('release');
    expect([waysOn(page), page.mustChoose]).toEqual([['approve'], true]);
    expect(page.actions[0]?.label).toBe('Approve this script and go on');
    const shown = page.blocks.flatMap((block) => (block.kind === 'verbatim' ? [block] : []));
    expect(shown.find(({ title }) => title.startsWith('What changed in step Web, PreDeploy.sh'))?.text).toBe(
      '@@ -1,1 +1,1 @@\n-true\n+rm -rf cache',
    );
    expect(shown.find(({ title }) => title.includes('from package Orders.Web 3.2.0'))?.text).toBe(
      'rm -rf cache\n(it is cut here)',
    );
    expect((await says('next')).id).toBe('release');
    expect((await says('approve')).fields[0]?.problem).toBe('Your name is needed');
    expect(approvals(site)).toEqual([]);
    expect((await says('approve', { by: 'S. Officer', note: 'CHG-1' })).id).toBe('checks');
    expect(approvals(site)).toEqual(['approve S. Officer CHG-1']);
    // Gone back to, it is approved.
    expect(waysOn(await backTo(says, 'release'))).toEqual(['next']);
  });

  test('has what is to be decided on first, and below it what need not be read for that', async () => {
    const same: ScriptStanding = { ...changed, where: 'step Start', before: null, isNew: false };
    const facts = place(true, [script, same, changed]);
    const page = await walker({
      ...facts,
      standing: {
        ...facts.standing,
        installed: { number: '3.1.0', digest: '1a'.repeat(32), since: '2026-03-02T09:15:00.000Z' },
        changes: [{ title: 'Packages', lines: ['Orders.Web  3.1.0  →  3.2.0'] }],
      },
    }).goesTo('release');
    const verbatim = page.blocks.flatMap((block) => (block.kind === 'verbatim' ? [block] : []));
    expect(verbatim.map(({ title, isAside }) => [title.split(' (')[0], isAside ?? false])).toEqual([
      ['Notes', false],
      ['Packages', false],
      ['step Web, PreDeploy.sh', false],
      ['What changed in step Web, PreDeploy.sh, against what was approved for 3.1.0', false],
      ['step Start', false],
      ['step Stop', true],
      ['How the signature of Orders.Db 3.2.0 was judged', true],
      ['How the signature of Orders.Web 3.2.0 was judged', true],
    ]);
  });

  test('goes on without an approval where signatures are enough, if a person says so', async () => {
    const { goesTo, says, site } = walker(place(false));
    const page = await goesTo('release');
    expect([waysOn(page), page.mustChoose]).toEqual([['approve', 'next'], true]);
    expect((await says('next')).id).toBe('checks');
    expect(approvals(site)).toEqual([]);
    await backTo(says, 'release');
    await says('approve');
    expect(approvals(site)).toEqual(['approve root']);
  });

  test('approves nothing where is only looked', async () => {
    const page = await walker(place(true), { until: 'checks' }).goesTo('release');
    expect([waysOn(page), page.mustChoose]).toEqual([['next'], false]);
  });
});

const oldSet = '01'.repeat(32);
/** What is gone back to was installed when nobody was asked. */
const unread: FakeFacts = {
  ...place(true, [script]),
  standing: {
    ...place(true, [script]).standing,
    compared: 'same',
    installed: { number: '3.2.0', digest: '1a'.repeat(32), since: '2026-03-02T09:15:00.000Z' },
    inTheWay: { why: 'it was withdrawn', hint: 'Ask its maker.' },
    previous: {
      number: '3.1.4',
      asked: { scripts: [script, changed], consent: { set: oldSet, isAsked: true } },
    },
  },
};

describe('J2.15: the way back to a release whose scripts nobody approved', () => {
  test('leads through them, and to nothing before they are approved', async () => {
    const { goesTo, says, site } = walker(unread);
    await goesTo('wish');
    const page = await says('roll-back');
    expect([page.id, page.title]).toEqual(['release', 'Back to Orders 3.1.4']);
    expect([waysOn(page), page.mustChoose]).toEqual([['approve'], true]);
    expect(JSON.stringify(page.blocks)).toContain('rm -rf cache');
    expect((await says('approve')).fields[0]?.problem).toBe('Your name is needed');
    expect((await says('approve', { by: 'S. Officer' })).id).toBe('summary');
    expect(approvals(site)).toEqual(['approve S. Officer before']);
    await says('go');
    expect(site.asked).toContain('run roll-back');
  });

  test('is not gone where a person leaves after that, and the approval is told to stay', async () => {
    const { goesTo, says, guide } = walker(unread);
    await goesTo('wish');
    await says('roll-back');
    await says('approve', { by: 'S. Officer' });
    await says('leave');
    expect((await guide.ending).text.join()).toContain('That the scripts of 3.1.4 are approved stays so');
    const other = walker(unread);
    await other.goesTo('wish');
    await other.says('leave');
    expect((await other.guide.ending).text.join()).not.toContain('approved');
  });

  test('does so from a run that failed as well', async () => {
    const { inTheWay: _none, ...standing } = unread.standing!;
    const { goesTo, says } = walker({
      ...unread,
      standing: { ...standing, compared: 'newer' },
      outcomes: [{ state: 'failed', error: 'Deploy.sh exited with 1' }],
    });
    await goesTo('result');
    expect((await says('roll-back')).title).toBe('Back to Orders 3.1.4');
  });

  test('is as short as ever where they are approved', async () => {
    const { previous, ...standing } = unread.standing!;
    const asked = { ...previous!.asked!, scripts: [script] };
    const { goesTo, says } = walker({
      ...unread,
      standing: { ...standing, previous: { ...previous!, asked } },
    });
    await goesTo('wish');
    expect((await says('roll-back')).id).toBe('summary');
  });
});

describe('J2.15: without a person', () => {
  const bare = readAnswers('answers.yaml', '');
  const answers = (set: string): Answers => readAnswers('answers.yaml', `approve-scripts: ${set}\n`);
  const follows = async (
    given: Answers,
    facts: FakeFacts,
    options: Partial<GuideOptions> = {},
  ): Promise<{ ending: Ending; site: FakeSite }> => {
    const site = fakeSite(facts);
    const walk = startGuide(site, { ...asked, ...options });
    return { ending: await followAnswers(walk, { answers: given, environment: {} }), site };
  };
  const failureOf = ({ failure, exitCode }: Ending) => [failure?.code, exitCode];

  test('exactly the scripts that the answers name are approved', async () => {
    const { ending, site } = await follows(answers(theSet), place(true));
    expect(ending.exitCode).toBe(0);
    expect(approvals(site)).toEqual(['approve root']);
    expect(site.asked.indexOf('approve root')).toBeLessThan(site.asked.indexOf('check'));
  });

  test.each([true, false])('other scripts are refused and named, asked (%s) or not', async (isAsked) => {
    const { ending, site } = await follows(answers('0'.repeat(64)), place(isAsked));
    expect(failureOf(ending)).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);
    expect(ending.failure?.details).toMatchObject({ set: theSet, scripts: ['step Web, PreDeploy.sh'] });
    expect(site.asked.some((one) => /^(?:approve|check|run)/.test(one))).toBe(false);
  });

  test('where nothing is said the rule of the site decides', async () => {
    const refused = await follows(noAnswers, place(true));
    expect(failureOf(refused.ending)).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);
    expect(refused.ending.failure?.hint).toContain(`approve-scripts: ${theSet}`);
    const { ending, site } = await follows(bare, place(false));
    expect([ending.exitCode, approvals(site)]).toEqual([0, []]);
  });

  test('what is approved already needs no answer, whatever stands there', async () => {
    expect((await follows(bare, place(true, [script]))).ending.exitCode).toBe(0);
    const { ending, site } = await follows(answers('0'.repeat(64)), place(true, [script]));
    expect([ending.exitCode, approvals(site)]).toEqual([0, []]);
  });

  test('a look names the digest and records nothing; so does a file to fill in', async () => {
    const looked = await follows(noAnswers, place(false), { until: 'checks' });
    expect(looked.ending.text.join('\n')).toContain(`approve-scripts: ${theSet}`);
    const good = await follows(answers(theSet), place(true), { until: 'checks' });
    expect([good.ending.exitCode, approvals(good.site)]).toEqual([0, []]);
    const checks = [[{ ...portTaken, state: 'note', wasLookedAt: false } as const]];
    const open = await follows(bare, { ...place(false), checks }, { until: 'checks' });
    expect(open.ending.text.join('\n')).toContain('1 of 2 checks was not looked at');
    expect(open.ending.text.join('\n')).not.toContain('All checks are good');
    const bad = await follows(noAnswers, place(true), { until: 'checks', isUnattended: true });
    expect(bad.site.asked).toContain('check');
    expect(bad.ending.text.join('\n')).not.toContain('can be installed');
    expect(failureOf(bad.ending)).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);

    const template = async (facts: FakeFacts): Promise<string> => {
      const { guide, stands, says } = walker(facts, { until: 'questions', words: theWords });
      for (let page = await stands(); page.id !== 'over'; page = await stands()) await says('next');
      return answersTemplate(guide.known);
    };
    expect(await template(place(true))).toContain(`# approve-scripts: ${theSet}`);
    expect(await template(place(true, [script]))).not.toContain('approve-scripts');
  });

  test('scripts of the release that is gone back to are approved by their own set, and no other', async () => {
    const wanted = { wanted: 'roll-back' } as const;
    const { ending, site } = await follows(answers(oldSet), unread, wanted);
    expect([ending.exitCode, approvals(site)]).toEqual([0, ['approve root before']]);
    expect(site.asked.indexOf('approve root before')).toBeLessThan(site.asked.indexOf('run roll-back'));
    for (const given of [answers(theSet), bare]) {
      const other = await follows(given, unread, wanted);
      expect(failureOf(other.ending)).toEqual(['SCRIPTS_NOT_APPROVED', exitCodes.refused]);
      expect(other.ending.failure?.message).toContain('Cannot go back to Orders 3.1.4 in production');
      expect(other.ending.failure?.hint).toContain(`approve-scripts: ${oldSet}`);
      expect(other.site.asked.some((one) => /^(?:approve|run)/.test(one))).toBe(false);
    }
  });

  test('an approval says who approves, and why', async () => {
    const given = readAnswers(
      'answers.yaml',
      `approve-scripts: { set: ${theSet}, by: S. Officer, note: CHG-1 }\n`,
    );
    expect(approvals((await follows(given, place(true))).site)).toEqual(['approve S. Officer CHG-1']);
    expect(() => readAnswers('answers.yaml', 'approve-scripts: { by: S. Officer, sets: x }\n')).toThrow(
      'unknown key sets',
    );
  });

  test('what is no digest is refused with its place', () => {
    expect(() => readAnswers('answers.yaml', 'approve-scripts: all\n')).toThrow('line 1, column 18');
  });
});
