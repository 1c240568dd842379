import { verify } from 'node:crypto';
import type { VerifyingKey } from '../identity/index.ts';
import type { SealedEntry } from './entry.ts';
import { signatureBytes } from './header.ts';
import { entryToSign } from './seal.ts';

/** So many signatures are given to the thread pool at once: enough that it never rests while a batch is written. */
const inFlightMax = 1024;

/** Whether the author's signature fits the bytes. */
export function verifyEntry(entry: SealedEntry, key: VerifyingKey): boolean {
  if (entry.signature.byteLength !== signatureBytes) return false;
  return verify(null, entryToSign(entry.bytes), key, entry.signature);
}

/** Checks signatures on the thread pool, a limited number at a time, in the order asked. */
export type VerifyPool = {
  verify(entry: SealedEntry, key: VerifyingKey): Promise<boolean>;
};

export function verifyPool(): VerifyPool {
  const waiting: (() => void)[] = [];
  let next = 0;
  let inFlight = 0;
  const start = (entry: SealedEntry, key: VerifyingKey, done: (fits: boolean) => void): void => {
    inFlight += 1;
    verify(null, entryToSign(entry.bytes), key, entry.signature, (error, fits) => {
      inFlight -= 1;
      const following = waiting[next];
      if (following !== undefined) {
        next += 1;
        if (next === waiting.length) next = waiting.length = 0;
        following();
      }
      done(error === null && fits);
    });
  };
  return {
    verify: (entry, key) =>
      new Promise((resolve) => {
        if (entry.signature.byteLength !== signatureBytes) resolve(false);
        else if (inFlight < inFlightMax) start(entry, key, resolve);
        else waiting.push(() => start(entry, key, resolve));
      }),
  };
}
