import assert from 'node:assert/strict';
import { executorMain } from './main.ts';

// The executor's own process, which the daemon starts as `crossgap __execute RUNFOLDER start|resume`. It has its own
// way in, so that a run doesn't carry the whole command line with it.
const [runFolder, mode] = process.argv.slice(3);
assert(runFolder !== undefined && (mode === 'start' || mode === 'resume'), 'only the daemon starts this');
await executorMain(runFolder, mode);
