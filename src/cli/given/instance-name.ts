import { misuse } from '../command.ts';

/** Names stand in release names (`LINK:PROCESS/NUMBER`) and in other people's lists. */
export function isFitName(name: string): boolean {
  return (
    /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u.test(name) && name.trim() === name && Buffer.byteLength(name) <= 100
  );
}

/** Throws where an instance can't be called so. */
export function refuseUnfitName(name: string): void {
  if (isFitName(name)) return;
  throw misuse(
    `Cannot make an instance: ${JSON.stringify(name)} can't be its name`,
    'Use letters, digits, dots, dashes, underscores and blanks inside; at most 100 bytes.',
  );
}
