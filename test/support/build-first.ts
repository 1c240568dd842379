import { build } from '../../build.ts';

/** What tests start as a process is what is delivered: the build, made before the first of them. */
export async function setup(): Promise<void> {
  await build();
}
