import { accessSync, constants, existsSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { basename, join, relative, resolve } from 'node:path';
import { addPackage, CommandError } from '../../commands/index.ts';
import type { Database } from '../../db/index.ts';
import { CrossgapError } from '../../errors.ts';
import type { PackagePin } from '../../events/index.ts';
import { readPfx } from '../../identity/index.ts';
import {
  isPackageId,
  normalizedVersion,
  packageFileName,
  PackageError,
  packNupkg,
  requireVerified,
  samePackage,
  signPackage,
  verifyPackage,
  type PackageReport,
  type PackedFile,
  type VerifyOptions,
} from '../../packages/index.ts';
import { readPackages } from '../../projections/index.ts';
import { command, later, misuse, needed, neededList, text, type Outcome } from '../command.ts';
import { CliError } from '../errors.ts';
import { readGivenFile, systemReason } from '../files.ts';
import { folderFiles } from '../folder-files.ts';
import { facts } from '../table.ts';
import { timeNamed } from '../times.ts';
import { everyTrust, ownTrust, pemTrust } from '../trust.ts';
import { count, size } from '../../words.ts';
import { passwordOf } from './init.ts';
import { lintPackage } from './package-lint.ts';

const pfxBytesMax = 1024 * 1024;

const add = command({
  path: 'package add',
  about: 'Verify signed packages strictly and keep them; all or none',
  example: 'crossgap package add Orders.Web.1.0.0.nupkg',
  args: { FILE: neededList('FILE', 'packages signed with the company certificate') },
  options: {},
  async run(context, { FILE }): Promise<Outcome> {
    const instance = await context.open();
    const trust = { fingerprints: ownTrust(instance) };
    const at = new Date(instance.clock.now());
    const verified = [];
    for (const file of FILE) {
      refuseMissingPackage(file);
      const report = await inWords(() => requireVerified(file, { trust, at }));
      const { id, version, sha256, contentDigest, size: sizeBytes, signature } = report;
      const signer = signature?.signer;
      if (signer === null || signer === undefined) throw new TypeError('a verified package has a signer');
      const pin: PackagePin = { id, version, sha256, contentDigest, sizeBytes };
      // Refuses other content under a known version before anything is stored.
      addPackage(knownPackage(instance.db, pin), { pin, signer, link: null });
      verified.push({ file, report, pin, signer });
    }
    const added = [];
    for (const { file, report, pin, signer } of verified) {
      const stored = await instance.blobs.putFile(file);
      if (stored.digest !== pin.sha256) throw changedWhileRead(file, pin.sha256, stored.digest);
      const entries = instance.record((db) => addPackage(knownPackage(db, pin), { pin, signer, link: null }));
      added.push({ report, known: entries.length === 0 });
    }
    return {
      document: { packages: added.map(({ report, known }) => ({ ...report, known })) },
      text: added
        .flatMap(({ report, known }) => ['', ...describe(report, known ? 'already known' : 'added')])
        .slice(1),
    };
  },
});

const sign = command({
  path: 'package sign',
  about: 'Sign a package with the company certificate, as NuGet does',
  example: 'crossgap package sign Orders.Web.1.0.0.nupkg --certificate acme.pfx',
  args: { FILE: needed('FILE', 'the package') },
  options: {
    certificate: needed('PFX', 'the company certificate, with its private key'),
    'password-file': text('FILE', 'file with the password of the PFX (else asked for, else none)'),
    out: text('FILE', 'where the signed package is written (else in place)'),
  },
  async run(context, { FILE }, { certificate, 'password-file': passwordFile, out = FILE }): Promise<Outcome> {
    const pfx = readGivenFile(certificate, 'certificate', pfxBytesMax);
    const company = readPfx(pfx, await passwordOf(context, passwordFile, certificate, false));
    refuseMissingPackage(FILE);
    const report = await inWords(() => signPackage(FILE, out, company, { hash: 'sha256' }));
    const where = resolve(out) === resolve(FILE) ? 'signed, in the place of the unsigned file' : 'signed';
    return { document: report, text: describe(report, `${where}: ${out}`) };
  },
});

const verify = command({
  path: 'package verify',
  about: 'Verify a package strictly and without the network; works without an instance too',
  example: 'crossgap package verify Orders.Web.1.0.0.nupkg --trust acme.pem',
  args: { FILE: needed('FILE', 'the package') },
  options: {
    trust: text(
      'PEM',
      'certificates whose signatures are believed (else those of this instance and its links)',
    ),
    at: text('TIME', 'when the certificate must be valid, ISO 8601 (else now)'),
  },
  async run(context, { FILE }, { trust, at }): Promise<Outcome> {
    const instance = trust === undefined ? await context.openIfThere() : undefined;
    const fingerprints =
      trust !== undefined ? pemTrust(trust) : instance ? everyTrust(instance) : new Set<string>();
    const options = {
      trust: { fingerprints },
      at: at === undefined ? new Date() : timeNamed(at, '--at'),
    };
    refuseMissingPackage(FILE);
    const report = await verifyPackage(FILE, options);
    const { signature, problems } = report;
    const lines = problems.map(({ code, message, severity }) => `${severity} ${code}: ${message}`);
    if (report.ok) {
      return { document: report, text: [...describe(report, 'signature valid, signer trusted'), ...lines] };
    }
    const standing = signature?.valid === true ? 'signature valid, but not to be used' : 'not to be used';
    return {
      document: report,
      text: [...describe(report, standing), ...lines],
      failure: await refusal(FILE, options),
    };
  },
});

const pack = command({
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

export const packageCommands = [
  add,
  sign,
  verify,
  pack,
  lintPackage,
  later('package push', 'Put a package into a NuGet feed'),
];

/** The package of this side with the same id and version as NuGet counts them, the same file where it is there. */
function knownPackage(db: Database, pin: PackagePin): { pin: PackagePin } | undefined {
  const same = readPackages(db).filter((row) => row.link === '' && samePackage(row.pin, pin));
  return same.find((row) => row.pin.sha256 === pin.sha256) ?? same[0];
}

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

function refuseMissingPackage(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new PackageError('PACKAGE_FILE_UNREADABLE', `Cannot read package ${file}: ${systemReason(cause)}`, {
      hint: 'Check the path and the rights of the file.',
      details: { file },
      cause,
    });
  }
}

/** What to type next about a package that can't be used, which the packages' own room can't know. */
const nextSteps: Readonly<Record<string, string>> = {
  PACKAGE_UNTRUSTED:
    "Sign it with this side's company certificate; packages of another company come with their offers, once `crossgap link accept` and the words on the phone have made that company known.",
  PACKAGE_ALREADY_SIGNED:
    'Nothing is left to do where that signature is the right one; else pack it again with `crossgap package pack` and sign that file.',
  PACKAGE_UNSIGNED: 'Sign it: `crossgap package sign FILE --certificate PFX`.',
};

async function inWords<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    const hint = error instanceof PackageError ? nextSteps[error.code] : undefined;
    if (!(error instanceof PackageError) || hint === undefined) throw error;
    throw new PackageError(error.code, error.message, { hint, details: error.details, cause: error });
  }
}

function changedWhileRead(file: string, verified: string, read: string): CommandError {
  return new CommandError('PACKAGE_CONTENT_DIFFERS', `Cannot add ${file}: it was changed while it was read`, {
    hint: 'Add it again when whatever writes it is done.',
    details: { verified, read },
  });
}

function describe(report: PackageReport, standing: string): string[] {
  const { id, version, signature } = report;
  const signer = signature?.signer;
  const signed =
    signature === null
      ? 'none'
      : [
          signature.valid ? 'signature valid' : 'signature NOT valid',
          signature.kind,
          ...(signature.countersigned ? ['countersigned'] : []),
        ].join(', ');
  return [
    `${id === null ? basename(report.file) : `${id} ${version}`}: ${standing}`,
    ...facts([
      ['size', `${size(report.size)} (${report.size} bytes)`],
      ['sha256', report.sha256],
      ['content', report.contentDigest],
      ['signature', signed],
      ['signer', signer && `${signer.subject}, SHA-256 ${signer.fingerprint}`],
      ['trusted', signature && (report.trusted ? 'yes' : 'no')],
      ['timestamp', signature && (signature.timestamp ?? 'none')],
    ]),
  ];
}

/** The error that using this package would be. */
async function refusal(file: string, options: VerifyOptions): Promise<CrossgapError> {
  try {
    await requireVerified(file, options);
  } catch (error) {
    if (error instanceof CrossgapError) return error;
    throw error;
  }
  throw new TypeError('a package that is not ok can not be used');
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
