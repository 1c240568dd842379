import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import {
  createInstanceKeys,
  openIntroduction,
  rawPublicKey,
  sealIntroduction,
  writeKeyFile,
  type CompanyCertificate,
} from '../identity/index.ts';
import { dataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';
import { openInstance, type Instance } from './open.ts';

const settingsTemplate = `# What the operator sets; every setting has a default. Unknown keys are refused.
# listen = "127.0.0.1:7420"
# log-level = "info"

# [sync]
# look-every = 5        # seconds between looks at a folder
# head-every = 300      # seconds between signed heads on a quiet link

# [report]              # what the author of a release is told about its runs here
# trace = true
# files = true
# errors = true
`;

/**
 * Makes an instance: data folder, keys, and the introduction, signed here and now by the company certificate, whose
 * private key is not kept. The same name in the same folder again is the instance that is there.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN where the folder holds something else, DATA_FOLDER_NOT_WRITABLE
 */
export async function createInstance(
  folder: string,
  intent: { name: string; company: CompanyCertificate },
  clock: Clock = systemClock,
): Promise<{ instance: Instance; created: boolean }> {
  const places = dataFolder(folder);
  if (existsSync(places.database)) {
    const instance = await openInstance(folder, { clock });
    if (instance.identity.name === intent.name) return { instance, created: false };
    instance.close();
    throw new InstanceError(
      'DATA_FOLDER_TAKEN',
      `Cannot make instance ${intent.name} in ${places.root}: ${instance.identity.name} lives there`,
      { hint: 'Choose another folder with --data.', details: { name: instance.identity.name } },
    );
  }
  refuseUnfitCertificate(intent, clock);
  makeFolder(places.root, intent.name);
  const keys = createInstanceKeys(places.keys);
  const introduction = sealIntroduction(
    {
      instanceId: randomBytes(16).toString('hex'),
      name: intent.name,
      signingKey: keys.signing.publicKey,
      sealingKey: keys.sealing.publicKey,
      issuedAt: clock.now(),
    },
    intent.company,
  );
  openIntroduction(introduction);
  writeKeyFile(places.vaultKey, randomBytes(32));
  writeKeyFile(places.introduction, introduction);
  for (const place of [places.blobs, places.apps, places.runs, places.inbox, places.outbox]) {
    mkdirSync(place, { mode: 0o700 });
  }
  writeFileSync(places.settings, settingsTemplate, { mode: 0o600 });
  const instance = await openInstance(folder, { clock, create: true });
  instance.log.openFeed({
    audience: instance.identity.instanceId,
    introduction: instance.identity.bytes,
    actor: instance.actor,
  });
  instance.log.saveHead();
  return { instance, created: true };
}

/** A certificate that can't introduce anybody is found before anything is written. */
function refuseUnfitCertificate(
  { name, company }: { name: string; company: CompanyCertificate },
  clock: Clock,
): void {
  const signingKey = rawPublicKey(generateKeyPairSync('ed25519').publicKey);
  const sealingKey = rawPublicKey(generateKeyPairSync('x25519').publicKey);
  const instanceId = randomBytes(16).toString('hex');
  sealIntroduction({ instanceId, name, signingKey, sealingKey, issuedAt: clock.now() }, company);
}

/** Makes the data folder where it isn't there yet; an empty one will do. */
/** One folder after the other: the runtime's own way to make several never comes back where the system refuses. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

function makeFolder(root: string, name: string): void {
  let content: string[];
  try {
    makeFolders(root);
    accessSync(root, constants.W_OK | constants.X_OK);
    content = readdirSync(root);
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : 'the system refuses';
    throw new InstanceError('DATA_FOLDER_NOT_WRITABLE', `Cannot make instance ${name} in ${root}: ${why}`, {
      hint: 'Choose a folder with --data that this account may make and write to.',
      cause,
    });
  }
  if (content.length === 0) return;
  throw new InstanceError(
    'DATA_FOLDER_TAKEN',
    `Cannot make instance ${name} in ${root}: the folder is not empty`,
    {
      hint: 'Choose an empty or new folder with --data; if an earlier init was cut short, remove that folder.',
    },
  );
}
