import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const folder = resolve(import.meta.dirname, '../../../shared/vectors');

/**
 * The folder of test vectors that lies beside the checkout, undefined where it does not: then one line says what does
 * not run because of it, and with `CI=true` it is a failure.
 */
export function sharedVectors(name: string): string | undefined {
  const path = join(folder, name);
  if (existsSync(path)) return path;
  if (process.env['CI'] === 'true') throw new Error(`the test vectors ${name} are required in CI`);
  process.stderr.write(`not run, because its test vectors are not beside this checkout: ${name}\n`);
  return undefined;
}
