export { bundleIn, bundleInInstaller } from './bundle-in.ts';
export { InstallerError, type InstallerErrorCode } from './errors.ts';
export { type RuntimeOrder } from './fetch-runtime.ts';
export { readInstaller, type InstallerFile } from './installer-file.ts';
export type { InstallerIndex } from './installer-index.ts';
export { installerPlatform, platforms, runtimeVersion } from './pinned-runtimes.ts';
export { buildRunner, type Runner } from './runner.ts';
export { inspectInstaller, verifyInstaller, type InstallerPart, type Verifying } from './verify-installer.ts';
export { writeInstaller, type InstallerOrder, type WrittenInstaller } from './write-installer.ts';
