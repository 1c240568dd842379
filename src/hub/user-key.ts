import { fromPublic } from '@nats-io/nkeys';

/** Whether this is a public NATS key of a user whose check sum holds: what a server takes into its configuration. */
export function isUserKey(key: string): boolean {
  if (!/^U[A-Z2-7]{55}$/.test(key)) return false;
  try {
    fromPublic(key);
    return true;
  } catch {
    // The library has one answer to whatever is wrong with it.
    return false;
  }
}
