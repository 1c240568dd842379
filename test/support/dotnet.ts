import { execFileSync, spawn } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The .NET SDK of this machine, seen through a folder of our own in which other roots are trusted. */
export type DotnetView = Disposable & {
  /** Runs `dotnet …` and tells its exit code and everything it printed. */
  run(...args: string[]): Promise<{ exitCode: number | null; output: string }>;
};

/**
 * Makes a view of the SDK that trusts these certificates (PEM) to sign code and to stamp times, without touching the
 * machine; `more` is what it finds in its environment besides.
 *
 * The SDK finds its root certificates beside itself and resolves symbolic links before it looks, so that part of
 * it is hard links, where the file system allows them, and else a copy.
 */
export function dotnetView(
  rootsPem: readonly string[],
  more: Readonly<Record<string, string>> = {},
): DotnetView {
  const command = execFileSync('sh', ['-c', 'command -v dotnet'], { encoding: 'utf8' }).trim();
  const real = dirname(realpathSync(command));
  const view = mkdtempSync(join(tmpdir(), 'dotnet-view-'));
  cpSync(join(real, 'dotnet'), join(view, 'dotnet'));
  for (const part of ['host', 'shared']) symlinkSync(join(real, part), join(view, part));
  for (const version of readdirSync(join(real, 'sdk'))) {
    const from = join(real, 'sdk', version);
    const to = join(view, 'sdk', version);
    mirror(from, to);
    const roots = join(to, 'trustedroots');
    rmSync(roots, { recursive: true, force: true });
    cpSync(join(from, 'trustedroots'), roots, { recursive: true });
    for (const list of ['codesignctl.pem', 'timestampctl.pem'])
      for (const pem of rootsPem) appendFileSync(join(roots, list), `\n${pem}\n`);
  }
  const env = {
    ...process.env,
    DOTNET_ROOT: view,
    DOTNET_CLI_HOME: view,
    DOTNET_CLI_TELEMETRY_OPTOUT: '1',
    DOTNET_NOLOGO: '1',
    DOTNET_CLI_UI_LANGUAGE: 'en',
    DOTNET_SKIP_FIRST_TIME_EXPERIENCE: '1',
    NUGET_CERT_REVOCATION_MODE: 'offline',
    ...more,
  };
  return {
    run: (...args) =>
      new Promise((resolve, reject) => {
        const child = spawn(join(view, 'dotnet'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
        let output = '';
        const collect = (piece: Buffer): void => {
          output += piece.toString('utf8');
        };
        child.stdout.on('data', collect);
        child.stderr.on('data', collect);
        child.on('error', reject).on('close', (exitCode) => resolve({ exitCode, output }));
      }),
    [Symbol.dispose]: () => rmSync(view, { recursive: true, force: true }),
  };
}

function mirror(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) mirror(source, target);
    else if (entry.isSymbolicLink()) symlinkSync(realpathSync(source), target);
    else linkOrCopy(source, target);
  }
}

function linkOrCopy(source: string, target: string): void {
  try {
    linkSync(source, target);
  } catch {
    cpSync(source, target);
  }
}
