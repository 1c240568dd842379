import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { eventStream } from '../../src/web/event-stream.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const limits = { streamsMax: 1, heartbeatMs: 60_000, gatherMs: 150, retryMs: 3000 };

/** A response that keeps what is written to it. */
function taker(): { readonly response: ServerResponse; readonly written: string[] } {
  const written: string[] = [];
  const response = Object.assign(new EventEmitter(), {
    writableLength: 0,
    writeHead: () => {},
    write: (text: string) => written.push(text),
    end: () => {},
    destroy: () => {},
  });
  return { response: response as unknown as ServerResponse, written };
}

test('changes are gathered for longer where reading the page takes long', async () => {
  let readMs = 2;
  const stream = eventStream(
    () => 'stamp',
    limits,
    () => readMs,
  );
  const { response, written } = taker();
  stream.open(response);
  const told = (): number => written.filter((text) => text.startsWith('event: change')).length;
  stream.announce();
  await vi.advanceTimersByTimeAsync(150);
  expect(told()).toBe(1);
  readMs = 100;
  for (let change = 0; change < 5; change++) {
    stream.announce();
    await vi.advanceTimersByTimeAsync(300);
  }
  expect(told()).toBe(1);
  await vi.advanceTimersByTimeAsync(500);
  expect(told()).toBe(2);
  stream.close();
});
