import { createHash } from 'node:crypto';

const domain = Buffer.from('crossgap feed v1\0', 'latin1');

/** The hash that stands before the first entry of a feed. */
export const noHash = '0'.repeat(64);

/**
 * The id of the feed from one author to one audience: the first 16 bytes of SHA-256 over the domain tag, the
 * author's instance id and the audience (the link's id, or the author's own id for its self feed), all in hex here.
 */
export function feedId(author: string, audience: string): string {
  const digest = createHash('sha256').update(domain).update(author, 'hex').update(audience, 'hex').digest();
  return digest.toString('hex', 0, 16);
}
