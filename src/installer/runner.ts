import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { installationFolder, programVersion } from '../installation.ts';
import { InstallerError, systemCode } from './errors.ts';
import { refuseOtherRuntimes, runtimeFor, type RuntimeOrder } from './fetch-runtime.ts';
import { sha256Of } from './hash-file.ts';
import { injectBlob } from './inject/executable.ts';
import { hostPlatform, installerPlatform, pinnedRuntime, runtimeVersion } from './pinned-runtimes.ts';
import { bootstrapFile, buildProgram, nativeFile, programFiles } from './program-files.ts';
import { openWorkplace } from './workplace.ts';
import { assetOf, manifestAsset, type ProgramFile, type ProgramManifest } from './program.ts';

/** The executable with the program in it, before anything is appended. */
export type Runner = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly platform: string;
  readonly programVersion: string;
  /** SHA-256 of the program's manifest. */
  readonly programDigest: string;
  readonly runtimeVersion: string;
};

/** Changes when runners are made in another way, so that those kept are not taken for new ones. */
const way = 1;

/**
 * The runner for a platform, kept from before where neither runtime nor program changed since. The same program makes
 * the same bytes.
 *
 * @throws {InstallerError} PLATFORM_UNKNOWN, PROGRAM_INCOMPLETE, RUNNER_NOT_BUILT, RUNTIME_NOT_NEEDED, and what
 * `runtimeFor` throws
 */
export async function buildRunner(platform: string, order: RuntimeOrder): Promise<Runner> {
  installerPlatform(platform);
  await refuseOtherRuntimes(order.given, [...new Set([platform, hostPlatform()])]);
  await buildProgram(order.signal);
  try {
    await using place = await openWorkplace(order.folder, 'making');
    return await build(platform, place.path, order);
  } catch (cause) {
    const system = systemCode(cause);
    if (system === undefined || cause instanceof InstallerError) throw cause;
    const why =
      system === 'ENOSPC' || system === 'EDQUOT' ? 'there is no space left' : `the system says ${system}`;
    throw notBuilt(platform, why, { folder: order.folder }, cause);
  }
}

async function build(platform: string, making: string, order: RuntimeOrder): Promise<Runner> {
  const { folder, tell, signal } = order;
  const { native, sha256: runtimeSha256 } = pinnedRuntime(platform);
  const manifest = await gather(join(making, 'program'), platform, native);
  const text = JSON.stringify(manifest);
  const programDigest = sha256(text);
  const bootstrap = join(making, 'bootstrap.cjs');
  await copyFile(join(installationFolder, bootstrapFile), bootstrap);
  const of = sha256(JSON.stringify([way, runtimeSha256, programDigest, await sha256Of(bootstrap)]));
  const path = join(folder, `runner-${platform}-${of.slice(0, 16)}`);
  const facts = { path, platform, programVersion: manifest.version, programDigest, runtimeVersion };
  const kept = await keptRunner(path);
  if (kept !== undefined) return { ...facts, ...kept };
  const runtime = await runtimeFor(platform, order);
  const builder = platform === hostPlatform() ? runtime : await runtimeFor(hostPlatform(), order);
  tell(`Building the program for ${platform}`);
  await writeFile(join(making, manifestAsset), text);
  const output = join(making, 'runner');
  await putTogether({ builder, runtime, making, bootstrap, manifest, output, signal });
  await chmod(output, 0o755);
  const made = { sizeBytes: (await stat(output)).size, sha256: await sha256Of(output) };
  await rename(output, path);
  await writeFile(`${path}.json`, JSON.stringify(made));
  await clearOthers(folder, platform, path);
  return { ...facts, ...made };
}

/** Copies the files of the program, so that what is written down of them is what goes in. */
async function gather(to: string, platform: string, native: string): Promise<ProgramManifest> {
  const files: ProgramFile[] = [];
  for (const { path, from } of programFiles(native)) {
    const copy = join(to, path);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(from, copy);
    files.push({ path, sizeBytes: (await stat(copy)).size, sha256: await sha256Of(copy) });
  }
  return {
    format: 1,
    version: programVersion(),
    platform,
    runtime: runtimeVersion,
    native: nativeFile(native),
    files,
  };
}

const othersMs = 10 * 60 * 1000;

/** Removes runners of other programs: nobody makes them again. One that was just made may be about to be used. */
async function clearOthers(folder: string, platform: string, path: string): Promise<void> {
  const own = basename(path);
  const names = (await readdir(folder)).filter(
    (name) => name.startsWith(`runner-${platform}-`) && !name.startsWith(own),
  );
  for (const name of names) {
    const other = join(folder, name);
    const madeAt = statSync(other, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - madeAt > othersMs) await rm(other, { force: true });
  }
}

/** A runner from before, if it still is what it was. */
async function keptRunner(path: string): Promise<{ sizeBytes: number; sha256: string } | undefined> {
  try {
    const made = JSON.parse(await readFile(`${path}.json`, 'utf8')) as { sizeBytes: number; sha256: string };
    return made.sha256 === (await sha256Of(path)) ? made : undefined;
  } catch (error) {
    if (systemCode(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Has the pinned runtime of this machine make a blob of script and assets, and puts that into the one of the platform. */
async function putTogether(order: {
  readonly builder: string;
  readonly runtime: string;
  readonly making: string;
  readonly bootstrap: string;
  readonly manifest: ProgramManifest;
  readonly output: string;
  readonly signal: AbortSignal;
}): Promise<void> {
  const { builder, runtime, making, bootstrap, manifest, output, signal } = order;
  const assets = Object.fromEntries(
    manifest.files.map(({ path }) => [assetOf(path), join(making, 'program', path)]),
  );
  const blob = join(making, 'blob');
  const configuration = {
    // As it is named here it is called in the executable.
    main: basename(bootstrap),
    output: blob,
    disableExperimentalSEAWarning: true,
    // Both are of the machine they are made on.
    useSnapshot: false,
    useCodeCache: false,
    // Nothing outside of the file changes how it runs.
    execArgv: ['--no-warnings'],
    execArgvExtension: 'none',
    assets: { [manifestAsset]: join(making, manifestAsset), ...assets },
  };
  const file = join(making, 'sea.json');
  await writeFile(file, JSON.stringify(configuration));
  const { code, said } = await runToEnd(builder, ['--experimental-sea-config', file], making, signal);
  if (code !== 0)
    throw notBuilt(manifest.platform, `the runtime ended with ${code}`, { said: said.slice(-2000) });
  await copyFile(runtime, output);
  await injectBlob(output, await readFile(blob));
}

async function runToEnd(
  program: string,
  args: readonly string[],
  cwd: string,
  signal: AbortSignal,
): Promise<{ code: number | null; said: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: {}, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

function notBuilt(platform: string, why: string, details: object, cause?: unknown): InstallerError {
  return new InstallerError('RUNNER_NOT_BUILT', `Cannot build the program for ${platform}: ${why}`, {
    hint: 'See that the data folder has room for three times the size of the runtime, and run the command again.',
    details: { ...details },
    cause,
  });
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
