import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ReleaseView, StatusView } from '../../src/projections/index.ts';
import type { Readiness } from '../../src/http/index.ts';
import { deploymentPage, linkPage, statusPage } from '../../src/http/page.ts';
import { anyCharacter } from '../support/any-character.ts';
import { exampleLog } from './example-source.ts';
import { acme, contoso, deployment, fabrikam, fleet, minutesAgo, reported } from './example-views.ts';
import { everyText, payloads } from './hostile-views.ts';
import { pageOf } from './page-of.ts';

const ready: Readiness = { ready: true, checks: [] };
const facts = (view: StatusView, readiness = ready, choice = { find: '', page: 1 }) => ({
  view: pageOf(view, choice),
  readiness,
  stamp: 'x-1',
});
const shown = (view: StatusView, choice = { find: '', page: 1 }): string =>
  statusPage(facts(view, ready, choice), choice);

/** The page as a person reads it: no markup, single spaces. */
const text = (page: string): string =>
  page
    .replace(/<head>[^]*<\/head>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
    .replace(/\s+/g, ' ')
    .replace(/ ([,.:;”])/g, '$1');

/** The part of the page under one id. */
const part = (page: string, id: string): string =>
  text(page.split(`<section id="${id}"`)[1]!.split('</section>')[0]!);

describe('J1.25 the vendor’s page is its fleet', () => {
  test('each customer and environment has release, outcome, age of the knowledge, distance and what blocks', () => {
    const said = part(shown(acme), 'fleet');
    expect(said).toContain(
      'production Orders 1.0.0 succeeded 26 h ago 42 s ago 1 release metro postponed 1.1.0',
    );
    expect(said).toMatch(/live Orders 1\.0\.0 failed 1\.1\.0, 14 min ago .* 12 min ago 1 release nothing/);
    expect(said).toContain('tailspin none told Orders nothing yet unknown never heard');
    expect(said).toContain('5 customers 3 up to date 4 behind 2 need a look');
  });

  test('an attempt has what was told of it: duration, exit code, rating, gaps and the beginning of a comment', () => {
    const said = part(shown(acme), 'fleet');
    expect(said).toContain(
      'took 13 s, exit code 1, rated 2 of 5, 3 lines struck out “ The migration was not in the notes. We went',
    );
    expect(said.match(/took/g)).toHaveLength(1);
    const last = { ...fleet[0]!.lastAttempt!, comment: 'long '.repeat(800) };
    const long = part(shown({ ...acme, fleet: [{ ...fleet[0]!, lastAttempt: last }] }), 'fleet');
    expect(long.match(/long/g)!.length).toBeLessThan(40);
    expect(long).toContain('…');
  });

  test('customers in trouble come first, then those behind, then the others by name', () => {
    const order = [...shown(acme).matchAll(/scope="rowgroup"[^>]*>.*?<bdi>(\w+)<\/bdi>/gs)].map(
      (match) => match[1],
    );
    expect(order.slice(0, 5)).toEqual(['metro', 'northwind', 'bankair', 'contoso', 'tailspin']);
  });

  test('what was withdrawn and still runs is marked with its reason', () => {
    const withdrawn = { ...fleet[0]!, withdrawn: 'data loss on upgrade' };
    const page = shown({ ...acme, fleet: [withdrawn] });
    expect(part(page, 'fleet')).toContain('1.1.0 withdrawn data loss on upgrade');
    expect(part(page, 'attention')).toContain('contoso / uat: Orders runs a withdrawn release.');
  });

  test('J2.17 who is reached by bundles is shown with what was sent and has no receipt yet', () => {
    const page = part(shown(acme), 'fleet');
    expect(page).toContain('14 sent, no receipt yet (bundle 3, 2 days ago); newest receipt is for bundle 2');
    expect(page.match(/no receipt yet/g)).toHaveLength(
      acme.fleet.filter(({ customer }) => customer === 'bankair').length,
    );
  });

  test('says of a customer whose words nobody has compared that it may be somebody else', () => {
    const unsure = { ...fleet[0]!, compared: false };
    expect(part(shown({ ...acme, fleet: [unsure] }), 'fleet')).toContain('words not compared');
    expect(part(shown({ ...acme, fleet: [fleet[0]!] }), 'fleet')).not.toContain('words not compared');
  });

  test('a long fleet is paged, and found by name', () => {
    const many = Array.from({ length: 203 }, (_, n) => ({ ...fleet[0]!, customer: `customer-${1000 + n}` }));
    const view = { ...acme, fleet: many };
    const bodies = (page: string): number => page.split('<table')[1]!.split('<tbody').length - 1;
    expect(bodies(shown(view))).toBe(100);
    expect(part(shown(view), 'fleet')).toContain('page 1 of 3');
    expect(bodies(shown(view, { find: '', page: 3 }))).toBe(3);
    expect(bodies(shown(view, { find: '', page: 99 }))).toBe(3);
    expect(bodies(shown(view, { find: 'R-1100', page: 1 }))).toBe(1);
    expect(part(shown(view, { find: '<b>', page: 1 }), 'fleet')).toContain(
      'No customer’s name contains “&lt;b&gt;”',
    );
  });

  test('before the first customer it says how to invite one, and how to go on with one that was', () => {
    expect(part(shown({ ...acme, fleet: [], links: [] }), 'fleet')).toContain(
      'crossgap link invite CUSTOMER',
    );
    const waiting = part(shown({ ...acme, fleet: [] }), 'fleet');
    expect(waiting).toContain("crossgap link confirm tailspin --fingerprint 'SIX WORDS'");
  });
});

describe('J2.18 a run that a customer told of', () => {
  const view = { ...acme, environments: acme.environments.map((one) => ({ ...one, name: 'live' })) };
  const said = text(deploymentPage(facts(view), reported, undefined));

  test('has durations, exit code and last lines, and what a person there said and kept back', () => {
    expect(said).toContain('Took 13 s Exit code 1 Told by northwind\\svc-deploy, 12 min ago Rating 2 of 5');
    expect(said).toContain('Comment The migration was not in the notes. We went back by hand.');
    expect(said).toContain('3 lines struck out by the operator: step 2, error; step 3; last lines 2');
    expect(said).toContain(
      'The last lines of the step that failed opening orders.db (struck out) orders.db is of version 7',
    );
    expect(said).toContain('1 Stop service succeeded took 1.0 s');
    expect(said).toContain('2 Web failed took 12 s · exit code 1');
    expect(said).toContain('3 struck out by the operator');
    expect(said).toContain('Log the last 1.0 MB of 4.2 MB, not here yet');
  });

  test('is looked into by repeating its decisions, whatever an environment here is called', () => {
    expect(said).toContain(`crossgap deployment replay ${reported.id}`);
    expect(said).not.toContain('crossgap deployment retry');
    expect(said).toContain('Ran at northwind');
    const went = { ...reported, state: 'succeeded' as const };
    expect(text(deploymentPage(facts(view), went, undefined))).not.toContain('crossgap deployment replay');
  });

  test('of which little was told has no more than that', () => {
    const bare = {
      ...reported,
      startedAt: null,
      endedAt: null,
      report: {
        ...reported.report!,
        lastLines: [],
        rating: null,
        comment: null,
        log: null,
        struck: ['times'],
      },
    };
    const page = text(deploymentPage(facts(view), bare, undefined));
    expect(page).toContain('Started not told Took not told');
    expect(page).toContain('1 line struck out by the operator: times');
    for (const word of ['Rating', 'Comment', 'last lines', 'Log ']) expect(page).not.toContain(word);
  });
});

describe('a run here', () => {
  test('says what each step took, with which exit code it failed, and whether its author was told', () => {
    const [went, failed] = contoso.deployments;
    const said = text(deploymentPage(facts(contoso), failed!, undefined));
    expect(said).toContain('Exit code 1 Told to its author nothing yet');
    expect(said).toContain('2 Web failed took 12 s · exit code 1');
    expect(text(deploymentPage(facts(contoso), went!, undefined))).toContain('Told to its author 6 min ago');
    expect(text(deploymentPage(facts(acme), acme.deployments[0]!, undefined))).not.toContain('Told to');
  });

  test('that takes something away says so', () => {
    const gone = deployment(8, { uninstalls: true });
    const view = { ...acme, deployments: [gone] };
    expect(part(shown(view), 'deployments')).toContain('uninstall of Orders 1.0.0 in integration');
    expect(text(deploymentPage(facts(view), gone, undefined))).toContain(
      'uninstall of Orders 1.0.0 in integration',
    );
  });
});

describe('a deployment that waits for a person', () => {
  const asked = {
    wait: 1,
    step: 2,
    stepId: 'dba',
    name: 'DBA',
    for: 'confirmation' as const,
    text: 'Ask for <b>ticket</b> 4711',
    offers: ['approve', 'refuse'],
    askedAt: minutesAgo(3),
    decision: null,
  };
  const before = {
    ...asked,
    name: 'CAB',
    step: 1,
    decision: { answer: 'approve', by: 'ann', at: minutesAgo(9), note: 'window <i>4</i>' },
  };
  const one = deployment(7, { state: 'waiting', endedAt: null, waits: [before, asked] });
  const page = shown({ ...acme, deployments: [one] });

  test('says for what, since when, what to type, and who decided what before', () => {
    const said = part(page, 'deployments');
    expect(said).toContain(
      'Step 2 DBA is to be confirmed, since 3 min ago: Ask for &lt;b&gt;ticket&lt;/b&gt; 4711',
    );
    expect(said).toContain(`crossgap approve ${one.id}`);
    expect(said).toContain(`crossgap approve ${one.id} --refuse`);
    expect(said).toContain('Step 1 CAB: confirmed by ann, 9 min ago: window &lt;i&gt;4&lt;/i&gt;');
    expect(said).not.toContain('deployment show');
  });

  test('is among what needs a person, and not when it is over', () => {
    expect(part(page, 'attention')).toContain('waits at step 2 DBA, which is to be confirmed.');
    const over = { ...one, state: 'cancelled' as const };
    expect(shown({ ...acme, deployments: [over] })).not.toContain(`crossgap approve ${one.id}`);
  });
});

describe('J1.9 a release shows its gate and what became of it at each customer', () => {
  test('deployments, tests, verdict, then customers with their state', () => {
    const said = part(shown(acme), 'releases');
    expect(said).toContain('runs in integration 3 tests of 43 failed no verdict');
    expect(said).toContain(
      '42 tests passed, 1 skipped good, says jo@acme, “ Orders over 10,000 lines checked by hand”',
    );
    expect(said).toContain('contoso failed 9 min ago metro postponed 50 min ago bankair queued 1 h ago');
    expect(said).toContain('Orders 0.9.0 withdrawn');
  });

  test('what is next for it is a command', () => {
    const [first] = acme.releases;
    const next = (change: Partial<typeof first>): string =>
      part(shown({ ...acme, releases: [{ ...first!, ...change }] }), 'releases');
    expect(next({ deployedTo: [] })).toContain('crossgap deploy Orders/1.2.0 --env integration --wait');
    expect(next({})).toContain('crossgap release verdict Orders/1.2.0 --ok');
    expect(next({ verdict: { ok: true, by: 'jo', note: null } })).toContain(
      'crossgap release publish Orders/1.2.0 --to contoso metro bankair',
    );
    expect(next({ verdict: { ok: false, by: 'jo', note: null } })).not.toContain('crossgap');
    expect(next({ withdrawn: 'no' })).not.toContain('crossgap');
  });

  test('a release that is out is not asked for a verdict any more', () => {
    const out = { ...acme.releases[1]!, verdict: null };
    expect(part(shown({ ...acme, releases: [out] }), 'releases')).not.toContain('crossgap');
  });

  test('it tells where it runs from where it ran, and where it did not come that far', () => {
    const run = (environment: string, state: 'failed' | 'running') => ({
      environment,
      state,
      at: minutesAgo(1),
      deployment: 'd-1',
    });
    const gate = (change: Partial<ReleaseView>): string =>
      part(shown({ ...acme, releases: [{ ...acme.releases[1]!, ...change }] }), 'releases');
    expect(gate({})).toContain('runs in qa was deployed to integration');
    expect(gate({ deployedTo: [] })).toContain('not deployed here');
    const tried = gate({ deployedTo: [], lastRuns: [run('integration', 'failed'), run('qa', 'running')] });
    expect(tried).toContain('failed in integration running in qa');
    expect(tried).not.toContain('not deployed here');
  });

  test('values that its first deployment lacks come before the deployment', () => {
    const first = { ...acme.releases[0]!, deployedTo: [] };
    const missing = { ...contoso.missingInputs[0]!, link: null, process: 'Orders', release: '1.2.0' };
    const missingInputs = [{ ...missing, environment: 'integration' }];
    const page = shown({ ...acme, releases: [first], missingInputs });
    expect(part(page, 'releases')).toContain('crossgap release check Orders/1.2.0 --env integration');
    expect(part(page, 'attention')).toContain(
      '1 value is missing before Orders/1.2.0 can be deployed to integration. crossgap release check',
    );
    for (const [, id] of page.matchAll(/href="#([^"]+)"/g)) expect(page).toContain(`id="${id}"`);
  });

  test('more customers than fit are counted by state', () => {
    const publishedTo = Array.from({ length: 203 }, (_, n) => ({
      customer: `customer-${n}`,
      state: n < 20 ? ('queued' as const) : ('done' as const),
      at: minutesAgo(n),
    }));
    const said = part(shown({ ...acme, releases: [{ ...acme.releases[1]!, publishedTo }] }), 'releases');
    expect(said).toContain('published to 203 customers: 20 queued 183 done');
  });
});

describe('the customer’s page', () => {
  test('J1.12 an offer says from whom, what it brings and what it asks for', () => {
    const said = part(shown(contoso), 'offers');
    expect(said).toContain('Billing 2.4.0 offered from acme, 4 min ago');
    expect(said).toContain('Billing.Api 2.4.0 41.9 MB here Billing.Db 2.4.0 3.1 MB on its way');
    expect(said).toContain('ConnectionStrings.Ledger Ledger database · secret missing in uat, production');
    expect(said).toContain('Smtp.Host Mail relay optional');
  });

  test('an offer says how long it took its author, where that was told', () => {
    const said = part(shown(contoso), 'offers');
    expect(said).toContain('Takes about 4 min 10 s, as at acme');
    expect(said.match(/Takes about/g)).toHaveLength(1);
  });

  test('J1.13 each missing value has the very command that sets it, never a value', () => {
    const said = part(shown(contoso), 'offers');
    expect(said).toContain('crossgap input set ConnectionStrings.Ledger --env uat --secret');
    expect(said).toContain('crossgap input set ConnectionStrings.Ledger --env production --secret');
  });

  test('with nothing missing, the next environment of the lifecycle is offered', () => {
    expect(part(shown(contoso), 'offers')).toContain(
      'crossgap deploy acme:Orders/1.1.0 --env production --wait',
    );
    const nowhere = { ...contoso, environments: [], missingInputs: [] };
    expect(part(shown(nowhere), 'offers')).toContain('crossgap environment add NAME');
    expect(part(shown(nowhere), 'offers')).toContain('Site.Port needed');
    const everywhere = contoso.environments.map((one) => ({
      ...one,
      runs: [{ ...one.runs[0]!, release: '1.1.0' }],
    }));
    const done = { ...contoso, environments: everywhere, offers: contoso.offers.slice(1) };
    expect(part(shown(done), 'offers')).not.toContain('crossgap deploy');
  });

  test.each(['refused', 'withdrawn'] as const)('an offer that is %s asks for nothing', (state) => {
    const offer = { ...contoso.offers[1]!, state, reason: 'Oracle upgrade first' };
    const said = part(shown({ ...contoso, offers: [offer] }), 'offers');
    expect(said).toContain('Oracle upgrade first');
    expect(said).not.toContain('crossgap');
  });

  test('what left the house is listed with the link to all of it', () => {
    const page = shown(contoso);
    expect(part(page, 'outbound')).toContain('9 deployment.reported Orders 1.0.0 in production: succeeded');
    expect(page).toContain('href="/links/acme"');
  });

  test('J3.4 a deployment has one numbered line a convention, with files and the place of the failure', () => {
    const failed = contoso.deployments[1]!;
    const unmended = { ...contoso, deployments: contoso.deployments.slice(1) };
    const said = text(deploymentPage(facts(unmended), failed, exampleLog));
    const numbers = [
      ...said.matchAll(/ (\d+) (?:Feature|PreDeploy|Remove|Substitute|XML|Copy|Deploy|IIS|Post)/g),
    ];
    expect(new Set(numbers.map((match) => Number(match[1]))).size).toBe(15);
    expect(said).toContain('5 Substitute variables in files done appsettings.json wwwroot/index.html');
    expect(said).toContain('10 Deploy scripts failed Deploy.sh, exit 1');
    expect(said).toContain('11 Feature scripts after Deploy not run');
    expect(said).toContain('F DeployFailed scripts done');
    expect(said).toContain(`crossgap deployment retry ${failed.id}`);
    expect(said).toContain('crossgap rollback Orders --env production');
    expect(part(shown(contoso), 'deployments')).toContain('at step 2 Web, convention 10 Deploy scripts');
    const mended = text(deploymentPage(facts(contoso), failed, exampleLog));
    expect(mended).not.toContain('crossgap deployment retry');
    const nothingRan = unmended.environments.map((one) => ({ ...one, runs: [] }));
    const first = text(deploymentPage(facts({ ...unmended, environments: nothingRan }), failed, exampleLog));
    expect(first).not.toContain('crossgap rollback');
  });

  test('a deployment that ran here shows its log, the newest lines where it is long', () => {
    const [one] = contoso.deployments;
    const page = (log: string): string => text(deploymentPage(facts(contoso), one!, log));
    expect(page(exampleLog)).toContain(
      '13:56:13 2/3 Web · 10 Deploy scripts error: orders.db is of version 7, this release needs 8',
    );
    const long = Array.from({ length: 201 }, (_, n) => `line-${n}.`).join('\n');
    expect(page(long)).toContain('the newest 200 of 201 lines');
    expect(page(long)).not.toContain('line-0.');
    expect(page(long)).toContain('line-200.');
    expect(text(deploymentPage(facts(contoso), one!, undefined))).not.toContain('as text');
  });

  test('an environment says for how long something runs there, and what was tried since', () => {
    const [uat, production] = contoso.environments;
    const attempts = [
      {
        link: 'acme',
        process: 'Orders',
        release: '1.1.0',
        state: 'failed' as const,
        at: minutesAgo(2),
        deployment: 'd-2',
      },
    ];
    const page = shown({ ...contoso, environments: [uat!, { ...production!, attempts }] });
    const said = part(page, 'environments');
    expect(said).toContain('Orders 1.1.0 for 31 min');
    expect(said).toContain('Orders 1.0.0 for 7 min failed Orders 1.1.0 2 min ago');
    expect(page).toContain('href="/deployments/d-2"');
  });

  test('a secret output is named and not shown', () => {
    const said = text(deploymentPage(facts(contoso), contoso.deployments[0]!, undefined));
    expect(said).toContain('SessionToken secret, not shown');
  });
});

describe('what needs a person stands first', () => {
  const attention = (view: StatusView, readiness = ready): string =>
    part(statusPage(facts(view, readiness), { find: '' }), 'attention');

  test('a mended failure is history, an unmended one is not', () => {
    expect(attention(contoso)).not.toContain('failed');
    const unmended = { ...contoso, deployments: contoso.deployments.slice(1) };
    expect(attention(unmended)).toContain('acme: Orders 1.1.0 in production failed at step 2 Web');
  });

  test('a pending link asks for the words, and does not put them into the command', () => {
    const pending = { ...contoso, links: [{ ...contoso.links[0]!, state: 'pending' as const }] };
    expect(attention(pending)).toContain("crossgap link confirm acme --fingerprint 'SIX WORDS'");
  });

  test('warnings, frozen feeds and checks that do not hold are there', () => {
    const feeds = contoso.log.feeds.map((feed) => ({ ...feed, frozen: true }));
    const view = {
      ...contoso,
      warnings: [{ code: 'CLOCK_BEHIND', message: 'This clock is 3 years behind' }],
      log: { ...contoso.log, feeds },
    };
    const said = attention(view, {
      ready: false,
      checks: [{ name: 'log', state: 'waiting', detail: '40 of 57' }],
    });
    expect(said).toContain('This clock is 3 years behind CLOCK_BEHIND');
    expect(said).toContain('The feed of acme is frozen');
    expect(said).toContain('log: 40 of 57');
  });

  test('each thing is told once, and the header counts all of them', () => {
    const [uat] = contoso.environments;
    const runs = [{ ...uat!.runs[0]!, withdrawn: 'it eats data' }];
    const view = {
      ...contoso,
      missingInputs: [],
      environments: [{ ...uat!, runs }],
      links: [{ ...contoso.links[0]!, state: 'pending' as const }],
      warnings: [{ code: 'RUNS_WITHDRAWN', message: 'uat runs what was withdrawn' }],
    };
    expect(attention(view).match(/withdrawn/g)).toHaveLength(1);
    expect(text(shown(view))).toContain('2 things to look at');
  });

  test('nothing to say is said by the header alone', () => {
    const page = shown(fabrikam);
    expect(page).not.toContain('id="attention"');
    expect(text(page)).toContain('all is well');
  });
});

test('a new instance says where to begin, and every empty part what to type', () => {
  const page = shown(fabrikam);
  expect(part(page, 'welcome')).toContain('crossgap link accept FILE --folder DIR --out REPLY');
  expect(part(page, 'environments')).toContain('crossgap environment add production --after uat');
  expect(part(page, 'links')).toContain('crossgap link invite NAME');
  expect(part(page, 'deployments')).toContain('crossgap deploy RELEASE');
});

test('a link that was removed stands behind those that are alive, by its id', () => {
  const gone = { ...acme.links[0]!, link: 'c0ffee', state: 'removed' as const };
  const page = shown({ ...acme, links: [...acme.links, gone] });
  expect(part(page, 'links')).toContain('5 pairings');
  expect(part(page, 'links')).toContain('1 removed link contoso removed c0ffee');
  expect(page).toContain('href="/links/c0ffee"');
  expect(text(linkPage(facts({ ...acme, links: [gone] }), gone, []))).toContain(
    'What contoso (removed) can see',
  );
});

test('an instance that is vendor and customer shows both', () => {
  const both = { ...acme, offers: contoso.offers, missingInputs: contoso.missingInputs };
  for (const id of ['fleet', 'releases', 'offers', 'deployments', 'outbound'])
    expect(shown(both)).toContain(`<section id="${id}"`);
});

test('the page carries name, fingerprint, landmarks and a way past them', () => {
  const page = shown(acme);
  expect(text(page)).toContain('Fingerprint amber falcon ribbon tundra glove orchid');
  expect(page).toMatch(/<html lang="en">/);
  expect(page).toMatch(/<body>\s*<a class="skip" href="#main">/);
  for (const landmark of ['<header', '<nav', '<main', '<footer']) expect(page).toContain(landmark);
  expect(page.match(/<h1/g)).toHaveLength(1);
});

describe('T-82 text from anywhere stays text', () => {
  const pages = (view: StatusView): readonly string[] => [
    shown(view, { find: view.instance.name, page: 1 }),
    shown(view),
    ...view.deployments.slice(0, 3).map((one) => deploymentPage(facts(view), one, one.error ?? '')),
    linkPage(facts(view), view.links[0]!, view.outbound),
  ];
  const both: StatusView = {
    ...acme,
    offers: contoso.offers,
    missingInputs: contoso.missingInputs,
    deployments: [reported, ...contoso.deployments, deployment(1, {})],
    warnings: [{ code: 'X', message: 'x' }],
  };

  test.each(payloads)('%j in every field', (payload) => {
    for (const page of pages(everyText(both, () => payload))) expectOnlyOurMarkup(page);
    for (const page of pages(everyText(both, (own) => own + payload))) expectOnlyOurMarkup(page);
  });

  test('any other text in every field', () => {
    fc.assert(
      fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), (anything) => {
        for (const page of pages(everyText(both, () => anything))) expectOnlyOurMarkup(page);
      }),
      { numRuns: 15 },
    );
  });
});

const ourTags =
  /^(html|head|meta|title|link|script|body|a|header|div|img|h[1-4]|bdi|p|span|time|nav|ul|ol|li|main|section|strong|table|caption|thead|tbody|tr|th|td|svg|path|circle|small|code|dl|dt|dd|details|summary|footer|form|label|input|button|br)$/;
const ourAttributes =
  /^(lang|charset|name|content|rel|href|type|src|defer|class|alt|width|height|id|role|aria-[a-z]+|tabindex|data-stamp|data-label|datetime|title|scope|rowspan|viewBox|focusable|d|cx|cy|r|open|action|method|for|value|autocomplete)$/;

/** Every tag and attribute is one that the page's own code writes, and every address leads to this server. */
function expectOnlyOurMarkup(page: string): void {
  const tags = page.replace('<!doctype html>', '').match(/<[^>]*>?/g) ?? [];
  for (const tag of tags) {
    const match = /^<\/?([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*\/?>$/.exec(tag);
    if (match === null || !ourTags.test(match[1]!)) expect.fail(`not our tag: ${tag}`);
    for (const [, name, value] of match[2]!.matchAll(/\s([a-zA-Z-]+)(?:="([^"]*)")?/g)) {
      if (!ourAttributes.test(name!)) expect.fail(`not our attribute: ${tag}`);
      if (['href', 'src', 'action'].includes(name!) && !/^(?:\/(?!\/)|#)/.test(value!))
        expect.fail(`leads elsewhere: ${tag}`);
    }
  }
  expect(tags.filter((tag) => tag.startsWith('<script'))).toHaveLength(1);
  // oxlint-disable-next-line no-control-regex -- these are the very characters that must not be there
  expect(page).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u202A-\u202E\u2066-\u2069]/);
  expect(page.isWellFormed()).toBe(true);
}

describe('each link', () => {
  test('shows how it is right now, both heads, what has still to cross and what hinders it', () => {
    const said = part(shown(acme), 'links');
    expect(said).toContain('contoso confirmed copper lantern meadow pilot quartz saddle 3 min ago 1.23 ours');
    expect(said).toContain('our server tls://hub.acme.example:4222 connected for 3 h');
    expect(said).toContain('1.37 ours 1.9 theirs 14 entries, 2 files of 48.3 MB to them bundles by hand');
    expect(said).toContain('bundle 3 made 2 days ago, no receipt yet');
    expect(said).toContain('not connected for 4 min Cannot connect to tls://hub.acme.example:4222');
  });

  test('that was hindered for a while is a thing to look at, those with one cause in one line', () => {
    const said = part(shown(acme), 'attention');
    expect(said).toContain(
      'northwind: Cannot connect to tls://hub.acme.example:4222: nothing answers there, for 4 min.',
    );
    const [hindered] = acme.links.filter(({ name }) => name === 'northwind');
    const many = ['a', 'b', 'c'].map((name) => ({ ...hindered!, name, link: name }));
    const together = part(shown({ ...acme, links: many }), 'attention');
    expect(together).toContain('3 links: Cannot connect');
    expect(together).toContain('crossgap doctor');
  });

  test('that stumbled just now, or works again, is not', () => {
    const [hindered] = acme.links.filter(({ name }) => name === 'northwind');
    const error = hindered!.live!.lastError!;
    const now = { ...hindered!, live: { ...hindered!.live!, lastError: { ...error, since: minutesAgo(0) } } };
    const over = { ...hindered!, live: { ...hindered!.live!, lastError: { ...error, over: true } } };
    for (const link of [now, over]) {
      expect(shown({ ...fabrikam, links: [link] })).not.toContain('id="attention"');
    }
  });

  test('that refused much lately says so where it stands, and why on its own page', () => {
    const refused = {
      count: 1999,
      since: minutesAgo(9),
      at: minutesAgo(1),
      reasons: [{ code: 'FEED_UNKNOWN', count: 1999, message: 'Cannot take <b>it</b>' }],
    };
    const links = acme.links.map((link) =>
      link.name === 'contoso' ? { ...link, live: { ...link.live!, refused } } : link,
    );
    const page = shown({ ...acme, links });
    expect(text(page).match(/1,999 refused lately, 1 min ago: 1,999 FEED_UNKNOWN/g)).toHaveLength(1);
    const own = linkPage(
      facts({ ...acme, links }),
      links.find(({ name }) => name === 'contoso')!,
      [],
    );
    expect(text(own)).toContain('Refused lately Cannot take');
    expect(own).toContain('Cannot take &lt;b&gt;it&lt;/b&gt;');
    expect(
      text(
        linkPage(
          facts({ ...acme, links }),
          links.find(({ name }) => name === 'northwind')!,
          [],
        ),
      ),
    ).not.toContain('Refused lately');
  });

  test('tells at length on its own page', () => {
    const said = text(
      linkPage(
        facts(acme),
        acme.links.find(({ name }) => name === 'northwind')!,
        [],
      ),
    );
    expect(said).toContain('Server tls://hub.acme.example:4222 nats-server 2.12.7');
    expect(said).toContain('What hinders Cannot connect to tls://hub.acme.example:4222');
    expect(said).toContain('See that the name, the port and the way there');
    expect(said).toContain('Looked at 5 min ago');
  });
});
