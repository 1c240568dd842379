import type { ConventionView, DeploymentView, StepView } from '../../projections/index.ts';
import { chip, mark } from '../chip.ts';
import { html, joined, type Content, type Html } from '../../web/index.ts';
import { amount, durationOf } from '../../words.ts';

const filesShownMax = 6;

/** What a run did, step by step, one numbered line a convention, with the files each touched. */
export function trace(deployment: DeploymentView): Html {
  if (deployment.steps.length === 0) return html`<p class="quiet">No step has begun.</p>`;
  return html`<ol class="steps" role="list">
    ${deployment.steps.map((step, at) => stepBlock(deployment, step, at + 1))}
  </ol>`;
}

function stepBlock(deployment: DeploymentView, step: StepView, number: number): Html {
  const failed = deployment.failedAt?.stepId === step.id ? deployment.failedAt.convention : undefined;
  const outputs = Object.entries(step.outputs);
  return html`<li>
    <h4>
      <span class="number">${number}</span> ${step.name !== '' && html`<bdi>${step.name}</bdi>`}
      ${chip(step.state)} ${measured(step)}
    </h4>
    ${
      step.conventions.length > 0 &&
      html`<ol class="trace" role="list">
        ${step.conventions.map((line) => traceLine(line, line.number === failed))}
      </ol>`
    }
    ${
      outputs.length > 0 &&
      html`<dl class="outputs">
        ${outputs.map(
          ([name, value]) =>
            html`<div>
              <dt class="exactly">${name}</dt>
              <dd>
                ${
                  value === null
                    ? html`<span class="quiet">secret, not shown</span>`
                    : html`<span class="exactly">${value}</span>`
                }
              </dd>
            </div>`,
        )}
      </dl>`
    }
  </li> `;
}

/** `took 4.2 s · exit code 3`, as far as it is known. */
function measured({ startedAt, endedAt, exitCode }: StepView): Content {
  const duration = durationOf({ ...(startedAt && { startedAt }), ...(endedAt && { endedAt }) });
  const facts = [
    duration !== null && `took ${duration}`,
    exitCode !== undefined && html`exit code <strong>${exitCode}</strong>`,
  ].filter((fact) => fact !== false);
  return facts.length > 0 && html`<small>${joined(facts, ' · ')}</small>`;
}

function traceLine(line: ConventionView, failedHere: boolean): Html {
  const acted = line.state !== 'nothing-to-do' && line.state !== 'feature-off' && line.state !== 'not-run';
  return html`<li class="${failedHere ? 'failed-here' : acted ? '' : 'idle'}">
    <span class="number">${line.number}</span>
    <span class="what">${line.name}</span> ${mark(line.state)}${about(line)}
  </li> `;
}

function about(line: ConventionView): Content {
  const files = line.files ?? [];
  if (files.length === 0 && line.detail === undefined) return null;
  const more = files.length - filesShownMax;
  return html`<div class="about">
    ${line.detail !== undefined && html`<p>${line.detail}</p>`}${
      files.length > 0 &&
      html`<ul class="files" role="list">
        ${files.slice(0, filesShownMax).map((file) => html`<li>${file}</li>`)}${
          more > 0 && html`<li class="quiet">and ${amount(more)} more</li>`
        }
      </ul>`
    }
  </div>`;
}
