import type { DeploymentView, PageView, ReportView } from '../../projections/index.ts';
import { html, joined, type Content, type Html } from '../../web/index.ts';
import { since } from '../since.ts';
import { commandLine, count, size } from '../../words.ts';

type Fact = readonly [name: string, value: Content];

/** Whether and by whom a run was told to the author of its release; nothing of a run of an own release. */
export function toldFacts(view: PageView, { report, toldAt }: DeploymentView): readonly Fact[] {
  if (report === undefined) {
    if (toldAt === undefined) return [];
    return [
      [
        'Told to its author',
        toldAt === null ? html`<span class="quiet">nothing yet</span>` : since(toldAt, view.now),
      ],
    ];
  }
  const { by, at, rating, log } = report;
  return [
    ['Told', html`by <bdi>${by}</bdi>, ${since(at, view.now)}`],
    ...(rating === null ? [] : [['Rating', html`${rating} <span class="quiet">of 5</span>`] as const]),
    ...(log === null ? [] : [['Log', logFact(log)] as const]),
  ];
}

function logFact({ sizeBytes, wholeBytes, isHere }: NonNullable<ReportView['log']>): Content {
  const of = wholeBytes > sizeBytes ? `the last ${size(sizeBytes)} of ${size(wholeBytes)}` : size(sizeBytes);
  return html`${of}${!isHere && html`, <span class="quiet">not here yet</span>`}`;
}

/** What a person there said of the run, what was kept back, and what the step that failed wrote last. */
export function reportPart({ comment, struck, lastLines }: ReportView): Html {
  return html`${
    comment !== null &&
    html`<dl class="facts">
      <div>
        <dt>Comment</dt>
        <dd class="notes"><bdi>${comment}</bdi></dd>
      </div>
    </dl>`
  }${
    struck.length > 0 &&
    html`<p class="say wait">
      ${count(struck.length, 'line')} struck out by the operator:
      ${joined(
        struck.map((name) => html`<bdi>${name}</bdi>`),
        '; ',
      )}
    </p>`
  }${
    lastLines.length > 0 &&
    html`<h3 class="log-heading">The last lines of the step that failed</h3>
      <ol class="log" role="list">
        ${lastLines.map((line) => html`<li><span class="text">${line}</span></li>`)}
      </ol>`
  } `;
}

/** How the vendor looks into a customer's run that went wrong: the same decisions, made again at home. */
export function replayLine({ id, state, report }: DeploymentView): readonly string[] {
  const wrong = state === 'failed' || state === 'interrupted';
  return report !== undefined && wrong ? [commandLine('deployment', 'replay', id)] : [];
}
