import type { ServerResponse } from 'node:http';

export type EventStream = {
  /** Makes `response` an event stream that begins with the present stamp; false where too many are open already. */
  open(response: ServerResponse): boolean;
  /** Tells every open stream the new stamp; many in a short time become one. */
  announce(): void;
  readonly size: number;
  close(): void;
};

/**
 * How `/events` behaves: how many streams at once, how often a comment keeps them open, how soon changes are told, and
 * how soon a browser that lost its stream is to try again.
 */
export type StreamLimits = {
  readonly streamsMax: number;
  readonly heartbeatMs: number;
  readonly gatherMs: number;
  readonly retryMs: number;
};

/** A reader that leaves this much unread is let go: it would hold memory for as long as it sleeps. */
const unreadBytesMax = 64 * 1024;

/** Reading the page for who looks on takes no more than this part of the time, however often it changes. */
const readingShare = 1 / 20;

/**
 * Streams that tell browsers the stamp of the present state: first `hello`, then `change` whenever it is another. Each
 * browser reads its page again then: where that takes long (`readMs`), changes are gathered for longer.
 */
export function eventStream(
  stamp: () => string,
  limits: StreamLimits,
  readMs: () => number = () => 0,
): EventStream {
  const open = new Set<ServerResponse>();
  let gathering: NodeJS.Timeout | undefined;

  const send = (response: ServerResponse, text: string): void => {
    if (response.writableLength > unreadBytesMax) response.destroy();
    else response.write(text);
  };
  const heartbeat = setInterval(() => {
    for (const response of open) send(response, ': still here\n\n');
  }, limits.heartbeatMs);
  heartbeat.unref();

  return {
    open(response) {
      if (open.size >= limits.streamsMax) return false;
      open.add(response);
      response.on('close', () => open.delete(response));
      response.on('error', () => response.destroy());
      response.writeHead(200, {
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
      });
      send(response, `retry: ${limits.retryMs}\n\nevent: hello\ndata: ${stamp()}\n\n`);
      return true;
    },
    announce() {
      gathering ??= setTimeout(
        () => {
          gathering = undefined;
          for (const response of open) send(response, `event: change\ndata: ${stamp()}\n\n`);
        },
        Math.max(limits.gatherMs, readMs() / readingShare),
      );
      gathering.unref();
    },
    get size() {
      return open.size;
    },
    close() {
      clearInterval(heartbeat);
      clearTimeout(gathering);
      for (const response of open) response.end();
      open.clear();
    },
  };
}
