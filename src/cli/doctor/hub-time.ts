import { request } from 'node:https';
import type { Clock } from '../../clock.ts';

/**
 * By how much the clock of a server is ahead of ours, where it has a WebSocket listener: that answers any request over
 * HTTP with its time. Undefined where it tells none; a server that can't be reached is a finding of its own.
 */
export function timeOf(
  url: string,
  ca: string | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<{ readonly name: string; readonly aheadMs: number } | undefined> {
  if (!url.startsWith('wss://') || signal.aborted) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const asked = request(
      url.replace(/^wss:/, 'https:'),
      { method: 'HEAD', signal, timeout: 5000, ...(ca !== undefined && { ca }) },
      (answer) => {
        answer.resume();
        const told = Date.parse(answer.headers.date ?? '');
        resolve(Number.isNaN(told) ? undefined : { name: url, aheadMs: told - clock.now() });
      },
    );
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(undefined));
    asked.on('close', () => resolve(undefined));
    asked.end();
  });
}
