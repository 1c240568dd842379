/**
 * Something about a package that whoever asked should know: NuGet's own number where it has one (`NU3008`), else a
 * code of ours (`PACKAGE_…`). An error refuses the package; a warning is told and changes nothing.
 */
export type Problem = {
  readonly code: string;
  readonly message: string;
  readonly severity: 'error' | 'warning';
};

export const problem = (code: string, message: string): Problem => ({ code, message, severity: 'error' });
export const warning = (code: string, message: string): Problem => ({ code, message, severity: 'warning' });
