import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { fileInTarball } from '../../src/installer/tar-entry.ts';

type Entry = {
  readonly name: string;
  readonly prefix?: string;
  readonly content?: string;
  readonly type?: string;
};

function tarball(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ name, prefix = '', content = '', type = '0' }) => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    header.write('ustar\x0000', 257, 'latin1');
    header.write(prefix, 345);
    return [header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

async function read(bytes: Buffer, name: string, pieceBytes = 65_536): Promise<string> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / pieceBytes) }, (_, at) =>
    bytes.subarray(at * pieceBytes, (at + 1) * pieceBytes),
  );
  const found: Buffer[] = [];
  for await (const piece of fileInTarball(Readable.from(pieces), name)) found.push(piece);
  return Buffer.concat(found).toString();
}

const entries = [
  { name: 'package/README.md', content: 'x'.repeat(700) },
  { name: 'package/bin', type: '5' },
  { name: 'package/bin/node', content: `first ${'y'.repeat(2000)} last` },
  { name: 'package/bin/node', content: 'another of the same name' },
];

test('the one file that is asked for is read, however the archive comes in pieces', async () => {
  for (const pieceBytes of [1, 7, 512, 65_536])
    expect(await read(tarball(entries), 'package/bin/node', pieceBytes)).toBe(entries[2]!.content);
});

test('a name that is cut in two is put together', async () => {
  const long = { name: 'bin/node', prefix: 'package/deep', content: 'found' };
  expect(await read(tarball([long]), 'package/deep/bin/node')).toBe('found');
});

test('what is no file, or has another name, is not read', async () => {
  expect(await read(tarball(entries), 'package/bin')).toBe('');
  expect(await read(tarball(entries), 'bin/node')).toBe('');
  expect(await read(tarball([{ name: 'node', type: '2', content: 'a link' }]), 'node')).toBe('');
});
