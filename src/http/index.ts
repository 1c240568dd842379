export { HttpError, type HttpErrorCode } from './errors.ts';
export type { Listen } from './listen.ts';
export {
  statusServer,
  usualLimits,
  type HttpLimits,
  type StatusServer,
  type StatusServerFacts,
} from './server.ts';
export type { Readiness, ReadinessCheck, StatusSource } from './source.ts';
