import type { PageView, ReleaseLine } from '../../projections/index.ts';
import { digest, empty, folded, section, typed } from '../blocks.ts';
import { chip, toneOf, wordOf } from '../chip.ts';
import { html, icon, joined, type Content, type Html, type Tone } from '../../web/index.ts';
import { deploymentHref, linkTo, releaseName } from '../links.ts';
import { since } from '../since.ts';
import { amount, commandLine, count } from '../../words.ts';

const shownAtOnce = 8;

/** The releases made here: the gate before publication, and what became of each at the customers. */
export function releasesSection(view: PageView): Html {
  const { count: releases, shown } = view.releases;
  if (releases === 0)
    return section(
      'releases',
      'Releases',
      null,
      empty(
        'No release yet. Add a signed package, publish the process, then freeze both under a number.',
        commandLine('package', 'add', 'FILE.nupkg'),
        commandLine('process', 'publish', 'PROCESS.yaml'),
        commandLine('release', 'create', 'PROCESS', '1.0.0', '--package', 'ID@VERSION'),
      ),
    );
  const [recent, earlier] = [shown.slice(0, shownAtOnce), shown.slice(shownAtOnce)];
  const more = releases - shown.length;
  return section(
    'releases',
    'Releases',
    'made here, newest first',
    html`<ul class="stack" role="list">
        ${recent.map((release) => releaseCard(view, release))}
      </ul>
      ${
        earlier.length > 0 &&
        folded(
          'earlier-releases',
          `${count(earlier.length + more, 'earlier release')}`,
          html`<ul class="stack" role="list">
              ${earlier.map((release) => releaseCard(view, release))}
            </ul>
            ${more > 0 && html`<p class="aside">and ${count(more, 'more', 'more')} in <a href="/api/status.json">status.json</a></p>`}`,
          { open: false },
        )
      }`,
  );
}

function releaseCard(view: PageView, release: ReleaseLine): Html {
  return html`<li class="card release">
    <div class="title">
      <h3><bdi>${release.process}</bdi> <span class="exactly">${release.release}</span></h3>
      ${release.withdrawn !== null && chip('withdrawn')}
      <p class="aside">
        made ${since(release.createdAt, view.now)} from revision ${release.processRevision}
        ${digest(release.digest)}
      </p>
    </div>
    ${release.withdrawn !== null && html`<p class="bad"><bdi>${release.withdrawn}</bdi></p>`}
    <ol class="gate" role="list">
      ${gate(view, release).map(
        ([tone, words]) => html`<li class="${tone}">${icon(tone)}<span>${words}</span></li>`,
      )}
    </ol>
    ${published(view, release)} ${next(view, release)}
  </li> `;
}

/** What has to be true before a release goes out, in the order in which it becomes true. */
function gate(view: PageView, release: ReleaseLine): readonly Told[] {
  const { tests, verdict } = release;
  const skipped = tests !== null && tests.skipped > 0 && `, ${tests.skipped} skipped`;
  const tested: Told =
    tests === null
      ? ['off', 'no test results']
      : tests.failed > 0
        ? ['bad', html`${count(tests.failed, 'test')} of ${tests.passed + tests.failed} failed${skipped}`]
        : ['good', html`${count(tests.passed, 'test')} passed${skipped}`];
  const note = verdict?.note ? html`, “<bdi>${verdict.note}</bdi>”` : null;
  const judged: Told =
    verdict === null
      ? ['off', 'no verdict']
      : verdict.ok
        ? ['good', html`good, says <bdi>${verdict.by}</bdi>${note}`]
        : ['bad', html`not good, says <bdi>${verdict.by}</bdi>${note}`];
  return [...deployed(view, release), tested, judged];
}

type Told = readonly [tone: Tone, words: Content];

/** Where it runs here now, where it ran until another came, and where it did not come that far. */
function deployed(view: PageView, { process, release, deployedTo, lastRuns }: ReleaseLine): readonly Told[] {
  const runsIn = (name: string): boolean =>
    view.environments
      .find((one) => one.name === name)
      ?.runs.some((run) => run.link === null && run.process === process && run.release === release) ?? false;
  const runs = deployedTo.filter(runsIn);
  const ran = deployedTo.filter((name) => !runsIn(name));
  const others = lastRuns.filter(({ state }) => state !== 'succeeded');
  if (runs.length + ran.length + others.length === 0) return [['off', 'not deployed here']];
  return [
    ...(runs.length === 0 ? [] : [['good', html`runs in ${places(runs)}`] as const]),
    ...(ran.length === 0 ? [] : [['good', html`was deployed to ${places(ran)}`] as const]),
    ...others.map(
      ({ state, environment, deployment }) =>
        [
          toneOf(state),
          html`<a href="${deploymentHref(deployment)}">${wordOf(state)}</a> in <bdi>${environment}</bdi>`,
        ] as const,
    ),
  ];
}

function places(names: readonly string[]): Html {
  return joined(
    names.map((name) => html`<bdi>${name}</bdi>`),
    ', ',
  );
}

function published(view: PageView, release: ReleaseLine): Content {
  const { count: customers, named, byState } = release.published;
  if (customers === 0) return html`<p class="aside">not published</p>`;
  if (named.length === 0) {
    return html`<ul class="published" role="list">
      <li>published to ${count(customers, 'customer')}:</li>
      ${byState.map(
        ({ state, count: ones }) => html`<li>${chip(state, `${amount(ones)} ${wordOf(state)}`)}</li>`,
      )}
    </ul>`;
  }
  return html`<ul class="published" role="list">
    ${named.map(
      (one) =>
        html`<li>
          <strong>${linkTo(view, one.customer)}</strong> ${chip(one.state)}
          <small>${since(one.at, view.now)}</small>
        </li>`,
    )}
  </ul>`;
}

function next(view: PageView, release: ReleaseLine): Content {
  if (release.withdrawn !== null) return null;
  const name = releaseName({ link: null, process: release.process, release: release.release });
  if (release.deployedTo.length === 0) {
    // A run that is under way or did not end well has its own next command, with the deployment.
    if (release.lastRuns.length > 0) return null;
    const first = view.environments[0]?.name;
    const lacks = view.missingInputs.some(
      (one) =>
        one.link === null &&
        one.process === release.process &&
        one.release === release.release &&
        one.environment === first,
    );
    if (lacks && first !== undefined) return typed(commandLine('release', 'check', name, '--env', first));
    return typed(commandLine('deploy', name, '--env', first ?? 'ENVIRONMENT', '--wait'));
  }
  // A release that is out is past its gate.
  if (release.published.count > 0) return null;
  if (release.verdict === null) return typed(commandLine('release', 'verdict', name, '--ok'));
  if (!release.verdict.ok) return null;
  const links = view.links.confirmed.slice(0, 3);
  const to = links.length === 0 ? ['CUSTOMER'] : links;
  return typed(commandLine('release', 'publish', name, '--to', ...to));
}
