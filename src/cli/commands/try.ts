import type { Command } from '../command.ts';
import { tryConfigVariables } from './try-config-variables.ts';
import { tryDeploy } from './try-deploy.ts';
import { tryStructured } from './try-structured.ts';
import { trySubstitute } from './try-substitute.ts';
import { tryTransform } from './try-transform.ts';

/** One convention, or a whole deployment, on files at hand: nothing is recorded and no input is touched. */
export const tryCommands: readonly Command[] = [
  tryDeploy,
  trySubstitute,
  tryTransform,
  tryConfigVariables,
  tryStructured,
];
