import { readFileSync } from 'node:fs';
import type { Instance } from '../../instance/index.ts';
import { readRevision, type Revision } from '../../process/index.ts';
import { readRevisions, type RevisionRow } from '../../projections/index.ts';
import { CliError } from '../errors.ts';

/** The revision of this digest, or undefined where its bytes have not come yet. */
export function heldRevision(instance: Instance, digest: string): Revision | undefined {
  return instance.holds(digest) ? readRevision(readFileSync(instance.blobs.path(digest))) : undefined;
}

/** The same, where it must be there. @throws CliError BLOB_MISSING */
export function requiredRevision(
  instance: Instance,
  { process, number, digest }: { readonly process: string; readonly number: number; readonly digest: string },
): Revision {
  const held = heldRevision(instance, digest);
  if (held !== undefined) return held;
  throw new CliError(
    'BLOB_MISSING',
    `Cannot read revision ${number} of process ${process}: its bytes are not here`,
    {
      hint: 'Of an offer: let the daemon run until it has come. Of this side: publish the same file again.',
      details: { process, revision: number, digest },
    },
  );
}

/** The newest revision of a process of this side. @throws CliError PROCESS_UNKNOWN, with the names there are */
export function newestRevision(instance: Instance, process: string): RevisionRow {
  const rows = readRevisions(instance.db);
  const found = rows.findLast((row) => row.process === process);
  if (found !== undefined) return found;
  const names = [...new Set(rows.map((row) => row.process))];
  throw new CliError(
    'PROCESS_UNKNOWN',
    `Cannot find process ${process}: none of that name was published here`,
    {
      hint:
        names.length === 0
          ? 'Publish one: `crossgap process publish FILE.yaml`.'
          : `Published here: ${names.join(', ')}.`,
      details: { process, known: names },
    },
  );
}

/** `PROCESS`, `PROCESS@REVISION`, or `REVISION` alone where there is one process only. */
export function revisionNamed(instance: Instance, text: string): RevisionRow {
  const rows = readRevisions(instance.db);
  const processes = [...new Set(rows.map((row) => row.process))];
  const parts = /^(?:(?<process>.+)@)?(?<number>\d{1,9})$/.exec(text)?.groups;
  if (parts === undefined || processes.includes(text)) return newestRevision(instance, text);
  const only = processes.length === 1 ? processes[0]! : undefined;
  const process = parts['process'] ?? only;
  if (process === undefined) {
    throw new CliError('PROCESS_UNKNOWN', `Cannot tell which process revision ${text} is of`, {
      hint: `Write PROCESS@REVISION, with one of: ${processes.join(', ') || 'none was published yet'}.`,
    });
  }
  const newest = newestRevision(instance, process);
  const found = rows.find((row) => row.process === process && row.revision === Number(parts['number']));
  if (found !== undefined) return found;
  throw new CliError(
    'PROCESS_UNKNOWN',
    `Cannot find revision ${parts['number']} of process ${process}: there is none`,
    {
      hint: `Its newest is revision ${newest.revision}.`,
      details: { process, newest: newest.revision },
    },
  );
}
