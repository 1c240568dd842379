export { CliError, type CliErrorCode } from './errors.ts';
export { runCommandLine, type World } from './run.ts';
