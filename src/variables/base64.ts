/** The bytes of base64 text, white space in it ignored; undefined where it is malformed. Strict, as .NET reads it. */
export function fromBase64(text: string): Uint8Array | undefined {
  const bare = text.replaceAll(/[ \t\r\n]/g, '');
  if (bare.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(bare)) return undefined;
  return Buffer.from(bare, 'base64');
}
