import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';

/** A package as the body of a push, as the official client frames it: one part, the boundary in quotes. */
export type Form = {
  readonly contentType: string;
  readonly body: () => AsyncIterable<Uint8Array>;
};

export function packageForm(path: string): Form {
  const boundary = randomUUID();
  const head = [
    `--${boundary}`,
    'Content-Type: application/octet-stream',
    "Content-Disposition: form-data; name=package; filename=package.nupkg; filename*=utf-8''package.nupkg",
    '',
    '',
  ].join('\r\n');
  return {
    contentType: `multipart/form-data; boundary="${boundary}"`,
    async *body() {
      yield Buffer.from(head);
      yield* createReadStream(path, { highWaterMark: 1 << 18 });
      yield Buffer.from(`\r\n--${boundary}--\r\n`);
    },
  };
}
