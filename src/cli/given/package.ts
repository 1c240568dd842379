import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { PackageError, type PackageReport } from '../../packages/index.ts';
import { size } from '../../words.ts';
import { systemReason } from './files.ts';
import { facts } from '../table.ts';

/** Errors: `PACKAGE_FILE_UNREADABLE` for a package that is named and not there. */
export function refuseMissingPackage(file: string): void {
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
    "Sign it with this side's company certificate; packages of another company come with their offers, once `crossgap link accept INVITATION` and the words on the phone have made that company known.",
  PACKAGE_ALREADY_SIGNED:
    'Nothing is left to do where that signature is the right one; else sign it anew with --replace, or add a signature to it with `crossgap package countersign FILE --certificate PFX --service-index URL`.',
  PACKAGE_UNSIGNED: 'Sign it: `crossgap package sign FILE --certificate PFX`.',
};

/** The error of a task on packages, with what to type next. */
export async function inWords<Result>(task: () => Promise<Result>): Promise<Result> {
  try {
    return await task();
  } catch (error) {
    const hint = error instanceof PackageError ? nextSteps[error.code] : undefined;
    if (!(error instanceof PackageError) || hint === undefined) throw error;
    throw new PackageError(error.code, error.message, { hint, details: error.details, cause: error });
  }
}

/**
 * A verified package as people read it, under one line on how it stands. Whether its signer is trusted is left out
 * where nobody asked.
 */
export function describePackage(
  report: PackageReport,
  standing: string,
  { trustAsked = true }: { readonly trustAsked?: boolean } = {},
): string[] {
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
      ['trusted', trustAsked ? signature && (report.trusted ? 'yes' : 'no') : null],
      ['timestamp', signature && (signature.timestamp ?? 'none')],
    ]),
  ];
}
