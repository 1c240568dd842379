import { afterAll, beforeAll, describe } from 'vitest';
import { requires } from '../support/requires.ts';
import { newLink, startHub, type Hub } from './jetstream-support.ts';
import { keepsTheTransportContract } from './transport-contract.ts';

const link = newLink();
let hub: Hub;

describe.runIf(requires('nats-server', 'the JetStream transport'))('by way of a hub', () => {
  beforeAll(async () => {
    hub = await startHub([link]);
  });
  afterAll(async () => {
    await hub[Symbol.asyncDispose]();
  });

  keepsTheTransportContract('jetstream', () => hub.pair(link));
  keepsTheTransportContract('jetstream over WebSocket', () => hub.pair(link, 'websocket'));
});
