import { html, icon, type Content, type Html, type Tone } from '../web/index.ts';

/** Every state the page shows: its tone, and its word where that is not the state itself. */
const states: Readonly<Record<string, readonly [tone: Tone, word?: string]>> = {
  succeeded: ['good'],
  done: ['good'],
  accepted: ['good'],
  confirmed: ['good'],
  ok: ['good'],
  offered: ['busy'],
  running: ['busy'],
  deploying: ['busy'],
  delivered: ['busy'],
  waiting: ['wait'],
  queued: ['wait'],
  postponed: ['wait'],
  invited: ['wait'],
  pending: ['wait', 'not yet confirmed'],
  interrupted: ['wait'],
  blocked: ['bad'],
  failed: ['bad'],
  refused: ['bad'],
  withdrawn: ['bad'],
  'rolled-back': ['wait', 'rolled back'],
  cancelled: ['off'],
  uninstalled: ['off'],
  removed: ['off'],
  skipped: ['off'],
  unknown: ['off'],
  'nothing-to-do': ['off', 'nothing to do'],
  'feature-off': ['off', 'feature off'],
  'not-run': ['off', 'not run'],
  struck: ['off', 'struck out by the operator'],
};

export const toneOf = (state: string): Tone => states[state]?.[0] ?? 'off';
export const wordOf = (state: string): string => states[state]?.[1] ?? state.replaceAll('-', ' ');

/** A state as icon and word on a tinted ground. A state this page has never heard of is shown as it is. */
export function chip(state: string, word: Content = wordOf(state), tone = toneOf(state)): Html {
  return html`<span class="chip ${tone}">${icon(tone)}${word}</span>`;
}

/** The same without the ground, for lists in which every line has one. */
export function mark(state: string): Html {
  const tone = toneOf(state);
  return html`<span class="mark ${tone}">${icon(tone)}${wordOf(state)}</span>`;
}
