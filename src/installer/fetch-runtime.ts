import { spawn } from 'node:child_process';
import { createReadStream, createWriteStream } from 'node:fs';
import { chmod, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InstallerError, systemCode } from './errors.ts';
import { digestOf, sha256Of } from './hash-file.ts';
import { pinnedRuntime, runtimeOfDigest, runtimeVersion, type PinnedRuntime } from './pinned-runtimes.ts';
import { fileInTarball } from './tar-entry.ts';
import { openWorkplace } from './workplace.ts';

export type RuntimeOrder = {
  /** `DATA/runtimes`: what was fetched and found to be right stays there. */
  readonly folder: string;
  /** Tarballs or bare executables that a person brought, where there is no line: for which platforms is found out. */
  readonly given: readonly string[];
  readonly tell: (line: string) => void;
  readonly signal: AbortSignal;
};

/**
 * The runtime for a platform: kept from before, brought by a person, or fetched by npm with the registry, proxy and
 * login that npm has. Its digest is compared before anybody uses it.
 *
 * @returns the path of the executable
 * @throws {InstallerError} PLATFORM_UNKNOWN, RUNTIME_NOT_AS_PINNED, RUNTIME_OUT_OF_REACH
 */
export async function runtimeFor(platform: string, order: RuntimeOrder): Promise<string> {
  const runtime = pinnedRuntime(platform);
  const { folder, given, tell, signal } = order;
  const kept = join(folder, nameOf(runtime));
  if ((await sha256IfThere(kept)) === runtime.sha256) return kept;
  await guarded(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
  for (const file of given) if (await takeGiven(file, runtime, kept)) return kept;
  tell(`Fetching Node ${runtimeVersion} for ${platform} with npm (${runtime.package})`);
  await using place = await guarded(folder, () => openWorkplace(folder, 'fetching'));
  const tarball = await packedByNpm(runtime, place.path, signal);
  await refuseOtherTarball(tarball, runtime);
  await keepFromTarball(tarball, runtime, kept);
  return kept;
}

function nameOf({ platform, file }: PinnedRuntime): string {
  return `node-${runtimeVersion}-${platform}${file.endsWith('.exe') ? '.exe' : ''}`;
}

async function sha256IfThere(path: string): Promise<string | undefined> {
  try {
    return await sha256Of(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw unreachable(`the runtime kept at ${path} can not be read`, error);
  }
}

/**
 * Looks at what a person brought, whatever is kept from before: each file must be the pinned runtime of one of the
 * platforms that are needed.
 *
 * @throws {InstallerError} RUNTIME_NOT_AS_PINNED, RUNTIME_NOT_NEEDED, RUNTIME_OUT_OF_REACH
 */
export async function refuseOtherRuntimes(
  given: readonly string[],
  needed: readonly string[],
): Promise<void> {
  for (const file of given) {
    const { runtime } = await judgeGiven(file);
    if (needed.includes(runtime.platform)) continue;
    throw new InstallerError(
      'RUNTIME_NOT_NEEDED',
      `Cannot build with ${basename(file)}: it is Node for ${runtime.platform}`,
      {
        hint: `Give the one for ${needed.join(' or ')}, or leave --runtime out.`,
        details: { file, platform: runtime.platform, needed },
      },
    );
  }
}

/** Whose runtime it is that a person brought. @throws {InstallerError} RUNTIME_NOT_AS_PINNED, RUNTIME_OUT_OF_REACH */
async function judgeGiven(given: string): Promise<{ runtime: PinnedRuntime; isTarball: boolean }> {
  const isTarball = await guarded(given, async () => {
    await using file = await open(given, 'r');
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
  });
  const found = await guarded(given, () => (isTarball ? integrityOf(given) : sha256Of(given)));
  const runtime = runtimeOfDigest(found);
  if (runtime !== undefined) return { runtime, isTarball };
  throw notAsPinned(`${basename(given)} is not Node ${runtimeVersion} as the registry has it`, {
    file: given,
    found,
  });
}

/** False where the file is the pinned runtime of another platform. */
async function takeGiven(given: string, wanted: PinnedRuntime, kept: string): Promise<boolean> {
  const { runtime, isTarball } = await judgeGiven(given);
  if (runtime !== wanted) return false;
  if (isTarball) await keepFromTarball(given, runtime, kept);
  else await keep(createReadStream(given), runtime, kept);
  return true;
}

async function integrityOf(tarball: string): Promise<string> {
  return `sha512-${(await digestOf(tarball, undefined, 'sha512')).toString('base64')}`;
}

async function refuseOtherTarball(tarball: string, runtime: PinnedRuntime): Promise<void> {
  const found = await integrityOf(tarball);
  if (found === runtime.integrity) return;
  throw notAsPinned(`what npm brought is not ${runtime.package}@${runtimeVersion} as it was pinned`, {
    expected: runtime.integrity,
    found,
  });
}

async function keepFromTarball(tarball: string, runtime: PinnedRuntime, kept: string): Promise<void> {
  await keep(Readable.from(fileInTarball(createReadStream(tarball), runtime.file)), runtime, kept);
}

/** Writes the executable beside its place, and gives it its name when its digest is right. */
async function keep(content: Readable, runtime: PinnedRuntime, kept: string): Promise<void> {
  const temporary = `${kept}.${process.pid}.tmp`;
  try {
    await guarded(kept, () => pipeline(content, createWriteStream(temporary, { mode: 0o700 })));
    const found = await sha256Of(temporary);
    if (found !== runtime.sha256)
      throw notAsPinned(`the executable in ${runtime.package}@${runtimeVersion} is not the pinned one`, {
        expected: runtime.sha256,
        found,
      });
    await chmod(temporary, 0o700);
    await rename(temporary, kept);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** The tarball that `npm pack` put into the folder. */
async function packedByNpm(runtime: PinnedRuntime, folder: string, signal: AbortSignal): Promise<string> {
  const spec = `${runtime.package}@${runtimeVersion}`;
  const { code, said } = await npm(['pack', spec, '--ignore-scripts', '--silent'], folder, signal);
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz'));
  if (code === 0 && tarball !== undefined) return join(folder, tarball);
  throw unreachable(`npm could not fetch ${spec}`, undefined, { npm: said.trim().slice(-2000) });
}

async function npm(
  args: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<{ code: number | null; said: string }> {
  const onWindows = process.platform === 'win32';
  return new Promise((resolve, reject) => {
    // On Windows npm is a script, which only a shell starts; nothing in the arguments means anything to it.
    const child = spawn(onWindows ? 'npm.cmd' : 'npm', [...args], {
      cwd: folder,
      shell: onWindows,
      signal,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', (error) =>
      reject(
        systemCode(error) === 'ENOENT' ? unreachable('npm is not on this machine', error) : signal.reason,
      ),
    );
    child.once('close', (code) => resolve({ code, said }));
  });
}

async function guarded<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const system = systemCode(cause);
    if (system === undefined || cause instanceof InstallerError) throw cause;
    throw unreachable(`${path} can not be used: the system says ${system}`, cause);
  }
}

function unreachable(why: string, cause?: unknown, details: object = {}): InstallerError {
  return new InstallerError(
    'RUNTIME_OUT_OF_REACH',
    `Cannot get Node ${runtimeVersion} to build with: ${why}`,
    {
      hint:
        'Where there is a line, see that `npm ping` answers; else fetch it elsewhere with ' +
        `\`npm pack node-PLATFORM@${runtimeVersion}\` and name the file with --runtime.`,
      details: { ...details },
      cause,
    },
  );
}

function notAsPinned(why: string, details: object): InstallerError {
  return new InstallerError('RUNTIME_NOT_AS_PINNED', `Cannot build with this runtime: ${why}`, {
    hint: 'Fetch it again; if it stays so, somebody between here and the registry changes what passes.',
    details: { ...details },
  });
}
