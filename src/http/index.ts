export { feedHandler, feedPath, type FeedHandler } from './feed/feed-handler.ts';
export { feedServer, type FeedServer } from './feed/feed-server.ts';
export type { FeedSource } from './feed/feed-source.ts';
export { readTokens } from './feed/tokens.ts';
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
