import { expect } from 'vitest';
import { CrossgapError, exitCodes } from '../../src/errors.ts';

type Exit = keyof typeof exitCodes;

/** The error that `work` throws; fails where it throws none, or one that no person could act on. */
export function refusal(work: () => unknown): CrossgapError {
  try {
    work();
  } catch (error) {
    return asRefusal(error);
  }
  throw new Error('nothing was refused');
}

/** The same for work that takes its time. */
export async function laterRefusal(work: () => Promise<unknown>): Promise<CrossgapError> {
  try {
    await work();
  } catch (error) {
    return asRefusal(error);
  }
  throw new Error('nothing was refused');
}

function asRefusal(error: unknown): CrossgapError {
  if (!(error instanceof CrossgapError)) throw error;
  expect(error.message).toMatch(/^Cannot .*[^.]$/su);
  expect(error.hint).not.toBe('');
  return error;
}

/** `CODE exit`, as docs/errors.md and the command line know a refusal. */
export function codeOf(error: CrossgapError): string {
  const exit = (Object.keys(exitCodes) as Exit[]).find((name) => exitCodes[name] === error.exitCode);
  return `${error.code} ${exit}`;
}
