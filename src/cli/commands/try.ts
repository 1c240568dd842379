import type { Command } from '../command.ts';
import { tryDeploy } from './try-deploy.ts';
import { trySubstitute } from './try-substitute.ts';

/** One convention, or a whole deployment, on files at hand: nothing is recorded and no input is touched. */
export const tryCommands: readonly Command[] = [tryDeploy, trySubstitute];
