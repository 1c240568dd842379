import { open, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { frontBytesMax, readFront } from '../bundles/index.ts';
import { amount } from '../words.ts';
import { InstallerError, systemCode } from './errors.ts';
import { executableBytes } from './executable-bytes.ts';
import {
  bytesAfterFooter,
  footerBytes,
  indexPlace,
  readIndex,
  type InstallerIndex,
  type PartName,
} from './installer-index.ts';
import { assetOf, startFile } from './program.ts';

/** An installer or a runner whose index was read and holds; the parts it names are not looked at yet. */
export type InstallerFile = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly index: InstallerIndex;
  /** Who signed it. */
  readonly maker: {
    readonly instance: string;
    readonly name: string;
    /** Subject of the company certificate. */
    readonly subject: string;
    readonly fingerprint: string;
    readonly words: string;
    /** The introduction as it came. */
    readonly introduction: Uint8Array;
  };
};

/** Whether bytes begin as an executable of Linux or Windows does. */
export function beginsAsExecutable(start: Uint8Array): boolean {
  const isElf = start[0] === 0x7f && start[1] === 0x45 && start[2] === 0x4c && start[3] === 0x46;
  const isPortable = start[0] === 0x4d && start[1] === 0x5a;
  return isElf || isPortable;
}

/**
 * Reads who made an installer, and what it consists of; undefined where the file is none. Only its end is read.
 *
 * @throws {InstallerError} INSTALLER_DAMAGED where it was one, INSTALLER_VERSION_UNKNOWN, INSTALLER_UNREADABLE
 */
export async function readInstaller(path: string): Promise<InstallerFile | undefined> {
  return guardRead(path, async () => {
    await using file = await open(path, 'r');
    const facts = await file.stat();
    if (!facts.isFile() || !beginsAsExecutable(await bytesAt(file, 0, 4))) return undefined;
    const footer = await bytesAt(file, Math.max(0, facts.size - footerBytes), footerBytes);
    const place = indexPlace(footer, facts.size);
    if (place === undefined) {
      const why = await whyWithoutFooter(file, facts.size);
      if (why === undefined) return undefined;
      throw typeof why === 'string' ? damagedPart(path, 'index', why) : cutShort(path, why);
    }
    if (place === 'damaged') throw damagedPart(path, 'index', 'the last bytes of the file were changed');
    const read = readIndex(await bytesAt(file, place.offset, place.sizeBytes), place.offset);
    if ('unfit' in read)
      throw read.unfit === 'version' ? unknownVersion(path, read.why) : damagedPart(path, 'index', read.why);
    const { index, maker, words } = read;
    const { subject, fingerprint } = maker.certificate;
    const introduction = Buffer.from(index.from.introduction, 'base64');
    const { instanceId: instance, name } = maker;
    return {
      path,
      sizeBytes: facts.size,
      index,
      maker: { instance, name, subject, fingerprint, words, introduction },
    };
  });
}

const endBytes = 64 * 1024;
const searchBytes = 4 * 1024 * 1024;

/** A file that ends too early: how many bytes it has, and how many it had at least. */
type CutShort = { readonly sizeBytes: number; readonly atLeastBytes: number };

/**
 * Any executable may lie on a medium; one that has our program in it was an installer, and so, most likely, was one that
 * ends before its own headers say.
 */
async function whyWithoutFooter(file: FileHandle, fileBytes: number): Promise<string | CutShort | undefined> {
  const from = Math.max(0, fileBytes - endBytes);
  const tooMany = bytesAfterFooter(await bytesAt(file, from, endBytes), fileBytes);
  if (tooMany !== undefined && tooMany > 0) return `the file has ${tooMany} bytes too many at its end`;
  const program = (await executableBytes((offset, length) => bytesAt(file, offset, length))) ?? 0;
  if (program > fileBytes) return { sizeBytes: fileBytes, atLeastBytes: program };
  if (!(await holdsProgram(file, fileBytes))) return undefined;
  return {
    sizeBytes: fileBytes,
    atLeastBytes: Math.max(fileBytes, await bundleEnd(file, program)) + footerBytes,
  };
}

async function holdsProgram(file: FileHandle, fileBytes: number): Promise<boolean> {
  const mark = Buffer.from(assetOf(startFile), 'latin1');
  const buffer = Buffer.allocUnsafe(searchBytes);
  for (let at = 0; at < fileBytes; at += searchBytes - mark.length) {
    const { bytesRead } = await file.read(buffer, 0, searchBytes, at);
    if (buffer.subarray(0, bytesRead).includes(mark)) return true;
    if (bytesRead < searchBytes) break;
  }
  return false;
}

/** Where the bundle ends that begins there, as its front says; 0 where none can be read. */
async function bundleEnd(file: FileHandle, offset: number): Promise<number> {
  const front = readFront(await bytesAt(file, offset, frontBytesMax));
  return front === undefined || 'unfit' in front
    ? 0
    : offset + front.frontBytes + front.envelope.content.sizeBytes;
}

async function bytesAt(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
  return buffer.subarray(0, bytesRead);
}

/** The error for an installer with a part that is not as its maker signed it. */
export function damagedPart(path: string, part: PartName, why: string): InstallerError {
  return new InstallerError(
    'INSTALLER_DAMAGED',
    `Cannot use ${basename(path)}: its ${part} is damaged: ${why}`,
    {
      hint: copyAgain,
      details: { file: path, part },
    },
  );
}

const copyAgain =
  'Copy the file again and compare its SHA-256 with the transport sheet; if it differs there too, ask who made it for another one.';

function cutShort(path: string, { sizeBytes, atLeastBytes }: CutShort): InstallerError {
  return new InstallerError(
    'INSTALLER_DAMAGED',
    `Cannot use ${basename(path)}: the end of the file is missing: ${amount(sizeBytes)} bytes are here of at least ${amount(atLeastBytes)}`,
    { hint: copyAgain, details: { file: path, part: 'index', sizeBytes, atLeastBytes } },
  );
}

function unknownVersion(path: string, why: string): InstallerError {
  return new InstallerError('INSTALLER_VERSION_UNKNOWN', `Cannot read ${basename(path)}: ${why}`, {
    hint: 'It was made by a newer crossgap; update the one here and run the command again.',
    details: { file: path },
  });
}

/** What the system refuses to let be read, by name: a medium that was pulled out, most often. */
export async function guardRead<T>(path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const system = systemCode(cause);
    if (system === undefined || cause instanceof InstallerError) throw cause;
    const why = system === 'ENOENT' ? 'it is not there' : `the system says ${system}`;
    throw new InstallerError('INSTALLER_UNREADABLE', `Cannot read ${basename(path)}: ${why}`, {
      hint: 'Plug the medium in again and repeat the command; or look whether the name is right.',
      details: { path, system },
      cause,
    });
  }
}
