import { BundleError, findBundles, type BundleInFile, type Found } from '../../bundles/index.ts';
import {
  beginsAsExecutable,
  bundleIn,
  damagedPart,
  InstallerError,
  inspectInstaller,
  readInstaller,
  type InstallerFile,
  type InstallerPart,
} from '../../installer/index.ts';
import { moment, short, size } from '../../words.ts';
import { indented, table } from '../table.ts';

/** An installer or runner that was looked at to its last byte. */
export type InspectedProgram = { readonly file: InstallerFile; readonly parts: readonly InstallerPart[] };

/** What lies on a medium: bundles, those in installers among them, and the programs that came with them. */
export type Carried = {
  readonly found: Found;
  readonly programs: readonly InstallerFile[];
  /** Why files that were programs can't be read as such. */
  readonly spoiltPrograms: readonly InstallerError[];
};

/** @throws BundleError as `findBundles`, InstallerError INSTALLER_UNREADABLE */
export async function findCarried(paths: readonly string[]): Promise<Carried> {
  const programs: InstallerFile[] = [];
  const spoiltPrograms: InstallerError[] = [];
  const within: BundleInFile = async (path, start) => {
    try {
      const file = beginsAsExecutable(start) ? await readInstaller(path) : undefined;
      if (file === undefined) return undefined;
      programs.push(file);
      return bundleIn(file);
    } catch (error) {
      if (!(error instanceof InstallerError) || error.code === 'INSTALLER_UNREADABLE') throw error;
      spoiltPrograms.push(error);
      return undefined;
    }
  };
  try {
    return { found: await findBundles(paths, within), programs, spoiltPrograms };
  } catch (error) {
    const isNoBundle = error instanceof BundleError && error.code === 'BUNDLE_NOT_FOUND';
    if (!isNoBundle || programs.length + spoiltPrograms.length === 0) throw error;
    return { found: { bundles: [], spoilt: [] }, programs, spoiltPrograms };
  }
}

/** Reads every byte of programs. @throws InstallerError INSTALLER_UNREADABLE */
export async function inspectPrograms(files: readonly InstallerFile[]): Promise<InspectedProgram[]> {
  const { signal } = new AbortController();
  const inspected: InspectedProgram[] = [];
  for (const file of files)
    inspected.push({ file, parts: await inspectInstaller(file, { tell: () => {}, signal }) });
  return inspected;
}

/** For scripts. */
export function inspectedDocument({ file, parts }: InspectedProgram): Record<string, unknown> {
  const { path, sizeBytes, index, maker } = file;
  return {
    kind: index.bundle === null ? 'runner' : 'installer',
    file: path,
    size: sizeBytes,
    platform: index.platform,
    programVersion: index.program.version,
    runtime: index.program.runtime,
    maker: {
      name: maker.name,
      subject: maker.subject,
      fingerprint: maker.fingerprint,
      words: maker.words,
    },
    release: index.release,
    madeAt: index.madeAt,
    complete: parts.every(({ ok }) => ok),
    parts,
  };
}

/** For people. */
export function inspectedLines({ file, parts }: InspectedProgram): string[] {
  const { path, index, maker } = file;
  const { release, madeAt, program } = index;
  const what = release === null ? 'Runner' : `Installer of ${release.process} ${release.number}`;
  const isGood = parts.every(({ ok }) => ok);
  const rows = parts.map(({ name, size: bytes, sha256, ok }) => [
    name,
    size(bytes),
    short(sha256),
    ok ? 'good' : 'NOT GOOD: its bytes are not those that were signed',
  ]);
  return [
    `${what} for ${index.platform}: ${isGood ? 'unchanged' : 'DAMAGED'}`,
    ...indented([
      path,
      `made by ${maker.name}, ${maker.subject} (${maker.words})${madeAt === null ? '' : `, ${moment(madeAt)}`}`,
      `crossgap ${program.version} on Node ${program.runtime}`,
      ...table(rows),
    ]),
  ];
}

/** What is wrong with programs; undefined where nothing is. */
export function programsFailure(inspected: readonly InspectedProgram[]): InstallerError | undefined {
  for (const { file, parts } of inspected) {
    const bad = parts.find(({ ok }) => !ok);
    if (bad !== undefined)
      return damagedPart(file.path, bad.name, 'its bytes are not those that were signed');
  }
  return undefined;
}
