import { command, list, needed } from '../command.ts';

export const packageLint = command({
  path: 'package lint',
  about: 'What a process would do with a package in every environment, before there is a release',
  example: 'crossgap package lint Orders.Web.1.0.0.nupkg --process orders.yaml',
  args: { FILE: needed('FILE', 'the package, signed or not') },
  options: {
    process: needed('P', 'a process file, PROCESS or PROCESS@REVISION'),
    env: list('E', 'further environments, beside those here and those the process names'),
    engine: list('KIND', 'script engines the target has: bash, python, powershell (else those of this host)'),
  },
  async run(context, { FILE }, options) {
    // It takes what a deployment takes, which the other commands of packages do without.
    const { lintPackage } = await import('../tried/lint-package.ts');
    return lintPackage(context, FILE, options);
  },
});
