import { html, icon, type Html, type Tone } from '../../web/index.ts';
import type { Block, Check, Progress, ProgressLine } from '../page.ts';

/** Text that stands as it is and has more lines is folded away, unless it is what the page is about. */
const linesSeenMax = 12;

/** So many of the newest lines of a progress are on the page. */
const progressLinesMax = 1000;

const noticeTones = { note: 'busy', warning: 'wait', problem: 'bad' } as const;

/** An i in a circle, and an exclamation mark in a triangle, drawn on 16 × 16. */
const noticeIcons: Readonly<Record<(Block & { kind: 'notice' })['tone'], Html>> = {
  note: signOf(html`<circle cx="8" cy="8" r="6.2" /><path d="M8 7.4v3.6M8 4.8v.1" />`),
  warning: signOf(html`<path d="M8 2 14.6 13.6H1.4Z" /><path d="M8 6.4v3.2M8 11.6v.1" />`),
  problem: icon('bad'),
};

const checkStates: Readonly<Record<Check['state'], readonly [tone: Tone, sign: Html]>> = {
  good: ['good', icon('good')],
  note: ['busy', noticeIcons.note],
  lacking: ['bad', icon('bad')],
};

/** Blocks as a browser shows them. Their places are what the live script finds them by again. */
export function drawBlocks(blocks: readonly Block[]): Html[] {
  const isOnly = blocks.filter(({ kind }) => kind === 'verbatim').length === 1;
  return blocks.map((block, at) => drawBlock(block, at, isOnly));
}

function drawBlock(block: Block, at: number, isOnly: boolean): Html {
  switch (block.kind) {
    case 'text':
      return html`<p class="text">${block.text}</p> `;
    case 'heading':
      return html`<h2>${block.text}</h2> `;
    case 'notice':
      return html`<div class="notice ${noticeTones[block.tone]}">
        ${noticeIcons[block.tone]}
        <p><span class="unseen">${block.tone}: </span>${block.text}</p>
      </div> `;
    case 'facts':
      return html`<dl class="facts">
        ${block.facts.map(
          ([name, value]) =>
            html`<div>
              <dt>${name}</dt>
              <dd>${value}</dd>
            </div> `,
        )}
      </dl> `;
    case 'list':
      return html`<ul class="list ${block.items.every(isNumbered) && 'numbered'}">
        ${block.items.map((item) => html`<li>${item}</li> `)}
      </ul> `;
    case 'checks':
      return html`<ul class="checks" role="list">
        ${block.checks.map(drawCheck)}
      </ul> `;
    case 'verbatim':
      return html`<details class="verbatim" id="block-${at}" ${isOpen(block, isOnly) && html`open`}>
        <summary>${block.title}</summary>
        <pre tabindex="0" role="region" aria-label="${block.title}">${block.text}</pre>
      </details> `;
    case 'progress':
      return drawProgress(block.done, block.lines);
  }
}

function signOf(drawing: Html): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">${drawing}</svg>`;
}

function drawCheck({ name, state, found, hint }: Check): Html {
  const [tone, sign] = checkStates[state];
  return html`<li class="${tone}">
    <span class="chip ${tone}">${sign}${state}</span>
    <div>
      <p class="name">${name}</p>
      <p class="found">${found}</p>
      ${hint !== null && html`<p class="hint">${hint}</p>`}
    </div>
  </li> `;
}

function drawProgress(done: Progress | null, lines: readonly ProgressLine[]): Html {
  const from = Math.max(0, lines.length - progressLinesMax);
  return html`<div class="progress">
    <div class="bar">
      <p class="what" aria-live="polite">${done?.what}</p>
      <p class="share">${done !== null && done.of > 0 && farOf(done)}</p>
      ${
        done !== null &&
        (done.of > 0
          ? html`<progress max="100" value="${share(done)}" aria-label="${done.what}"></progress>`
          : html`<progress aria-label="${done.what}"></progress>`)
      }
    </div>
    ${
      lines.length > 0 &&
      html`<div class="lines" role="log" aria-live="off" aria-label="What was done so far" tabindex="0">
        <ol role="list" data-from="${from}">
          ${lines.slice(from).map(({ tone, text }) => html`<li class="${tone}">${text}</li> `)}
        </ol>
      </div>`
    }
  </div> `;
}

/** More than these nobody counts. */
const countedMax = 100;

function farOf({ done, of }: Pick<Progress, 'done' | 'of'>): string {
  return of > countedMax ? `${share({ done, of })} %` : `${done} of ${of}`;
}

/** Never 100 before all is done. */
function share({ done, of }: Pick<Progress, 'done' | 'of'>): number {
  return Math.max(0, Math.min(100, Math.floor((100 * done) / of)));
}

/** `1. Stop service`: its own number is all that it needs in front. */
function isNumbered(item: string): boolean {
  return /^\d{1,4}\. /.test(item);
}

function isOpen({ text, isAside = false }: Block & { kind: 'verbatim' }, isOnly: boolean): boolean {
  if (isAside) return false;
  return isOnly || text.trimEnd().split('\n').length <= linesSeenMax;
}
