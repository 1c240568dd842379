/**
 * The colours of the page in both schemes, and which of them are read on which: a test computes that every pair
 * has the contrast WCAG AA asks of text.
 */
export type ColourName =
  | 'paper'
  | 'card'
  | 'sunken'
  | 'line'
  | 'edge'
  | 'ink'
  | 'quiet'
  | 'link'
  | 'good'
  | 'good-tint'
  | 'busy'
  | 'busy-tint'
  | 'wait'
  | 'wait-tint'
  | 'bad'
  | 'bad-tint'
  | 'off'
  | 'off-tint';

export const palettes: Readonly<Record<'light' | 'dark', Readonly<Record<ColourName, string>>>> = {
  light: {
    paper: '#f7f7f4',
    card: '#ffffff',
    sunken: '#f6f6f3',
    line: '#e3e3dc',
    edge: '#85898c',
    ink: '#1c2126',
    quiet: '#5a626a',
    link: '#0b5a8a',
    good: '#17603a',
    'good-tint': '#e3f2e8',
    busy: '#0b5386',
    'busy-tint': '#e2eff9',
    wait: '#7a4b00',
    'wait-tint': '#fbefd6',
    bad: '#9e1c1c',
    'bad-tint': '#fbe6e4',
    off: '#545b62',
    'off-tint': '#ebece9',
  },
  dark: {
    paper: '#121518',
    card: '#1a1e22',
    sunken: '#14181b',
    line: '#2c3238',
    edge: '#7d858d',
    ink: '#e9ebec',
    quiet: '#a3acb4',
    link: '#86c5f0',
    good: '#86d9a6',
    'good-tint': '#17301f',
    busy: '#8ec7f2',
    'busy-tint': '#152c40',
    wait: '#f0c06a',
    'wait-tint': '#362a12',
    bad: '#ff9f97',
    'bad-tint': '#3f1d1c',
    off: '#b2bac1',
    'off-tint': '#272c31',
  },
};

/** Text colours with each ground they stand on. */
export const readOn: readonly (readonly [text: ColourName, ground: ColourName])[] = [
  ...(['ink', 'quiet', 'link', 'good', 'busy', 'wait', 'bad', 'off'] as const).flatMap((text) =>
    (['paper', 'card', 'sunken'] as const).map((ground) => [text, ground] as const),
  ),
  ...(['good', 'busy', 'wait', 'bad', 'off'] as const).flatMap((tone) => [
    [tone, `${tone}-tint`] as const,
    ['ink', `${tone}-tint`] as const,
  ]),
  ['paper', 'link'],
];

/** The palettes as CSS custom properties. */
export function paletteCss(): string {
  const properties = (scheme: 'light' | 'dark'): string =>
    Object.entries(palettes[scheme])
      .map(([name, colour]) => `--${name}:${colour};`)
      .join('');
  return `:root{color-scheme:light dark;${properties('light')}}
@media (prefers-color-scheme:dark){:root{${properties('dark')}}}
`;
}
