import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Makes a script file what Bash and Python read: UTF-8 without byte order mark, lines that end in LF. UTF-16 is known
 * by its mark; any other bytes stay what they are. A file that is so already is not written.
 */
export function makePlain(file: string): void {
  const bytes = readFileSync(file);
  const plain = plainBytes(bytes);
  if (!plain.equals(bytes)) writeFileSync(file, plain);
}

function plainBytes(bytes: Buffer): Buffer {
  const isLittle = bytes[0] === 0xff && bytes[1] === 0xfe;
  const isBig = bytes[0] === 0xfe && bytes[1] === 0xff;
  if (isLittle || isBig) {
    const text = new TextDecoder(isLittle ? 'utf-16le' : 'utf-16be').decode(bytes);
    return Buffer.from(text.replaceAll('\r\n', '\n'), 'utf8');
  }
  // Latin-1 keeps every byte, also of a file that is not UTF-8.
  const text = bytes.toString('latin1').replace(/^\u00ef\u00bb\u00bf/, '');
  return Buffer.from(text.replaceAll('\r\n', '\n'), 'latin1');
}
