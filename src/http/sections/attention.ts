import { openWaits, waysToDecide, type DeploymentView, type PageView } from '../../projections/index.ts';
import { typed } from '../blocks.ts';
import { html, icon, joined, type Content, type Tone } from '../../web/index.ts';
import { deploymentHref, linkName, linkTo, releaseName } from '../links.ts';
import type { Readiness } from '../source.ts';
import { amount, commandLine, count, lastingFor } from '../../words.ts';
import { deploymentTitle, failedWhere, lastOfEach } from './deployments.ts';

/** Something a person should look at: how bad, what, and what to type where one command helps. */
export type Concern = { readonly tone: Tone; readonly words: Content; readonly command?: string };

const shownAtOnce = 8;

/** Warnings of which the page says more by itself. */
const toldBesides = new Set(['RUNS_WITHDRAWN', 'FEED_FROZEN']);

/** What needs a person now, the worst first; `more` are those of the same kinds that are only counted. */
export type Concerns = { readonly found: readonly Concern[]; readonly more: number };

export function concerns(view: PageView, readiness: Readiness): Concerns {
  const { feeds } = view.log;
  const { pending } = view.links;
  const frozen = feeds.shown.filter((feed) => feed.frozen);
  const all: readonly Concern[] = [
    ...readiness.checks
      .filter((check) => check.state !== 'ok')
      .map((check) => ({
        tone: check.state === 'failed' ? ('bad' as const) : ('wait' as const),
        words: html`${check.name}: <bdi>${check.detail}</bdi>`,
      })),
    ...view.warnings
      .filter(({ code }) => !toldBesides.has(code))
      .map((warning) => ({
        tone: 'wait' as const,
        words: html`<bdi>${warning.message}</bdi> <small class="exactly">${warning.code}</small>`,
      })),
    ...frozen.map((feed) => ({
      tone: 'bad' as const,
      words: html`The feed of <bdi>${feed.author}</bdi> is frozen: it was signed twice with different content.`,
      command: commandLine('log', 'verify', '--full'),
    })),
    ...pending.names.map((name) => ({
      tone: 'wait' as const,
      words: html`Compare the fingerprint of <bdi>${name}</bdi> by phone; nothing of theirs runs before.`,
      command: commandLine('link', 'confirm', name, '--fingerprint', 'SIX WORDS'),
    })),
    ...hinderedLinks(view),
    ...lastOfEach(view.deployments)
      .filter((one) => one.state === 'failed' || one.state === 'interrupted')
      .map((one) => ({ tone: 'bad' as const, words: unfinished(view, one) })),
    ...view.deployments.flatMap((one) => waiting(view, one)),
    ...missing(view),
    ...view.environments.flatMap((environment) =>
      environment.runs
        .filter((run) => run.withdrawn !== null)
        .map((run) => ({
          tone: 'bad' as const,
          words: html`<bdi>${environment.name}</bdi> runs <bdi>${run.process} ${run.release}</bdi>, which was
            withdrawn: <bdi>${run.withdrawn}</bdi>`,
        })),
    ),
    ...fleet(view),
  ];
  return {
    found: all.toSorted((a, b) => Number(b.tone === 'bad') - Number(a.tone === 'bad')),
    more:
      feeds.frozen -
      frozen.length +
      (pending.count - pending.names.length) +
      (view.fleet.troubled - view.fleet.worst.length),
  };
}

/** The concerns as a list; nothing at all where there are none. */
export function attentionSection({ found, more: counted }: Concerns): Content {
  if (found.length === 0) return null;
  const more = found.length + counted - shownAtOnce;
  return html`<section id="attention" aria-labelledby="attention-heading">
    <h2 id="attention-heading" class="unseen">Needs a person</h2>
    <ul class="attention card" role="list">
      ${found.slice(0, shownAtOnce).map(
        (concern) =>
          html`<li class="${concern.tone}">
            ${icon(concern.tone)}
            <div>
              <p>${concern.words}</p>
              ${concern.command !== undefined && typed(concern.command)}
            </div>
          </li>`,
      )}${
        more > 0 &&
        html`<li class="off">
          ${icon('off')}
          <div><p>and ${amount(more)} more</p></div>
        </li>`
      }
    </ul>
  </section> `;
}

/** What hinders links for longer than a moment, a line a cause. */
function hinderedLinks(view: PageView): readonly Concern[] {
  return view.links.hindered.map(({ count: links, name, error }) => ({
    tone: 'wait',
    words: html`${links === 1 ? linkTo(view, name) : html`${count(links, 'link')}`}:
      <bdi>${error.message}</bdi>, ${lastingFor(error.since, view.now)}.
      ${error.hint !== null && html`<small>${error.hint}</small>`}
      <small class="exactly">${error.code}</small>`,
    ...(links > 1 && { command: commandLine('doctor') }),
  }));
}

function unfinished(view: PageView, deployment: DeploymentView): Content {
  const where = failedWhere(deployment);
  return html`<a href="${deploymentHref(deployment.id)}"><bdi>${deploymentTitle(view, deployment)}</bdi></a>
    ${
      deployment.state === 'failed' ? 'failed' : 'was interrupted'
    }${where !== undefined && html` at ${where}`}.`;
}

/** What runs wait for a person to decide. */
function waiting(view: PageView, deployment: DeploymentView): readonly Concern[] {
  return openWaits(deployment).map((wait) => {
    const [first] = waysToDecide(deployment, wait);
    return {
      tone: 'wait',
      words: html`<a href="${deploymentHref(deployment.id)}"
          ><bdi>${deploymentTitle(view, deployment)}</bdi></a
        >
        waits at step ${wait.step} <bdi>${wait.name}</bdi>, which
        ${wait.for === 'confirmation' ? 'is to be confirmed' : 'failed'}.`,
      ...(first !== undefined && { command: first }),
    };
  });
}

/** What is missing, a line a release: where it is told in full, and the command that lists it with how to set each. */
function missing(view: PageView): readonly Concern[] {
  const byRelease = Map.groupBy(view.missingInputs, ({ link, process, release }) =>
    releaseName({ link: link === null ? null : linkName(view, link), process, release }),
  );
  return [...byRelease].map(([name, all]) => {
    const names = new Set(all.map((one) => one.name)).size;
    const places = [...new Set(all.map(({ environment }) => environment))];
    return {
      tone: 'wait',
      words: html`<a href="${all[0]?.link === null ? '#releases' : '#offers'}">${count(names, 'value')}</a> ${
          names === 1 ? 'is' : 'are'
        }
        missing before <bdi>${name}</bdi> can be deployed to
        ${joined(
          places.map((place) => html`<bdi>${place}</bdi>`),
          ', ',
        )}.`,
      command: commandLine('release', 'check', name, '--env', places[0]!),
    };
  });
}

function fleet(view: PageView): readonly Concern[] {
  return view.fleet.worst.map((row) => {
    const last = row.lastAttempt;
    const why =
      row.withdrawn !== null
        ? html`runs a withdrawn release`
        : row.blockedBy !== null
          ? html`is blocked: <bdi>${row.blockedBy}</bdi>`
          : html`${last?.release ?? row.release ?? ''} ${last?.state ?? row.state}`;
    const place = [linkName(view, row.customer), row.environment].filter((part) => part !== null).join(' / ');
    return { tone: 'bad' as const, words: html`<bdi>${place}</bdi>: <bdi>${row.process}</bdi> ${why}.` };
  });
}
