import { executeRun } from '../../daemon/index.ts';
import { command, misuse, needed } from '../command.ts';

/** The executor's own process: started by the daemon, which it outlives. Nobody types this. */
export const execute = command({
  path: '__execute',
  about: 'The body of a run',
  example: '',
  args: { RUNFOLDER: needed('RUNFOLDER', 'folder of the run'), MODE: needed('MODE', 'start or resume') },
  options: {},
  hidden: true,
  async run(_context, { RUNFOLDER, MODE }) {
    if (MODE !== 'start' && MODE !== 'resume') {
      throw misuse(`Cannot execute a run in mode ${MODE}`, 'Use start or resume.');
    }
    await executeRun(RUNFOLDER, MODE);
    return {};
  },
});
