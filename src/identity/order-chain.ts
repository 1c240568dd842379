import type { X509Certificate } from 'node:crypto';

/** `leaf`, then whoever issued it, then whoever issued that one, as far as they are among `others`. */
export function orderChain(leaf: X509Certificate, others: readonly X509Certificate[]): X509Certificate[] {
  const chain = [leaf];
  for (;;) {
    const last = chain.at(-1)!;
    const issuer = others.find(
      (other) => !chain.includes(other) && last.checkIssued(other) && last.verify(other.publicKey),
    );
    if (issuer === undefined) return chain;
    chain.push(issuer);
  }
}
