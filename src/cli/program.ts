import { programVersion } from '../daemon/index.ts';
import { later } from './command.ts';
import { demoCommands } from './commands/demo.ts';
import { deploy } from './commands/deploy.ts';
import { deploymentCommands } from './commands/deployment.ts';
import { environmentCommands } from './commands/environment.ts';
import { fleet } from './commands/fleet.ts';
import { inbox } from './commands/inbox.ts';
import { init } from './commands/init.ts';
import { inputCommands } from './commands/input.ts';
import { linkCommands } from './commands/link.ts';
import { showFeed } from './commands/log-show.ts';
import { logCommands } from './commands/log.ts';
import { packageCommands } from './commands/package.ts';
import { processCommands } from './commands/process.ts';
import { answerCommands } from './commands/release-answer.ts';
import { checkRelease } from './commands/release-check.ts';
import { releaseCommands } from './commands/release.ts';
import { rollback } from './commands/rollback.ts';
import { run } from './commands/run.ts';
import { status } from './commands/status.ts';
import { importResults } from './commands/tests.ts';
import type { Table } from './parse.ts';

/** Every command there is, in the order of the help. */
export const crossgap: Table = {
  name: 'crossgap',
  about:
    'Deployment processes, releases and signed packages that cross the gap between a vendor and its customers.',
  version: programVersion(),
  commands: [
    ...demoCommands,
    init,
    run,
    status,
    ...linkCommands,
    ...environmentCommands,
    ...processCommands,
    ...packageCommands,
    ...releaseCommands,
    ...answerCommands,
    checkRelease,
    importResults,
    inbox,
    ...inputCommands,
    deploy,
    ...deploymentCommands,
    rollback,
    fleet,
    ...logCommands,
    showFeed,
    later('approve', 'Agree to a deployment that waits for people'),
    later('overlay', "The receiver's own steps"),
    later('propose', "Offer the receiver's own steps back to the vendor"),
    later('proposals', 'What receivers proposed'),
    later('bundle', 'The air gap: export, inspect and import'),
    later('hub', 'The configuration of the NATS server'),
    later('backup', 'A backup of the data folder'),
    later('doctor', 'What may be wrong with this installation'),
    later('try', 'The executor on files at hand, without an instance'),
  ],
  families: {
    link: 'Pair with other instances',
    environment: 'Where releases go, and in which order',
    process: 'How a product is deployed',
    package: 'Signed packages',
    release: 'Releases of this side, and offers of others',
    tests: 'Evidence on releases',
    input: 'Values only one side knows',
    deployment: 'Runs of releases',
    log: 'The history',
    feed: 'What the other side sees',
  },
};
