import { open } from 'node:fs/promises';
import { addElfNote } from './elf.ts';
import { addPeResource } from './pe.ts';
import { unknownForm, type Bytes } from './bytes.ts';

const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:';
const readBytes = 4 * 1024 * 1024;

/**
 * Puts a blob where the runtime finds it when it starts, and tells it that there is one. Of the executable nothing else
 * changes; what is added lies behind its end.
 *
 * @param path a copy of the runtime's executable, which is changed in place
 * @throws {InstallerError} RUNNER_NOT_BUILT where the executable is of a form that is not known here
 */
export async function injectBlob(path: string, blob: Buffer): Promise<void> {
  await using file = await open(path, 'r+');
  const bytes: Bytes = {
    sizeBytes: (await file.stat()).size,
    async read(offset, length) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    },
    async write(content, offset) {
      await file.write(content, 0, content.length, offset);
    },
    truncate: (sizeBytes) => file.truncate(sizeBytes),
  };
  await turnFuse(bytes);
  const start = await bytes.read(0, 4);
  if (start.toString('latin1', 0, 2) === 'MZ') await addPeResource(bytes, blob);
  else if (start.toString('latin1') === '\x7fELF') await addElfNote(bytes, blob);
  else throw unknownForm('it is an executable of neither Linux nor Windows');
}

/** The one character that tells the runtime to look for a blob at all. */
async function turnFuse(bytes: Bytes): Promise<void> {
  const mark = Buffer.from(fuse, 'latin1');
  for (let at = 0; at < bytes.sizeBytes; at += readBytes - mark.length) {
    const found = (await bytes.read(at, readBytes)).indexOf(mark);
    if (found < 0) continue;
    await bytes.write(Buffer.from('1'), at + found + mark.length);
    return;
  }
  throw unknownForm('it does not run single executables');
}
