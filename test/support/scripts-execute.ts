/** The executor's process as tests start it: `node scripts-execute.ts RUN MODE`. */
import { executorMain } from '../../src/executor/index.ts';

const [, , runFolder = '', mode = ''] = process.argv;
await executorMain(runFolder, mode === 'resume' ? 'resume' : 'start');
