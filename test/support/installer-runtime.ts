import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CrossgapError } from '../../src/errors.ts';
import { runtimeFor } from '../../src/installer/fetch-runtime.ts';
import { buildRunner, type Runner } from '../../src/installer/index.ts';

/** Where all tests of this machine keep what was fetched and built once; what lies there is compared before each use. */
export const sharedRuntimes = join(tmpdir(), 'crossgap-test-runtimes');

const never = new AbortController().signal;

/**
 * The pinned runtime of a platform, fetched once. Where the registry can't be reached, one line says what does not run
 * because of it; with `CI=true` that is a failure instead.
 */
export async function runtimeHere(platform: string, forWhat: string): Promise<string | undefined> {
  mkdirSync(sharedRuntimes, { recursive: true });
  try {
    return await runtimeFor(platform, { folder: sharedRuntimes, given: [], tell: () => {}, signal: never });
  } catch (error) {
    if (!(error instanceof CrossgapError) || error.code !== 'RUNTIME_OUT_OF_REACH') throw error;
    if (process.env['CI'] === 'true')
      throw new Error(`the registry is required in CI, for ${forWhat}: ${error.message}`, { cause: error });
    process.stderr.write(`not run, because the registry is out of reach: ${forWhat}\n`);
    return undefined;
  }
}

/** The program as an executable; the first test that asks builds it. Only where `runtimeHere` found its runtime. */
export async function sharedRunner(platform: string): Promise<Runner> {
  return buildRunner(platform, { folder: sharedRuntimes, given: [], tell: () => {}, signal: never });
}
