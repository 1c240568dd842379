import type { Command } from '../command.ts';
import { hubConfigCommand } from './hub-config.ts';

export const hubCommands: readonly Command[] = [hubConfigCommand];
