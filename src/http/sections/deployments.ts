import { openWaits, waysToDecide, type DeploymentView, type PageView } from '../../projections/index.ts';
import { empty, folded, section, typed } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, joined, type Content, type Html } from '../../web/index.ts';
import { deploymentHref, linkName, linkTo } from '../links.ts';
import { since } from '../since.ts';
import { commandLine, count, durationOf } from '../../words.ts';
import { replayLine, reportPart, toldFacts } from './report.ts';
import { trace } from './trace.ts';

const shownAtOnce = 12;

/** The runs here, newest first, each with its trace to open. */
export function deploymentsSection(view: PageView): Html {
  if (view.deployments.length === 0)
    return section(
      'deployments',
      'Deployments',
      null,
      empty(
        'Nothing was deployed here yet.',
        commandLine('deploy', 'RELEASE', '--env', 'ENVIRONMENT', '--wait'),
      ),
    );
  const sorted = view.deployments.toSorted((a, b) => (a.requestedAt < b.requestedAt ? 1 : -1));
  const rest = sorted.length - shownAtOnce;
  return section(
    'deployments',
    'Deployments',
    'here, newest first',
    html`<div class="card list">
        ${sorted.slice(0, shownAtOnce).map((one) =>
          folded(
            `deployment-${one.id}`,
            line(view, one),
            html`${account(view, one)}${trace(one)}
              <p class="aside">
                <a href="${deploymentHref(one.id)}">This deployment on a page of its own</a>
              </p>`,
            { open: false },
          ),
        )}
      </div>
      ${rest > 0 && html`<p class="aside">${count(rest, 'earlier one')} in <a href="/api/deployments.json">deployments.json</a></p>`}`,
  );
}

/** Title, facts and what to type next of one deployment; the trace stands below it. */
export function account(view: PageView, deployment: DeploymentView): Html {
  const { requestedBy, startedAt, endedAt, link, report, exitCode } = deployment;
  const facts: readonly (readonly [string, Content])[] = [
    ...(report === undefined
      ? [
          [
            'Asked for',
            html`by <bdi>${requestedBy}</bdi>, ${since(deployment.requestedAt, view.now)}`,
          ] as const,
          ['Release from', link === null ? 'this instance' : linkTo(view, link)] as const,
        ]
      : [['Ran at', linkTo(view, requestedBy)] as const]),
    [
      'Started',
      startedAt === null
        ? html`<span class="quiet">${report === undefined ? 'not yet' : 'not told'}</span>`
        : since(startedAt, view.now),
    ],
    [
      'Took',
      durationOf({ startedAt, endedAt }) ?? html`<span class="quiet">${unmeasured(deployment)}</span>`,
    ],
    ...(exitCode === undefined ? [] : [['Exit code', html`<strong>${exitCode}</strong>`] as const]),
    ...toldFacts(view, deployment),
    ['Id', html`<span class="exactly">${deployment.id}</span>`],
  ];
  return html`<dl class="facts inline">
      ${facts.map(
        ([name, value]) =>
          html`<div>
            <dt>${name}</dt>
            <dd>${value}</dd>
          </div>`,
      )}
    </dl>
    ${deployment.error !== null && html`<p class="say bad"><bdi>${deployment.error}</bdi></p>`}
    ${deployment.warning !== null && html`<p class="say wait"><bdi>${deployment.warning}</bdi></p>`}
    ${report !== undefined && reportPart(report)}${waits(view, deployment)}${next(view, deployment).map(typed)} `;
}

const decided: Readonly<Record<string, string>> = {
  approve: 'confirmed',
  refuse: 'refused',
  retry: 'tried again',
  ignore: 'failure ignored',
  fail: 'taken as failed',
};

/** What a person is asked, and what persons decided before. */
function waits(view: PageView, deployment: DeploymentView): Content {
  const open = openWaits(deployment).map(
    (wait) =>
      html`<p class="say wait">
          Step ${wait.step}
          <bdi>${wait.name}</bdi>
          ${wait.for === 'confirmation' ? 'is to be confirmed' : 'failed; a person decides'}, since
          ${since(wait.askedAt, view.now)}: <bdi class="exactly">${wait.text}</bdi>
        </p>
        ${waysToDecide(deployment, wait).map(typed)}`,
  );
  const before = deployment.waits.flatMap(({ step, name, decision }) =>
    decision === null
      ? []
      : [
          html`<p class="aside">
            Step ${step} <bdi>${name}</bdi>: ${decided[decision.answer] ?? decision.answer} by
            <bdi>${decision.by}</bdi>,
            ${since(decision.at, view.now)}${decision.note !== null && html`: <bdi>${decision.note}</bdi>`}
          </p>`,
        ],
  );
  return html`${before}${open}`;
}

/** `Orders 1.1.0 in production`, with the vendor's name before it where the release came over a link. */
export function deploymentTitle(view: PageView, deployment: DeploymentView): string {
  const from = deployment.link === null ? '' : `${linkName(view, deployment.link)}: `;
  const what = deployment.uninstalls === true ? 'uninstall of ' : '';
  return `${from}${what}${deployment.process} ${deployment.release} in ${deployment.environment}`;
}

/** The newest run of each process in each environment: an old failure that was mended is history. */
export function lastOfEach(deployments: readonly DeploymentView[]): readonly DeploymentView[] {
  const newest = new Map<string, DeploymentView>();
  for (const one of deployments) {
    const key = JSON.stringify([one.link, one.process, one.environment]);
    const before = newest.get(key);
    if (before === undefined || before.requestedAt < one.requestedAt) newest.set(key, one);
  }
  return [...newest.values()];
}

/** Where it failed: `step 2 Web, convention 10 Deploy scripts`; a step that is one script needs no number. */
export function failedWhere(deployment: DeploymentView): string | undefined {
  const at = deployment.failedAt;
  if (at === undefined) return undefined;
  const step = deployment.steps.find((one) => one.id === at.stepId);
  const convention = step?.conventions.find((one) => one.number === at.convention);
  const where = `step ${at.step} ${step?.name ?? at.stepId}`;
  if (convention !== undefined && step?.conventions.length === 1) return where;
  return `${where}, convention ${at.convention}${convention === undefined ? '' : ` ${convention.name}`}`;
}

function line(view: PageView, deployment: DeploymentView): Html {
  const where = failedWhere(deployment);
  return html`${chip(deployment.state)}
    <span class="what"
      >${deployment.uninstalls === true && html`<span class="quiet">uninstall of</span> `}<bdi
        >${deployment.process}</bdi
      >
      <strong class="exactly">${deployment.release}</strong>
      <span class="quiet">in</span> <strong><bdi>${deployment.environment}</bdi></strong></span
    >
    <small class="when"
      >${joined(
        [
          where !== undefined && html`at ${where}`,
          deployment.warning !== null &&
            deployment.error === null &&
            chip('warned', 'with a warning', 'wait'),
          since(deployment.requestedAt, view.now),
        ],
        ' · ',
      )}</small
    >`;
}

function unmeasured({ startedAt, report }: DeploymentView): string {
  return report !== undefined && startedAt === null ? 'not told' : 'not ended';
}

/** What a person would type next; nothing where all is done, is history, or goes on by itself. */
function next(view: PageView, deployment: DeploymentView): readonly string[] {
  const { id, link, process, environment, state } = deployment;
  // It ran elsewhere: an environment of that name here is another one.
  if (deployment.report !== undefined) return replayLine(deployment);
  const here = view.environments.find(({ name }) => name === environment);
  const isNewest = lastOfEach([deployment, ...view.deployments]).every(
    (one) => one.id === id || one.link !== link || one.process !== process || one.environment !== environment,
  );
  if (here === undefined || !isNewest) return [];
  const ran = here.runs.some((run) => run.link === link && run.process === process);
  const back = ran ? [commandLine('rollback', process, '--env', environment)] : [];
  if (state === 'failed') return [commandLine('deployment', 'retry', id), ...back];
  if (state === 'interrupted') return [commandLine('deployment', 'resume', id), ...back];
  // What to type about what it waits for stands with that.
  return state === 'waiting' && openWaits(deployment).length === 0
    ? [commandLine('deployment', 'show', id)]
    : [];
}
