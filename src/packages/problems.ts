/** Our own codes, where NuGet has no number. */
export const ownProblemCodes = [
  'NOT_A_PACKAGE',
  'PACKAGE_ARCHIVE_MALFORMED',
  'PACKAGE_NAME_UNSAFE',
  'PACKAGE_TOO_LARGE',
  'PACKAGE_DAMAGED',
  'PACKAGE_NUSPEC_INVALID',
  'PACKAGE_NOT_AUTHOR_SIGNED',
  'PACKAGE_FILE_NAME_DIFFERS',
  'PACKAGE_CHAIN_INCOMPLETE',
  'PACKAGE_REVOCATION_LIST_UNREADABLE',
] as const;

/** `NU3008` and its like are NuGet's; docs/packages.md tells what each means and what to do. */
export type ProblemCode = `NU3${number}` | (typeof ownProblemCodes)[number];

/**
 * Something about a package that whoever asked should know. An error refuses the package; a warning is told and changes
 * nothing.
 */
export type Problem = {
  readonly code: ProblemCode;
  readonly message: string;
  readonly severity: 'error' | 'warning';
};

export const problem = (code: ProblemCode, message: string): Problem => ({
  code,
  message,
  severity: 'error',
});
export const warning = (code: ProblemCode, message: string): Problem => ({
  code,
  message,
  severity: 'warning',
});

/** Whether an error of reading a package is one that a report can tell. */
export const isProblemCode = (code: string): code is ProblemCode =>
  ownProblemCodes.some((own) => own === code);
