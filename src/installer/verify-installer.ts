import { digestOf } from './hash-file.ts';
import { damagedPart, guardRead, type InstallerFile } from './installer-file.ts';
import type { PartName } from './installer-index.ts';

/** How one part of an installer is. */
export type InstallerPart = {
  readonly name: Exclude<PartName, 'index'>;
  readonly offset: number;
  readonly size: number;
  readonly sha256: string;
  readonly ok: boolean;
};

export type Verifying = {
  /** Bytes that were looked at, of how many. */
  readonly tell: (done: number, of: number) => void;
  readonly signal: AbortSignal;
};

const toldEveryBytes = 16 * 1024 * 1024;

/** Reads every byte of every part and compares it with what the maker signed; its memory does not grow with them. */
export async function inspectInstaller(
  file: InstallerFile,
  { tell, signal }: Verifying,
): Promise<InstallerPart[]> {
  const { path, index } = file;
  const parts = [
    { name: 'program' as const, ...index.program },
    ...(index.bundle === null ? [] : [{ name: 'bundle' as const, ...index.bundle }]),
  ];
  const of = parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  let [done, told] = [0, 0];
  const onRead = (bytes: number): void => {
    signal.throwIfAborted();
    done += bytes;
    if (done - told < toldEveryBytes) return;
    told = done;
    tell(done, of);
  };
  const states: InstallerPart[] = [];
  for (const { name, offset, sizeBytes, sha256 } of parts) {
    const found = await guardRead(path, () => digestOf(path, { offset, sizeBytes }, 'sha256', onRead));
    states.push({ name, offset, size: sizeBytes, sha256, ok: found.toString('hex') === sha256 });
  }
  tell(of, of);
  return states;
}

/** Checks every byte of an installer. @throws {InstallerError} INSTALLER_DAMAGED with the part, INSTALLER_UNREADABLE */
export async function verifyInstaller(file: InstallerFile, verifying: Verifying): Promise<void> {
  const bad = (await inspectInstaller(file, verifying)).find(({ ok }) => !ok);
  if (bad !== undefined) throw damagedPart(file.path, bad.name, 'its bytes are not those that were signed');
}
