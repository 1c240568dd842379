import { createPrivateKey, randomBytes, type webcrypto } from 'node:crypto';
import { join } from 'node:path';
import { bech32 } from '@scure/base';
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { earlierFolders, readKeyFile } from '../identity/index.ts';

/**
 * What opens a bundle's header: today's sealing key, then those before, which can't be read out; or of an open bundle the
 * text that stands in its envelope.
 */
export type AgeIdentity = readonly (webcrypto.CryptoKey | string)[];

/** A key for one bundle alone, whoever opens it: its identity as text, and to whom is sealed. */
export async function freshAgeIdentity(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateX25519Identity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** The front of an age file, and what its payload is sealed with. */
export type AgeFront = {
  /** The header with its MAC and the payload's nonce: all that stands before the payload. */
  readonly bytes: Uint8Array;
  readonly key: PayloadSecret;
};

/** What an age payload is sealed with: 16 bytes each. */
export type PayloadSecret = { readonly fileKey: Uint8Array; readonly nonce: Uint8Array };

export const nonceBytes = 16;

/** The longest age header that is read; one of ours has about 200 bytes. */
export const ageHeaderBytesMax = 16 * 1024;

/** An X25519 public key of 32 bytes as age names a receiver: `age1…`. */
export function ageRecipient(publicKey: Uint8Array): string {
  return bech32.encodeFromBytes('age', publicKey);
}

/**
 * The sealing keys of the instance whose keys lie in `folder`: what was sealed before they changed may still be under
 * way.
 *
 * @throws {IdentityError} KEY_FILE_MISSING, KEY_FILE_EXPOSED
 */
export function loadAgeIdentity(folder: string): AgeIdentity {
  return [folder, ...earlierFolders(folder)].map((one) =>
    createPrivateKey(readKeyFile(join(one, 'sealing.key'))).toCryptoKey({ name: 'X25519' }, false, [
      'deriveBits',
    ]),
  );
}

/** A fresh file key sealed to one receiver, as the front of an age file. */
export async function sealAgeFront(recipient: string): Promise<AgeFront> {
  let fileKey = new Uint8Array();
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  // Adds nothing to the header: it only learns the key, so that the payload can be sealed in pieces, and again.
  encrypter.addRecipient({
    wrapFileKey: (key) => {
      fileKey = Uint8Array.from(key);
      return [];
    },
  });
  const empty = await encrypter.encrypt(new Uint8Array());
  const header = empty.subarray(0, empty.length - nonceBytes - 16);
  // Not the nonce of the empty payload: nothing is ever sealed twice under one key.
  const nonce = randomBytes(nonceBytes);
  return { bytes: Buffer.concat([header, nonce]), key: { fileKey, nonce } };
}

/** Where the header ends in the first bytes of an age file; undefined where it does not, or begins otherwise. */
export function ageHeaderLength(start: Uint8Array): number | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.byteLength);
  if (!bytes.subarray(0, 22).equals(Buffer.from('age-encryption.org/v1\n'))) return undefined;
  const mac = bytes.indexOf('\n--- ');
  const end = mac === -1 ? -1 : bytes.indexOf('\n', mac + 1);
  return end === -1 ? undefined : end + 1;
}

/** The key in an age header. Throws what the library finds wrong with the header, or that it is another's. */
export async function openAgeHeader(header: Uint8Array, identity: AgeIdentity): Promise<Uint8Array> {
  const decrypter = decrypterFor(identity);
  return await decrypter.decryptHeader(header);
}

/** A few bytes sealed so that only the holder of `recipient` can read them. */
export async function sealSmall(bytes: Uint8Array, recipient: string): Promise<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return await encrypter.encrypt(bytes);
}

function decrypterFor(identity: AgeIdentity): Decrypter {
  const decrypter = new Decrypter();
  for (const key of identity) decrypter.addIdentity(key);
  return decrypter;
}

export async function openSmall(sealed: Uint8Array, identity: AgeIdentity): Promise<Uint8Array> {
  const decrypter = decrypterFor(identity);
  return await decrypter.decrypt(sealed);
}
