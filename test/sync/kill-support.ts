import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { decodeParcelFile, encodeParcelFile } from '../../src/sync/index.ts';
import { acme, contoso, link as linkId } from './folder-support.ts';
import { filesBelow, folderLink, type Link } from './link-support.ts';

/** A link whose vendor has entries and blobs to send and whose customer has something to answer. */
export function busyLink(): Link {
  const link = folderLink();
  for (let index = 0; index < 20; index++) link.vendor.append({ note: `note ${index} ${'x'.repeat(300)}` });
  link.vendor.offer(randomBytes(50_000));
  link.vendor.offer(randomBytes(20_000));
  link.customer.append({ note: 'from the customer' });
  return link;
}

/** Runs one exchange of one side; resolves with how it ended: an exit code, or the signal that killed it. */
export async function exchangeProcess(
  link: Link,
  side: 'vendor' | 'customer',
  { fault }: { fault?: string } = {},
): Promise<number | NodeJS.Signals> {
  const ids = side === 'vendor' ? [acme, contoso] : [contoso, acme];
  const script = join(import.meta.dirname, 'exchange-process.ts');
  const child = spawn(process.execPath, [script, join(link.root, '..'), side, ...ids, linkId], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...(fault === undefined ? {} : { CROSSGAP_FAULT: fault }) },
  });
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return signal ?? code ?? -1;
}

/** Changes a byte of the first chunk that lies there, with a checksum that fits. */
export function forgeOneChunk(link: Link): void {
  const [path] = filesBelow(join(link.own, 'blobs'));
  const decoded = decodeParcelFile(readFileSync(path!));
  if (!('parcel' in decoded) || decoded.parcel.kind !== 'blob') throw new Error('no chunk lies there');
  const bytes = Buffer.from(decoded.parcel.bytes);
  bytes[0] = bytes[0]! ^ 1;
  writeFileSync(path!, encodeParcelFile({ ...decoded.parcel, bytes }));
}
