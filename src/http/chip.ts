import { html, type Content, type Html } from './html.ts';

export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'off';

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
  removed: ['off'],
  skipped: ['off'],
  unknown: ['off'],
  'nothing-to-do': ['off', 'nothing to do'],
  'feature-off': ['off', 'feature off'],
  'not-run': ['off', 'not run'],
};

/** Shapes differ as well as colours: a tick, an arrow, a clock, a cross, a dash. Drawn on 16 × 16. */
const icons: Readonly<Record<Tone, Html>> = {
  good: html`<path d="M3 8.6 6.4 12 13 4.8" />`,
  busy: html`<path d="M2.6 8h9.8M8.6 4l4 4-4 4" />`,
  wait: html`<circle cx="8" cy="8" r="5.6" /><path d="M8 4.9V8l2.2 1.6" />`,
  bad: html`<path d="m4 4 8 8M12 4l-8 8" />`,
  off: html`<path d="M4 8h8" />`,
};

export const toneOf = (state: string): Tone => states[state]?.[0] ?? 'off';
export const wordOf = (state: string): string => states[state]?.[1] ?? state.replaceAll('-', ' ');

export function icon(tone: Tone): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    ${icons[tone]}
  </svg>`;
}

/** A state as icon and word on a tinted ground. A state this page has never heard of is shown as it is. */
export function chip(state: string, word: Content = wordOf(state), tone = toneOf(state)): Html {
  return html`<span class="chip ${tone}">${icon(tone)}${word}</span>`;
}

/** The same without the ground, for lists in which every line has one. */
export function mark(state: string): Html {
  const tone = toneOf(state);
  return html`<span class="mark ${tone}">${icon(tone)}${wordOf(state)}</span>`;
}
