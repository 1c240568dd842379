/* What all tests of the log know: keys that everybody may know, and a small catalog. Free of the test runner. */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  bytes,
  catalog,
  defineEvent,
  EpochStarted,
  FeedOpened,
  type EventOf,
  type MadeEvent,
} from '../../src/events/index.ts';
import { certificateFacts, signingKey, type CompanyCertificate } from '../../src/identity/index.ts';

type KeyFile = { certificate: string; companyKey: string; signing: string; sealing: string };
export const vectorFolder = resolve(import.meta.dirname, '../vectors/entries');
const keyFile = JSON.parse(readFileSync(join(vectorFolder, 'keys.json'), 'utf8')) as KeyFile;

/** The company that all test instances belong to, with a key that everybody knows. */
export const company: CompanyCertificate = {
  chain: [Buffer.from(keyFile.certificate, 'hex')],
  privateKey: createPrivateKey(keyFile.companyKey),
};
export const companyFingerprint = certificateFacts(company.chain[0]!).fingerprint;

const pkcs8 = { ed25519: '302e020100300506032b657004220420', x25519: '302e020100300506032b656e04220420' };

/** The signing key of the golden vectors. */
export const goldenSigner = signingKey(secretKey('ed25519', keyFile.signing));
export const goldenSealingKey = secretKey('x25519', keyFile.sealing);

function secretKey(kind: keyof typeof pkcs8, secret: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(pkcs8[kind] + secret, 'hex'), format: 'der', type: 'pkcs8' });
}

export const NoteMade = defineEvent(
  'note.made',
  z.strictObject({ text: z.string(), tags: z.array(z.string()).optional() }),
);
export const BlobNamed = defineEvent('blob.named', z.strictObject({ digest: bytes, size: z.int() }));
export const testCatalog = catalog([FeedOpened, EpochStarted, NoteMade, BlobNamed]);
export type TestEvent = EventOf<typeof FeedOpened | typeof EpochStarted | typeof NoteMade | typeof BlobNamed>;

export const note = (text: string): MadeEvent => NoteMade.make({ text });
export const by = { actor: 'tester' };
