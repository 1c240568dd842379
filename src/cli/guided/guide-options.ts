import { flag, misuse, text } from '../command.ts';

/** How a guide is gone through, whatever it installs; `besides` is what each of them is for, where a command has others. */
export const guideOptions = (besides = '') => ({
  web: flag(`show the guide in a browser on this machine instead of the terminal${besides}`),
  plain: flag(`plain lines and numbers to choose by, for serial consoles and screen readers${besides}`),
  answers: text('FILE', `go through the guide by this file of answers, and ask nobody${besides}`),
  'write-answers': text('FILE', `write a file of answers to fill in, and end${besides}`),
  check: flag(`look at everything and install nothing${besides}`),
  'if-interrupted': text(
    'WHAT',
    `where the last run was cut off: resume, start-over, roll-back, leave${besides}`,
  ),
});

/** The options above, as they were given. */
export type GuideFlags = {
  readonly [Name in keyof ReturnType<typeof guideOptions>]: ReturnType<
    ReturnType<typeof guideOptions>[Name]['read']
  >;
};

export const guideOptionNames = Object.keys(guideOptions()) as readonly (keyof GuideFlags)[];

/** Options of a guide that contradict one another. */
export const guideContradictions = [
  ['web', 'answers'],
  ['web', 'write-answers'],
] as const;

/** Whether something was said with an option. */
export const isGiven = (value: unknown): boolean => value !== undefined && value !== false;

/** Throws where two options were given of which only one can be meant. @throws CliError USAGE_INVALID */
export function refuseContradictions<Name extends string>(
  verb: string,
  options: Readonly<Record<Name, unknown>>,
  pairs: readonly (readonly [Name, Name])[],
): void {
  const both = pairs.find((pair) => pair.every((name) => isGiven(options[name])));
  if (both === undefined) return;
  throw misuse(`Cannot ${verb}: --${both[0]} and --${both[1]} exclude one another`, 'Name one of them.');
}
