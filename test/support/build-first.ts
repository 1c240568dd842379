import { resolve } from 'node:path';
import { build } from '../../build.ts';

/**
 * What tests start as a process is what is delivered: the build, made before the first of them. And what such a process
 * has read once, of the build or of the source, the others need not compile again.
 */
export async function setup(): Promise<void> {
  process.env['NODE_COMPILE_CACHE'] = resolve(
    import.meta.dirname,
    '../../node_modules/.cache/crossgap-tests',
  );
  await build();
}
