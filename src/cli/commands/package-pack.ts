import { existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import {
  isPackageId,
  normalizedVersion,
  packageFileName,
  PackageError,
  packNupkg,
  refuseOtherName,
  type PackedFile,
} from '../../packages/index.ts';
import { count, size } from '../../words.ts';
import { command, misuse, needed, text, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { systemReason } from '../given/files.ts';
import { folderFiles } from '../given/folder-files.ts';

export const packagePack = command({
  path: 'package pack',
  about: 'Pack a folder as an unsigned NuGet package; the same files give the same bytes',
  example: 'crossgap package pack build --id Orders.Web --version 1.0.0 --out Orders.Web.1.0.0.nupkg',
  args: { FOLDER: needed('FOLDER', 'the application as it is to be extracted') },
  options: {
    id: needed('ID', 'id of the package'),
    version: needed('VERSION', 'its version, SemVer 2'),
    out: text('FILE', 'where it is written (else ID.VERSION.nupkg here)'),
  },
  async run(_context, { FOLDER }, { id, version, out }): Promise<Outcome> {
    const outFile = out ?? packageFileName({ id, version });
    refuseUnfitIdentity(id, version);
    refuseOtherName(outFile, { id, version }, 'pack');
    if (!relative(resolve(FOLDER), resolve(outFile)).startsWith('..')) {
      throw misuse(
        `Cannot pack ${FOLDER}: the package would be written into the folder itself`,
        'Name a file outside of it with --out.',
      );
    }
    const files = packedFiles(FOLDER);
    const known = knownVersion(version);
    const written = await packNew(outFile, (file) => packNupkg({ id, version: known, files, outFile: file }));
    const { size: sizeBytes } = lstatSync(outFile);
    return {
      document: { file: resolve(outFile), id, version: known, size: sizeBytes, files: files.length, written },
      text: `${id} ${known}: ${count(files.length, 'file')}, ${size(sizeBytes)}, ${written ? 'written to' : 'the same as in'} ${outFile}, not signed yet`,
    };
  },
});

/**
 * Packs beside the file and puts it there, or leaves the file that is there where it is the same; what differs, a signed
 * package before all, is not written over. Returns whether a file was written.
 */
async function packNew(file: string, packTo: (file: string) => Promise<void>): Promise<boolean> {
  if (!existsSync(file)) {
    await packTo(file);
    return true;
  }
  const temporary = `${file}.${process.pid}.new`;
  try {
    await packTo(temporary);
    if (readFileSync(temporary).equals(readFileSync(file))) return false;
  } finally {
    rmSync(temporary, { force: true });
  }
  throw new CliError('FILE_EXISTS', `Cannot pack to ${file}: that file is there, with other content`, {
    hint: 'Name another file with --out, or move this one away; it may be signed already.',
    details: { file: resolve(file) },
  });
}

/** The version as every list shows it, so that `1.0` and `1.0.0` are not two; build metadata stays behind it. */
function knownVersion(version: string): string {
  const [, metadata] = /^[^+]*(\+.*)?$/.exec(version) ?? [];
  return `${normalizedVersion(version) ?? version}${metadata ?? ''}`;
}

function refuseUnfitIdentity(id: string, version: string): void {
  if (!isPackageId(id)) {
    throw new PackageError(
      'PACKAGE_INPUT_INVALID',
      `Cannot pack a package called ${JSON.stringify(id)}: that is no id of a package`,
      {
        hint: 'Use letters, digits and underscores, parted by single dots and dashes; at most 100 characters.',
        details: { id },
      },
    );
  }
  if (normalizedVersion(version) !== undefined) return;
  throw new PackageError(
    'PACKAGE_INPUT_INVALID',
    `Cannot pack ${id} ${JSON.stringify(version)}: that is no version`,
    {
      hint: 'Write a version as SemVer 2 has it, for example 1.4.0 or 2.0.0-rc.1.',
      details: { id, version },
    },
  );
}

function packedFiles(folder: string): PackedFile[] {
  let files;
  try {
    files = folderFiles(folder);
  } catch (error) {
    throw misuse(`Cannot pack ${folder}: ${systemReason(error)}`, 'Name a folder that can be read.');
  }
  return files.map(({ path, kind }) => {
    if (kind === 'file') return { path, file: join(folder, path) };
    throw misuse(
      `Cannot pack ${folder}: ${path} is a ${kind === 'link' ? 'link' : 'device'}, and a package holds files only`,
      'Put the file itself there, or leave it out.',
    );
  });
}
