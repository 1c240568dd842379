/*
 * All that needs the NATS client, which takes longer to load than most commands take: whoever opens a line to a server
 * loads it by `overNats()`, and nobody else.
 */
export { checkHub } from './check-hub.ts';
export { applyHub } from './jetstream-hub.ts';
export { jetstreamTransport } from './jetstream-transport.ts';
export { natsConnection } from './nats-connection.ts';
export { versionFinding } from './server-version.ts';
