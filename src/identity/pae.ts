/**
 * DSSE's pre-authentication encoding of a type and a payload:
 * `"DSSEv1" SP LEN(type) SP type SP LEN(payload) SP payload`, lengths in decimal bytes.
 *
 * Every signature and hash of crossgap is made over this, with a type of its own for each kind of thing, so that
 * what was signed as one kind never passes as another.
 */
export function preAuthEncoding(type: string, payload: Uint8Array): Buffer {
  const prefix = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${payload.byteLength} `;
  const prefixLength = Buffer.byteLength(prefix);
  const encoded = Buffer.allocUnsafe(prefixLength + payload.byteLength);
  encoded.write(prefix, 0, prefixLength, 'utf8');
  encoded.set(payload, prefixLength);
  return encoded;
}
