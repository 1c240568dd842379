/*
 * All that needs the NATS client, which takes longer to load than most commands take: whoever opens a line to a server
 * loads it by `overNats()`, and nobody else.
 */
export { applyHub, checkHub, versionFinding } from './jetstream-hub.ts';
export { jetstreamTransport } from './jetstream-transport.ts';
export { natsConnection } from './nats-connection.ts';
