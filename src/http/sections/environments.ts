import type { EnvironmentView, PageView } from '../../projections/index.ts';
import { empty, section } from '../blocks.ts';
import { chip } from '../chip.ts';
import { html, joined, type Html } from '../../web/index.ts';
import { deploymentHref } from '../links.ts';
import { lasting, since } from '../since.ts';
import { commandLine } from '../../words.ts';

/** This side's environments in the order of the lifecycle, and what runs in each. */
export function environmentsSection(view: PageView): Html {
  if (view.environments.length === 0)
    return section(
      'environments',
      'Environments',
      null,
      empty(
        'No environment yet. Name the places where releases go, in the order in which they go there.',
        commandLine('environment', 'add', 'uat'),
        commandLine('environment', 'add', 'production', '--after', 'uat'),
      ),
    );
  return section(
    'environments',
    'Environments',
    'here, and what runs in each',
    html`<ul class="grid" role="list">
      ${view.environments.map((environment) => card(view, environment))}
    </ul>`,
  );
}

function card(view: PageView, environment: EnvironmentView): Html {
  const names = (list: readonly string[]): Html =>
    joined(
      list.map((name) => html`<bdi>${name}</bdi>`),
      ', ',
    );
  const about = joined(
    [
      environment.after.length > 0 && html`after ${names(environment.after)}`,
      environment.tags.length > 0 && html`tagged ${names(environment.tags)}`,
    ],
    ' · ',
  );
  return html`<li class="card environment">
    <h3><bdi>${environment.name}</bdi></h3>
    ${about.markup !== '' && html`<p class="aside">${about}</p>`}
    ${environment.runs.length === 0 && html`<p class="quiet">nothing runs here yet</p>`}
    <ul class="plain" role="list">
      ${environment.runs.map(
        (run) =>
          html`<li>
            <bdi>${run.process}</bdi> <strong class="exactly">${run.release}</strong>
            <small>${lasting(run.since, view.now)}</small>${
              run.withdrawn !== null &&
              html` ${chip('withdrawn')} <small class="bad"><bdi>${run.withdrawn}</bdi></small>`
            }
          </li>`,
      )}${environment.attempts.map(
        (one) =>
          html`<li>
            ${chip(one.state)} <bdi>${one.process}</bdi>
            <a class="exactly" href="${deploymentHref(one.deployment)}">${one.release}</a>
            <small>${since(one.at, view.now)}</small>
          </li>`,
      )}
    </ul>
  </li> `;
}
