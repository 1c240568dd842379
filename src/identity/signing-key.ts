import { createPrivateKey, diffieHellman, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { keyFileUnreadable, readKeyFile, writeKeyFile } from './key-file.ts';
import { agreementKey, rawPublicKey } from './public-key.ts';

/** Signs with an instance's Ed25519 key, which itself stays here. */
export type SigningKey = {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 64 bytes of an Ed25519 signature. */
  sign(bytes: Uint8Array): Uint8Array;
};

/** Opens what was sealed to this instance's X25519 key, which itself stays here. */
export type SealingKey = {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The 32 secret bytes shared with the holder of the other key; refuses a key of small order. */
  agree(otherPublicKey: Uint8Array): Uint8Array;
};

/** The keys of an instance. */
export type InstanceKeys = {
  readonly signing: SigningKey;
  readonly sealing: SealingKey;
  /** Those before, for what was sealed to them and is still under way. */
  readonly earlierSealing: readonly SealingKey[];
};

const signingFile = 'instance.key';
const sealingFile = 'sealing.key';
const earlierFolder = 'earlier';

/**
 * Makes the keys of a new instance in `folder` (mode 0700, files 0600, PKCS #8 PEM).
 *
 * @throws {IdentityError} KEY_FILE_EXISTS
 */
export function createInstanceKeys(folder: string): InstanceKeys {
  const signing = generateKeyPairSync('ed25519').privateKey;
  const sealing = generateKeyPairSync('x25519').privateKey;
  writeKeyFile(join(folder, signingFile), pem(signing));
  writeKeyFile(join(folder, sealingFile), pem(sealing));
  return { signing: signingKey(signing), sealing: sealingKey(sealing), earlierSealing: [] };
}

/**
 * Reads the keys of an instance.
 *
 * @throws {IdentityError} KEY_FILE_MISSING, KEY_FILE_EXPOSED, KEY_FILE_UNREADABLE
 */
export function loadInstanceKeys(folder: string): InstanceKeys {
  return {
    signing: signingKey(readKey(join(folder, signingFile), 'ed25519')),
    sealing: sealingKey(readKey(join(folder, sealingFile), 'x25519')),
    earlierSealing: earlierFolders(folder).map((earlier) =>
      sealingKey(readKey(join(earlier, sealingFile), 'x25519')),
    ),
  };
}

/** Keeps a copy of the present sealing key among the earlier ones, before another takes its place. */
export function keepSealingKey(folder: string): void {
  const path = join(folder, sealingFile);
  const name = Buffer.from(rawPublicKey(readKey(path, 'x25519'))).toString('hex', 0, 8);
  const kept = join(folder, earlierFolder, name, sealingFile);
  if (existsSync(kept)) return;
  mkdirSync(join(folder, earlierFolder), { recursive: true, mode: 0o700 });
  writeKeyFile(kept, readKeyFile(path));
}

/** Folders of earlier sealing keys, each with its `sealing.key`. */
export function earlierFolders(folder: string): string[] {
  const root = join(folder, earlierFolder);
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .toSorted()
    .map((name) => join(root, name));
}

/** A signer over an Ed25519 private key at hand. */
export function signingKey(key: KeyObject): SigningKey {
  return { publicKey: rawPublicKey(key), sign: (bytes) => sign(null, bytes, key) };
}

function sealingKey(key: KeyObject): SealingKey {
  return {
    publicKey: rawPublicKey(key),
    agree: (other) => diffieHellman({ privateKey: key, publicKey: agreementKey(other) }),
  };
}

function readKey(path: string, kind: 'ed25519' | 'x25519'): KeyObject {
  const content = readKeyFile(path);
  let key: KeyObject;
  try {
    key = createPrivateKey(content);
  } catch (cause) {
    throw keyFileUnreadable(path, 'it does not hold a private key in PEM', cause);
  }
  if (key.asymmetricKeyType !== kind) throw keyFileUnreadable(path, `it does not hold a key for ${kind}`);
  return key;
}

function pem(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'pem', type: 'pkcs8' }));
}
