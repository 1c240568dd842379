import { accountName } from '../../account.ts';
import type { SiteFacts } from '../../guide/index.ts';
import { programVersion } from '../../installation.ts';
import type { DataFolder } from '../../instance/index.ts';

/** The program, the machine and the account that a guide runs by, whatever a release comes from. */
export function factsHere({ root }: DataFolder): Omit<SiteFacts, 'carried'> {
  return {
    programVersion: programVersion(),
    platform: `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    dataFolder: root,
    account: accountName(),
  };
}
