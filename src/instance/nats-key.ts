import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readKeyFile } from '../identity/index.ts';
import { writeOnce } from '../write-once.ts';
import type { DataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';

/** With what an instance signs in to NATS servers. It opens the pipe and vouches for nothing that comes through. */
export type NatsKey = {
  /** The public half, `U…`: all that a server knows. */
  readonly publicKey: string;
  /** The seed, `SU…`: what a client signs in with. */
  readonly seed: string;
};

/** Where the seed lies. */
export function natsSeedFile(folder: DataFolder): string {
  return join(folder.keys, 'nats.seed');
}

/**
 * The instance's NATS key; made when it is asked for the first time. It is no part of the introduction: where it was
 * lost or stolen, the file is removed, and the next reply of `link accept` carries the new one.
 *
 * @throws InstanceError NATS_KEY_UNREADABLE; IdentityError KEY_FILE_EXPOSED
 */
export async function ensureNatsKey(folder: DataFolder): Promise<NatsKey> {
  const path = natsSeedFile(folder);
  if (!existsSync(path)) {
    const { createUser } = await import('@nats-io/nkeys');
    writeOnce(path, Buffer.concat([createUser().getSeed(), Buffer.from('\n')]));
  }
  return readNatsKey(folder);
}

/** The same where it must be there already. @throws IdentityError KEY_FILE_MISSING too */
export async function readNatsKey(folder: DataFolder): Promise<NatsKey> {
  const path = natsSeedFile(folder);
  const seed = readKeyFile(path).toString('latin1').trim();
  return { publicKey: await publicUserKey(seed, path), seed };
}

async function publicUserKey(seed: string, path: string): Promise<string> {
  const { fromSeed } = await import('@nats-io/nkeys');
  let publicKey: string;
  try {
    publicKey = fromSeed(Buffer.from(seed, 'latin1')).getPublicKey();
  } catch (cause) {
    throw seedUnreadable(path, cause);
  }
  if (!publicKey.startsWith('U')) throw seedUnreadable(path);
  return publicKey;
}

function seedUnreadable(path: string, cause?: unknown): InstanceError {
  return new InstanceError(
    'NATS_KEY_UNREADABLE',
    `Cannot use the NATS key ${path}: it is no seed of a user`,
    {
      hint: 'Put the file back as it was; or remove it, and pair again with the reply that `crossgap link accept` then writes.',
      details: { path },
      cause,
    },
  );
}
