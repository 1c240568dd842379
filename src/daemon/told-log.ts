import { readFileSync } from 'node:fs';
import type { Instance } from '../instance/index.ts';
import { readDeployment } from './status.ts';

/** The log that came with the report of a customer's run; undefined where none did, or it is still on its way. */
export function readToldLog(
  instance: Instance,
  deployment: string,
): { readonly file: string; readonly text: string } | undefined {
  const log = readDeployment(instance, deployment)?.report?.log;
  if (!log?.isHere) return undefined;
  const file = instance.blobs.path(log.digest);
  return { file, text: readFileSync(file, 'utf8') };
}
