import type { Command } from '../command.ts';
import { hubApplyCommand } from './hub-apply.ts';
import { hubCheckCommand } from './hub-check.ts';
import { hubConfigCommand } from './hub-config.ts';

export const hubCommands: readonly Command[] = [hubConfigCommand, hubApplyCommand, hubCheckCommand];
