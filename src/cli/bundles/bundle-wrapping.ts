import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  findBundles,
  writeTransportSheet,
  type BundleFacts,
  type Exported,
  type SheetFile,
} from '../../bundles/index.ts';
import {
  buildRunner,
  bundleInInstaller,
  InstallerError,
  installerPlatform,
  openWorkplace,
  sha256Of,
  writeInstaller,
  type Runner,
  type WrittenInstaller,
} from '../../installer/index.ts';
import { programVersion } from '../../installation.ts';
import type { Instance } from '../../instance/index.ts';
import type { LinkRow, ReleaseRow } from '../../projections/index.ts';
import { commandLine, size } from '../../words.ts';
import { senderOf } from './bundle-ends.ts';
import { misuse, type Context } from '../command.ts';
import type { Given } from './bundle-wish.ts';

/** A program that a bundle is to lie in, or beside. */
export type Wrapping = { readonly kind: 'installer' | 'runner'; readonly platform: string };

/** What was written of a wrapping. */
export type Wrapped = {
  readonly made: Exported;
  readonly program: WrittenInstaller;
  readonly runner: Runner;
};

type Wished = Given & {
  readonly installer: string | undefined;
  readonly runner: string | undefined;
  readonly runtime: readonly string[];
};

/** Whether a program is to come with the bundle. @throws CliError USAGE_INVALID, InstallerError PLATFORM_UNKNOWN */
export function readWrapping(given: Wished): Wrapping | undefined {
  const { installer, runner, runtime, release, part } = given;
  if (installer !== undefined && runner !== undefined)
    throw misuse(
      'Cannot make both at once: --installer has the bundle inside, --runner beside it',
      'Say one of them.',
    );
  const platform = installer ?? runner;
  if (platform === undefined) {
    if (runtime.length > 0)
      throw misuse(
        'Cannot use --runtime alone: no program is asked for',
        'Say --installer or --runner as well.',
      );
    return undefined;
  }
  installerPlatform(platform);
  if (part !== undefined)
    throw misuse('Cannot put one part into a program: it carries all of them', 'Leave out --part.');
  if (installer !== undefined && release === undefined)
    throw misuse(
      'Cannot make an installer: nobody said of which release',
      'Say --release R: the installer installs it, and is called after it.',
    );
  return { kind: installer === undefined ? 'runner' : 'installer', platform };
}

/** Nothing is left of it here when a bundle was put into an installer. */
export interface Workshop extends AsyncDisposable {
  /** Where the bundle is to be written. */
  readonly folder: string;
  /** How large a part may be, so that the file with the program is not larger than asked for. */
  readonly partBytes: number;
  /** Refuses a bundle that does not go into one file. */
  readonly refuse: (facts: BundleFacts) => void;
  /** Puts program and bundle together, and writes the sheet that goes with them. */
  wrap(made: Exported): Promise<Wrapped>;
}

/** What is to be wrapped, and where it goes. */
export type WorkOrder = {
  readonly link: LinkRow;
  readonly release: ReleaseRow | undefined;
  readonly out: string;
  readonly partBytes: number;
  readonly runtimes: readonly string[];
};

/** Bytes that the front of the bundle, index and footer may have together. */
const frontsBytes = 256 * 1024;

/**
 * The program for a platform, and where a bundle is written that goes with it.
 *
 * @throws {InstallerError} what `buildRunner` throws, INSTALLER_TOO_LARGE, INSTALLER_NOT_WRITTEN where one for another
 * site lies in its place
 */
export async function openWorkshop(
  { terminal }: Pick<Context, 'terminal'>,
  instance: Instance,
  { kind, platform }: Wrapping,
  order: WorkOrder,
): Promise<Workshop> {
  const { out, partBytes, release } = order;
  const suffix = platform.startsWith('win-') ? '.exe' : '';
  const path = join(
    out,
    kind === 'runner' || release === undefined
      ? `crossgap-${programVersion()}-runner-${platform}${suffix}`
      : `${fileWord(release.process)}-${fileWord(release.number)}-installer${suffix}`,
  );
  if (kind === 'installer') await refuseInPlaceOfOther(path, order.link);
  const runtimes = join(instance.folder.root, 'runtimes');
  const runner = await buildRunner(platform, {
    folder: runtimes,
    given: order.runtimes,
    tell: (line) => terminal.talk(line),
    // Whoever ends the command ends it at once; what it leaves is removed by the next one.
    signal: new AbortController().signal,
  });
  const place = kind === 'runner' ? undefined : await openWorkplace(runtimes, 'bundle');
  const folder = place?.path ?? out;
  const { instance: id, name, introduction, signing } = senderOf(instance);
  const maker = { instance: id, name, introduction, signing };
  const refuse = ({ parts, sealedBytes }: BundleFacts): void => {
    if (kind === 'runner') return;
    const bytes = runner.sizeBytes + sealedBytes + frontsBytes;
    if (bytes > partBytes) throw tooLarge(`with the bundle it has ${size(bytes)}`, partBytes);
    if (parts > 1) throw tooLarge(`that bundle was made in ${parts} parts`, partBytes);
  };
  const sheetOf = async (
    { facts, leftOutBytes }: Exported,
    parts: Exported['parts'],
    files: readonly SheetFile[],
  ): Promise<string> => writeTransportSheet(out, { ...facts, leftOutBytes }, parts, files);
  return {
    folder,
    partBytes: kind === 'runner' ? partBytes : Number.MAX_SAFE_INTEGER,
    refuse,
    async wrap(made) {
      if (kind === 'runner' || release === undefined) {
        const program = await writeInstaller({ runner, content: undefined, maker, out: path });
        const parts = await Promise.all(made.parts.map(({ file }) => sheetFile(file)));
        const sheet = await sheetOf(made, made.parts, [programFile(program), ...parts]);
        return { made: { ...made, sheet }, program, runner };
      }
      refuse(made.facts);
      const { process, number, digest } = release;
      const { facts, parts } = made;
      const content = {
        path: parts[0]!.file,
        id: facts.id,
        number: facts.number,
        release: { process, number, digest },
        madeAt: facts.sentAt,
      };
      const program = await writeInstaller({ runner, content, maker, out: path });
      const whole = [{ ...parts[0]!, file: path, size: program.sizeBytes }];
      const sheet = await sheetOf(made, whole, [programFile(program)]);
      return { made: { ...made, parts: whole, sheet }, program, runner };
    },
    async [Symbol.asyncDispose]() {
      await place?.[Symbol.asyncDispose]();
    },
  };
}

/** Of one release each site has a file of its own, and all of them are called alike. */
async function refuseInPlaceOfOther(path: string, { link }: LinkRow): Promise<void> {
  if (!existsSync(path)) return;
  const { bundles } = await findBundles([path], bundleInInstaller);
  const other = bundles.find(({ facts }) => facts.link !== link);
  if (other === undefined) return;
  const { to } = other.facts;
  throw new InstallerError(
    'INSTALLER_NOT_WRITTEN',
    `Cannot write ${basename(path)}: the one for ${to.name} lies there`,
    {
      hint: 'Name another folder with --out, or move that file away.',
      details: { path, to: to.name },
    },
  );
}

/** For scripts. */
export function programDocument({ program, runner }: Wrapped, { kind }: Wrapping): Record<string, unknown> {
  const { path, sizeBytes, sha256 } = program;
  const { platform, programVersion, runtimeVersion } = runner;
  return { kind, file: path, size: sizeBytes, sha256, platform, programVersion, runtime: runtimeVersion };
}

/** For people. */
export function programLines({ program, runner }: Wrapped, { kind }: Wrapping): string[] {
  const { path, sizeBytes, sha256 } = program;
  return [
    `${kind === 'installer' ? 'Installer' : 'Runner'} for ${runner.platform}: ${path} (${size(sizeBytes)})`,
    `  SHA-256 ${sha256}`,
    kind === 'installer'
      ? '  start it at the site; nothing else is needed there'
      : '  start it at the site beside the bundle; the same file will do for later bundles',
    `  check it on another machine with: ${commandLine('bundle', 'inspect', path)}`,
  ];
}

function programFile({ path, sha256 }: WrittenInstaller): SheetFile {
  return { file: path, sha256, isProgram: true };
}

async function sheetFile(file: string): Promise<SheetFile> {
  return { file, sha256: await sha256Of(file), isProgram: false };
}

/** A name that every file system holds. */
function fileWord(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z0-9.]+/g, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return plain === '' ? 'release' : plain.slice(0, 60);
}

function tooLarge(why: string, partBytes: number): InstallerError {
  return new InstallerError(
    'INSTALLER_TOO_LARGE',
    `Cannot make an installer of at most ${size(partBytes)}: ${why}`,
    {
      hint: 'Where the medium holds larger files (FAT32 does not), say --part-size, such as 16GB; else take --runner, which has the bundle in parts beside it.',
      details: { partBytes },
    },
  );
}
