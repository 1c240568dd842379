/**
 * What a package signature signs: a text that names the hash of the package.
 *
 *     Version:1
 *     <empty line>
 *     <OID of the hash>-Hash:<hash in base64>
 *     <empty line>
 *
 * Lines end in a line feed and nothing else; this is the only form that is written, and read.
 */
import type { CmsMessage } from './cms.ts';
import { hashOfOid, hashOid, oids, type HashName } from './oids.ts';
import { problem, type Problem, type ProblemCode } from '../problems.ts';

type SignedHash = { readonly name: HashName; readonly digest: Buffer };

const sizes: Record<HashName, number> = { sha256: 32, sha384: 48, sha512: 64 };

export function signatureContent(name: HashName, digest: Buffer): Buffer {
  return Buffer.from(`Version:1\n\n${hashOid(name)}-Hash:${digest.toString('base64')}\n\n`);
}

/** The hash that is signed, or why there is none. */
export function readSignatureContent(message: CmsMessage): {
  signedHash: SignedHash | undefined;
  problems: Problem[];
} {
  const refused = (code: ProblemCode, because: string): { signedHash: undefined; problems: Problem[] } => ({
    signedHash: undefined,
    problems: [problem(code, because)],
  });
  if (message.contentType !== oids.data)
    return refused('NU3011', 'the signature signs something other than data');
  const text = message.content.toString('latin1');
  const version = /^Version:(.*)$/m.exec(text)?.[1];
  if (version !== '1') return refused('NU3007', 'the signature is of a version that is not known');
  const found = /^Version:1\n\n([0-9.]+)-Hash:([A-Za-z0-9+/]+=*)\n\n$/.exec(text);
  if (found === null)
    return refused('NU3000', 'the signature does not name the hash of a package as it must');
  const name = hashOfOid(found[1]!);
  if (name === undefined)
    return refused('NU3016', `the package is hashed with ${found[1]}, which is not allowed`);
  const digest = Buffer.from(found[2]!, 'base64');
  if (digest.length !== sizes[name] || digest.toString('base64') !== found[2])
    return refused('NU3000', 'the signature does not name the hash of a package as it must');
  return { signedHash: { name, digest }, problems: [] };
}
