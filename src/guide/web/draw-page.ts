import { exact, html, icon, mark, type Content, type Html } from '../../web/index.ts';
import { exitCodes, type CrossgapError } from '../../errors.ts';
import type { Ending } from '../guide.ts';
import type { Action, Page } from '../page.ts';
import { assets } from './assets.ts';
import { drawBlocks } from './draw-blocks.ts';
import { drawField, drawProblems } from './draw-fields.ts';
import { actionName, tokenName } from './said.ts';
import type { Step, Trail } from './trail.ts';

/** What stands above every page: what is installed where, and by whom it was started. */
export type HostFacts = {
  /** The name of the file that was started, or the release and where it goes. */
  readonly what: string;
  readonly machine: string;
  readonly account: string;
};

export type Frame = {
  readonly host: HostFacts;
  /** Below which path everything is. */
  readonly place: string;
  readonly trail: Trail | undefined;
  readonly number: number;
  readonly stamp: string;
};

/** Seconds after which a page that changes by itself is asked for again by a browser without scripts. */
const refreshSeconds = 2;

/** Actions that leave the page rather than answer it. */
const waysOut: ReadonlySet<string> = new Set(['back', 'leave']);

/** A page of the guide: its blocks, and one form. `late` says that an answer came to what is not asked any more. */
export function drawGuidePage(
  page: Page,
  facts: Frame & { readonly token: string; readonly isLate: boolean },
): string {
  const problems = drawProblems(page.fields);
  return document(facts, {
    title: `${problems === false ? '' : 'Problem: '}${page.title}`,
    refreshes: page.isBusy,
    isOver: false,
    main: html`${page.place !== null && html`<p class="at">Step ${page.place.at} of ${page.place.of}</p>`}
      <h1 id="title" tabindex="-1">${page.title}</h1>
      ${facts.isLate && drawLate()} ${problems}
      <div id="blocks">${drawBlocks(page.blocks)}</div>
      ${drawForm(page, facts)}`,
  });
}

/** What stands when the guide is over. Its words are the guide's; nothing can be asked of it any more. */
export function drawEnding({ text, failure, exitCode }: Ending, facts: Frame): string {
  const outcome =
    exitCode === 0 ? 'good' : exitCode === exitCodes.refused && failure === undefined ? 'off' : 'bad';
  const [first = 'The guide has ended', ...others] = text;
  return document(facts, {
    title: first,
    refreshes: false,
    isOver: true,
    main: html`<p class="outcome ${outcome}">${icon(outcome)}</p>
      <h1 id="title" tabindex="-1">${first}</h1>
      <div id="blocks">
        ${failure !== undefined && drawFailure(failure)}
        ${others.map((line) => html`<p class="text">${line}</p> `)}
        <p class="text quiet">The guide has ended; this window can be closed.</p>
      </div>`,
  });
}

/** The first answer to the one-time address: the cookie is set, and the way on starts at this very server. */
export function drawEntered(place: string): string {
  return bare({
    title: 'Opening the guide',
    head: html`<meta http-equiv="refresh" content="0;url=${place}" />`,
    main: html`<p><a href="${place}">Go on to the guide</a></p>`,
  });
}

/** Why there is nothing to see, and what can be done. */
export function drawRefusal(title: string, ...paragraphs: readonly Content[]): string {
  return bare({ title, head: false, main: html`${paragraphs.map((text) => html`<p>${text}</p> `)}` });
}

function drawLate(): Html {
  return html`<div class="notice wait" id="late" role="alert">
    ${icon('wait')}
    <p>
      What was sent belonged to a page that is not asked any more: it was answered already, in another window
      or by what went on meanwhile. Nothing was done with it. This is how things stand now.
    </p>
  </div>`;
}

function drawFailure({ message, hint, code }: CrossgapError): Html {
  return html`<div class="notice bad">
    ${icon('bad')}
    <div>
      <p>${message}</p>
      <p>${hint}</p>
      <p class="quiet exactly">${code}</p>
    </div>
  </div> `;
}

function drawForm(page: Page, { place, token }: Frame & { readonly token: string }): Html | false {
  const { actions, fields, mustChoose, isBusy } = page;
  const first = mustChoose || isBusy ? undefined : actions[0];
  // What has something said about it stands beside that; a way out only where all there is to choose does.
  const isExplained = ({ id, about }: Action): boolean =>
    waysOut.has(id) ? about !== null && first?.about !== null : about !== null || mustChoose;
  const button = (action: Action): Html => drawButton(action, actions.indexOf(action), action === first);
  const [cards, row] = [actions.filter(isExplained), actions.filter((action) => !isExplained(action))];
  return (
    actions.length > 0 &&
    html`<form method="post" action="${place}answer" id="form" autocomplete="off" novalidate>
      ${drawDefault(first)}
      <input type="hidden" name="${tokenName}" value="${token}" />
      ${fields.map(drawField)}
      ${
        cards.length > 0 &&
        html`<ul class="choices" role="list">
          ${cards.map((action) => html`<li>${button(action)}</li> `)}
        </ul>`
      }
      ${row.length > 0 && html`<div class="actions">${row.map(button)}</div>`}
    </form>`
  );
}

/** What Enter does in a field is what the first button of a form does; where nothing may be done, one that can't be pressed. */
function drawDefault(first: Action | undefined): Html {
  return html`<button
    type="submit"
    class="unseen"
    tabindex="-1"
    aria-hidden="true"
    ${first === undefined ? html`disabled` : html`name="${actionName}" value="${exact(first.id)}"`}
  ></button>`;
}

function drawButton({ id, label, about }: Action, at: number, isFirst: boolean): Html {
  const look = isFirst ? 'first' : id === 'leave' && about === null ? 'leave' : 'other';
  return html`<button
      name="${actionName}"
      value="${exact(id)}"
      class="${look}"
      ${isFirst && html`data-enter`}
      ${about !== null && html`aria-describedby="about-${at}"`}
    >
      ${label}</button
    >${about !== null && html`<p class="about" id="about-${at}">${about}</p>`} `;
}

type Shell = {
  readonly title: string;
  readonly refreshes: boolean;
  readonly isOver: boolean;
  readonly main: Html;
};

function head(title: string, more: Content): Html {
  return html`<meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" />
    <meta name="color-scheme" content="light dark" /><title>${title}</title>
    <link rel="stylesheet" href="${assets.style.path}" />
    <link rel="icon" type="image/svg+xml" href="${mark.path}" />${more}`;
}

function document({ host, place, trail, number, stamp }: Frame, shell: Shell): string {
  const refresh =
    shell.refreshes &&
    html`<noscript><meta http-equiv="refresh" content="${refreshSeconds};url=${place}" /></noscript>`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(`${shell.title} – ${host.what}`, refresh)}
        <script src="${assets.live.path}" defer></script>
      </head>
      <body data-place="${place}">
        <a class="skip" href="#main">Skip to the page</a>
        <header class="top">
          <div class="width">
            <img src="${mark.path}" alt="" width="32" height="32" />
            <div class="who">
              <p class="name"><bdi>${host.what}</bdi></p>
              <p class="quiet">on <bdi>${host.machine}</bdi>, started by <bdi>${host.account}</bdi></p>
            </div>
            <p id="live" role="status"></p>
          </div>
        </header>
        <div class="width frame">
          <nav id="trail" aria-label="Steps">${trail !== undefined && drawTrail(trail)}</nav>
          <main id="main" data-number="${number}" data-stamp="${stamp}" ${shell.isOver && html`data-over`}>
            ${shell.main}
          </main>
        </div>
      </body>
    </html> `.markup;
}

const stepIcons = { done: icon('good'), here: null, ahead: null } as const;

function drawTrail(steps: Trail): Html {
  return html`<ol role="list">
    ${steps.map(
      ({ title, state }: Step, index) =>
        html`<li class="${state}" ${state === 'here' && html`aria-current="step"`}>
          <span class="dot">${stepIcons[state] ?? index + 1}</span
          ><span class="step-title"
            >${title ?? html`<span class="unseen">Step ${index + 1}</span>`}${
              state === 'done' && html`<span class="unseen">, done</span>`
            }</span
          >
        </li> `,
    )}
  </ol>`;
}

function bare(shell: { readonly title: string; readonly head: Content; readonly main: Html }): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        ${head(shell.title, shell.head)}
      </head>
      <body>
        <main class="alone">
          <h1>${shell.title}</h1>
          ${shell.main}
        </main>
      </body>
    </html> `.markup;
}
