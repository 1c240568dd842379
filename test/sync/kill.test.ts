/* Ended exactly between two steps of an exchange; whole companies ended at any moment are `test/kill`. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { busyLink, exchangeProcess, forgeOneChunk } from './kill-support.ts';
import { converge, exchange, expectEqual, type Link } from './link-support.ts';

let link: Link;
beforeEach(() => {
  link = busyLink();
});
afterEach(async () => {
  await link[Symbol.asyncDispose]();
});

describe('T-36 killed between two steps, an exchange is finished by the next one', () => {
  for (const fault of ['sync.parcel-written', 'sync.parcel-renamed', 'sync.parcel-renamed:4', 'sync.settled'])
    test(`the sender, at ${fault}`, async () => {
      expect(await exchangeProcess(link, 'vendor', { fault })).toBe('SIGKILL');
      await converge(link);
      expectEqual(link);
    });

  for (const fault of [
    'sync.entries-received',
    'sync.entries-received:2',
    'sync.chunk-written:3',
    'sync.chunk-noted:3',
    'sync.blob-complete',
    'sync.blob-whole',
    'sync.blob-adopted',
  ])
    test(`the receiver, at ${fault}`, async () => {
      await exchange(link.vendor, link.here);
      expect(await exchangeProcess(link, 'customer', { fault })).toBe('SIGKILL');
      await converge(link);
      expectEqual(link);
    });

  test('the receiver, when a refusal is recorded and the refused bytes still lie there', async () => {
    await exchange(link.vendor, link.here);
    forgeOneChunk(link);
    expect(await exchangeProcess(link, 'customer', { fault: 'sync.blob-refused' })).toBe('SIGKILL');
    await converge(link);
    expectEqual(link);
  });

  test('twice in a row', async () => {
    await exchange(link.vendor, link.here);
    for (const fault of ['sync.chunk-noted:2', 'sync.blob-whole'])
      expect(await exchangeProcess(link, 'customer', { fault })).toBe('SIGKILL');
    await converge(link);
    expectEqual(link);
  });
});
