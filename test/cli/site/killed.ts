import { spawn } from 'node:child_process';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import type { OpenRun, RunOutcome } from '../../../src/guide/index.ts';
import { compiled } from '../../support/scripts-killed.ts';

const entry = resolve(import.meta.dirname, 'install-process.ts');

type Told = {
  readonly open: OpenRun | null;
  readonly known: readonly string[];
  readonly outcome: RunOutcome;
};

/** What an installation in a process of its own came to. */
export type Installed = {
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  /** Nothing where it was killed before it could say so. */
  readonly told: Told | undefined;
};

/** Installs in a process of its own, which ends at a fault point where one is named. */
export async function install(
  data: string,
  { file, values, fault = '' }: { readonly file: string; readonly values: object; readonly fault?: string },
): Promise<Installed> {
  const child = spawn(process.execPath, [entry, data, file, JSON.stringify(values)], {
    env: { ...process.env, CROSSGAP_FAULT: fault, NODE_COMPILE_CACHE: join(compiled, 'site') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<NodeJS.Signals | null>((done) =>
    child.once('exit', (_code, signal) => done(signal)),
  );
  const [stdout, stderr, signal] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { signal, stderr, told: stdout === '' ? undefined : (JSON.parse(stdout) as Told) };
}
