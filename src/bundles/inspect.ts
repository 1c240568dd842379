import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { guardRead, hasItsSize, missingParts, type Found, type FoundBundle, type FoundPart } from './scan.ts';

/** How one part is. */
export type PartState = {
  readonly part: number;
  readonly file: string;
  readonly size: number;
  readonly ok: boolean;
  /** SHA-256 of its content, as its front says. */
  readonly sha256: string;
  /** Why it is not ok. */
  readonly why?: string;
};

/** How a bundle is, as far as anybody can see without a key. */
export type Inspection = {
  readonly bundle: FoundBundle;
  readonly parts: readonly PartState[];
  readonly missing: readonly number[];
  readonly complete: boolean;
};

const readBytes = 1024 * 1024;

/** Reads every byte of every part and compares it with what the sender signed; `onRead` is told of bytes as they are read. */
export async function inspectBundles(
  found: Found,
  onRead: (bytes: number) => void = () => {},
): Promise<Inspection[]> {
  const inspections: Inspection[] = [];
  for (const bundle of found.bundles) {
    const parts: PartState[] = [];
    for (const part of [...bundle.parts.values()].toSorted((a, b) => a.part - b.part)) {
      const why = await damageOf(part, onRead);
      const { part: number, path, fileBytes, content } = part;
      const state = { part: number, file: path, size: fileBytes, sha256: content.sha256 };
      parts.push(why === undefined ? { ...state, ok: true } : { ...state, ok: false, why });
    }
    const missing = missingParts(bundle);
    inspections.push({
      bundle,
      parts,
      missing,
      complete: missing.length === 0 && parts.every(({ ok }) => ok),
    });
  }
  return inspections;
}

/** What is wrong with a part, undefined where nothing is. */
export async function damageOf(
  part: FoundPart,
  onRead: (bytes: number) => void = () => {},
): Promise<string | undefined> {
  const { path, offset, frontBytes, content, fileBytes } = part;
  if (!hasItsSize(part)) {
    const expected = frontBytes + content.sizeBytes;
    return fileBytes < expected
      ? `it was cut short: ${fileBytes} of its ${expected} bytes are there`
      : `it has ${fileBytes - expected} bytes too many`;
  }
  const hash = createHash('sha256');
  await guardRead(path, async () => {
    await using file = await open(path, 'r');
    const buffer = Buffer.allocUnsafe(readBytes);
    const end = frontBytes + content.sizeBytes;
    for (let at = frontBytes; at < end;) {
      const { bytesRead } = await file.read(buffer, 0, Math.min(readBytes, end - at), offset + at);
      if (bytesRead === 0) return;
      hash.update(buffer.subarray(0, bytesRead));
      at += bytesRead;
      onRead(bytesRead);
    }
  });
  return hash.digest('hex') === content.sha256 ? undefined : 'its content was changed';
}
