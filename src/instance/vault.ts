// The vault: one JSON file, {"format": 1, "secrets": {KEY: BASE64}}. KEY is the JSON array [name in upper case,
// environment or "", version]; BASE64 is nonce (12 bytes), ciphertext, tag (16 bytes) of AES-256-GCM under the vault
// key, with KEY and the instance id as additional data: a secret moved to another name does not open.

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { InstanceError } from './errors.ts';
import { replaceFile } from '../replace-file.ts';

const VaultFile = z.strictObject({ format: z.literal(1), secrets: z.record(z.string(), z.base64()) });

const keyLength = 32;
const KeyText = z.tuple([z.string(), z.string(), z.int()]);

/** Which secret, and which of its versions: a new value is a new version, a frozen plan keeps the old one. */
export type SecretRef = {
  readonly name: string;
  readonly environment: string | null;
  readonly version: number;
};

/** The secrets of this host. The log knows their names and versions, never their values. */
export interface Vault {
  /** Keeps a secret; call it inside the transaction that records its version. */
  keep(ref: SecretRef, value: string): void;
  /** The value, or undefined where there is none. @throws InstanceError SECRET_UNREADABLE */
  open(ref: SecretRef): string | undefined;
  /** Whether there is one, be it readable or not. */
  has(ref: SecretRef): boolean;
  /** Forgets every version of a secret; a run that was frozen with one of them can't be resumed any more. */
  forget(ref: Pick<SecretRef, 'name' | 'environment'>): void;
  /** Every value that opens, newest and older versions alike: what must not stand anywhere else. */
  values(): string[];
}

/** The vault in the file at `path`, under a 32-byte key, for one instance. @throws InstanceError INSTANCE_DAMAGED */
export function openVault(path: string, key: Uint8Array, instanceId: string): Vault {
  if (key.length !== keyLength) {
    throw new InstanceError(
      'INSTANCE_DAMAGED',
      `Cannot open vault ${path}: its key has ${key.length} bytes`,
      {
        hint: 'Put the keys folder back as it was, whole.',
        details: { expected: keyLength },
      },
    );
  }
  const read = (): Record<string, string> => {
    if (!existsSync(path)) return {};
    const parsed = VaultFile.safeParse(parseJson(readFileSync(path, 'utf8')));
    if (parsed.success) return parsed.data.secrets;
    throw new InstanceError('SECRET_UNREADABLE', `Cannot read vault ${path}: it is not a vault file`, {
      hint: 'Restore the vault file from a backup, or remove it and set the secrets again.',
    });
  };
  const keyOf = (ref: SecretRef): string =>
    JSON.stringify([ref.name.toUpperCase(), ref.environment ?? '', ref.version]);
  const additional = (name: string): Buffer => Buffer.from(`crossgap-vault/1\n${instanceId}\n${name}`);

  const decrypt = (name: string, sealed: string): string => {
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12), { authTagLength: 16 });
      decipher.setAAD(additional(name)).setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    } catch (error) {
      const [secret] = KeyText.safeParse(parseJson(name)).data ?? [name];
      throw new InstanceError(
        'SECRET_UNREADABLE',
        `Cannot open secret ${secret}: it was changed, or was sealed with another vault key`,
        { hint: 'Set it again with `crossgap input set NAME --secret`.', cause: error },
      );
    }
  };

  return {
    keep(ref, value) {
      const name = keyOf(ref);
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additional(name));
      const sealed = Buffer.concat([
        nonce,
        cipher.update(value, 'utf8'),
        cipher.final(),
        cipher.getAuthTag(),
      ]);
      const secrets = { ...read(), [name]: sealed.toString('base64') };
      replaceFile(path, JSON.stringify({ format: 1, secrets }));
    },
    open(ref) {
      const name = keyOf(ref);
      const sealed = read()[name];
      return sealed === undefined ? undefined : decrypt(name, sealed);
    },
    has: (ref) => read()[keyOf(ref)] !== undefined,
    forget({ name, environment }) {
      const secrets = Object.entries(read());
      const left = secrets.filter(([key]) => {
        const [itsName, itsEnvironment] = KeyText.safeParse(parseJson(key)).data ?? [];
        return itsName !== name.toUpperCase() || itsEnvironment !== (environment ?? '');
      });
      if (left.length < secrets.length)
        replaceFile(path, JSON.stringify({ format: 1, secrets: Object.fromEntries(left) }));
    },
    values() {
      return Object.entries(read()).flatMap(([name, sealed]) => {
        try {
          return [decrypt(name, sealed)];
        } catch (error) {
          // What nobody can open can't stand anywhere, and must not keep others from being set.
          if (error instanceof InstanceError) return [];
          throw error;
        }
      });
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
