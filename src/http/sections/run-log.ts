import { html, type Html } from '../../web/index.ts';
import { deploymentHref } from '../links.ts';
import { count } from '../../words.ts';

const linesShown = 200;

/**
 * What the scripts of a run said, and what was done beside them: the newest lines, all of them one click away. That
 * nothing was to be done is told by the trace.
 */
export function logPart(deployment: string, log: string): Html {
  const lines = log
    .split('\n')
    .filter((line) => line !== '' && !/  (?:feature-off|nothing-to-do)$/.test(line));
  const hidden = Math.max(0, lines.length - linesShown);
  return html`<h3 class="log-heading">Log</h3>
    <p class="aside">
      ${hidden > 0 && html`the newest ${linesShown} of ${count(lines.length, 'line')}; `}<a
        href="${deploymentHref(deployment)}/log.txt"
        >as text</a
      >
    </p>
    ${
      lines.length === 0
        ? html`<p class="quiet">Nothing was written yet.</p>`
        : html`<ol class="log" role="list" aria-label="Lines of the log">
            ${lines.slice(hidden).map(logLine)}
          </ol>`
    } `;
}

/** `TIME  PLACE  LEVEL  TEXT`, as a run writes its lines; the time of day is enough beside the deployment's own. */
function logLine(line: string): Html {
  const parts = /^\S+T(?<time>[\d:]+)\S*  (?<place>.*?)  (?<level>[a-z]+) *  (?<text>.*)$/.exec(line)?.groups;
  if (parts === undefined) return html`<li><span class="text">${line}</span></li>`;
  const { time, place, level = '', text } = parts;
  const loud = level === 'error' || level === 'warning' ? level : '';
  return html`<li class="${loud}">
    <span class="quiet">${time}</span> <span class="quiet">${place}</span>
    <span class="text">${loud !== '' && html`<span class="unseen">${loud}: </span>`}${text}</span>
  </li> `;
}
