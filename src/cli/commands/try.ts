import { later, type Command } from '../command.ts';
import { trySubstitute } from './try-substitute.ts';

/** One convention, or a whole deployment, on files at hand: nothing is recorded and no input is touched. */
export const tryCommands: readonly Command[] = [
  later('try deploy', 'The executor on files at hand, without an instance'),
  trySubstitute,
];
