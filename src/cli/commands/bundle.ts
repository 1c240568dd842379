import { exportCommand } from './bundle-export.ts';
import { importCommand } from './bundle-import.ts';
import { inspectCommand } from './bundle-inspect.ts';
import { listBundles } from './bundle-list.ts';
import { relayCommands } from './relay.ts';

export const bundleCommands = [exportCommand, inspectCommand, importCommand, listBundles, ...relayCommands];
