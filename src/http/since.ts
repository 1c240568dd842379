import { ago, moment, lastingFor } from '../words.ts';
import { html, type Html } from '../web/index.ts';

/** A time as people say it, with the exact one for who asks. */
export function since(at: string, now: string): Html {
  return html`<time datetime="${at}" title="${moment(at)}">${ago(at, now)}</time>`;
}

/** How long something has lasted, with the time from which on. */
export function lasting(from: string, now: string): Html {
  return html`<time datetime="${from}" title="${moment(from)}">${lastingFor(from, now)}</time>`;
}
