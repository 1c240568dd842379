import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto';

/**
 * What a run keeps of secrets on disk: sensitive outputs are sealed, file contents are known by a keyed digest. Both
 * keys come from the run's own key, which arrives by pipe beside the secrets and is never written.
 */
export interface RunSeal {
  /** `1.` and base64 of nonce, ciphertext and tag (AES-256-GCM); `place` is authenticated with it. */
  seal(text: string, place: string): string;
  /** The sealed text; throws where the key or the place is another one or the bytes were changed. */
  open(sealed: string, place: string): string;
  /** A digest of bytes that tells nobody without the run's key what they could have been. */
  digest(bytes: Uint8Array): string;
}

/** A fresh key for one run: 32 random bytes as base64. */
export function makeRunKey(): string {
  return randomBytes(32).toString('base64');
}

export function runSeal(runKey: string): RunSeal {
  const secret = Buffer.from(runKey, 'base64');
  const derived = (use: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `crossgap run ${use}`, 32));
  const outputs = derived('outputs');
  const contents = derived('contents');
  return {
    seal(text, place) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', outputs, nonce).setAAD(Buffer.from(place));
      const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
      return `1.${sealed.toString('base64')}`;
    },
    open(sealed, place) {
      const bytes = Buffer.from(sealed.slice(2), 'base64');
      const opener = createDecipheriv('aes-256-gcm', outputs, bytes.subarray(0, 12), { authTagLength: 16 })
        .setAAD(Buffer.from(place))
        .setAuthTag(bytes.subarray(-16));
      return Buffer.concat([opener.update(bytes.subarray(12, -16)), opener.final()]).toString('utf8');
    },
    digest: (bytes) => createHmac('sha256', contents).update(bytes).digest('hex'),
  };
}
