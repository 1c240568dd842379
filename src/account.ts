import { userInfo } from 'node:os';

/** The account this program runs as, by its number where the system has no name for it, as in many containers. */
export function accountName(look: () => { readonly username: string } = userInfo): string {
  try {
    return look().username;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_SYSTEM_ERROR') throw error;
    return `uid ${process.getuid?.() ?? 'unknown'}`;
  }
}
