import { html, type Html } from './html.ts';

export type Tone = 'good' | 'busy' | 'wait' | 'bad' | 'off';

/** Shapes differ as well as colours: a tick, an arrow, a clock, a cross, a dash. Drawn on 16 × 16. */
const icons: Readonly<Record<Tone, Html>> = {
  good: html`<path d="M3 8.6 6.4 12 13 4.8" />`,
  busy: html`<path d="M2.6 8h9.8M8.6 4l4 4-4 4" />`,
  wait: html`<circle cx="8" cy="8" r="5.6" /><path d="M8 4.9V8l2.2 1.6" />`,
  bad: html`<path d="m4 4 8 8M12 4l-8 8" />`,
  off: html`<path d="M4 8h8" />`,
};

/** What a colour says, as a shape beside the word that says it too. */
export function icon(tone: Tone): Html {
  return html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
    ${icons[tone]}
  </svg>`;
}
