export { OctopusError, octopusErrorCodes, type OctopusErrorCode } from './errors.ts';
export { importProcess, type ImportedProcess, type ImportRequest } from './import-process.ts';
export type { NotCarried } from './not-carried.ts';
