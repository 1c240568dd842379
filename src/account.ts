import { homedir, userInfo } from 'node:os';

/** The account this program runs as, by its number where the system has no name for it, as in many containers. */
export function accountName(look: () => { readonly username: string } = userInfo): string {
  try {
    return look().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}

/** The home folder of this account; undefined where the system knows none, as on a machine without a list of accounts. */
export function homeFolder(look: () => string = homedir): string | undefined {
  try {
    return look();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return undefined;
  }
}
