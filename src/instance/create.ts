import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { systemClock, type Clock } from '../clock.ts';
import {
  createInstanceKeys,
  openIntroduction,
  rawPublicKey,
  sealIntroduction,
  writeKeyFile,
  type CompanyCertificate,
} from '../identity/index.ts';
import { faultPoint } from '../faults.ts';
import { dataFolder, type DataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';
import { openInstance, type Instance } from './open.ts';
import { beginMaking, gitIgnore, holdsOnlyUnfinished, isBeingMade, type Making } from './unfinished-init.ts';

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

/** What a new instance is made of. */
export type NewInstance = {
  readonly name: string;
  readonly company: CompanyCertificate;
  /** Settings that it is to begin with, as TOML. */
  readonly settings?: string;
  /** What may lie in the folder before, and stays as it is. */
  readonly beside?: readonly string[];
};

/**
 * Makes an instance: data folder, keys, and the introduction, signed here and now by the company certificate, whose
 * private key is not kept. The same name in the same folder again is the instance that is there. Where it fails, the
 * folder is as empty as it was; where it is killed, the next one begins anew or finishes it.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN where the folder holds something else, DATA_FOLDER_NOT_WRITABLE
 */
export async function createInstance(
  folder: string,
  intent: NewInstance,
  clock: Clock = systemClock,
): Promise<{ instance: Instance; created: boolean }> {
  const places = dataFolder(folder);
  const there = existsSync(places.database) ? await instanceAt(folder, intent.name, clock) : undefined;
  if (there !== undefined) return { instance: there, created: false };
  refuseUnfitCertificate(intent, clock);
  // An installer unpacks its program before there is an instance.
  const beside = ['program', ...(intent.beside ?? [])];
  makeFolder(places, intent.name, beside);
  using making = begin(places, intent.name);
  // Somebody else may have come to its end meanwhile.
  if (existsSync(places.database)) throw folderTaken(places.root, intent.name);
  if (!holdsOnlyUnfinished(places, { settings: settingsOf(intent), beside }))
    throw folderTaken(places.root, intent.name);
  removeOwn(places);
  takeFolder(places.keys, places.root, intent.name);
  faultPoint('init.begun');
  try {
    const instance = await fillFolder(places, intent, clock);
    faultPoint('init.made');
    making.finish();
    return { instance, created: true };
  } catch (error) {
    // Half an instance is no use, and in the way of the next attempt.
    removeOwn(places);
    making.finish();
    throw namedFailure(error, places.root, intent.name);
  }
}

/**
 * The instance of that name, or of whichever, that lives in the folder, if one does; where it was not quite finished, it
 * is now.
 *
 * @throws InstanceError DATA_FOLDER_TAKEN where it has another name
 */
export async function instanceAt(
  folder: string,
  name: string | undefined,
  clock: Clock = systemClock,
): Promise<Instance | undefined> {
  const places = dataFolder(folder);
  if (!existsSync(places.database)) return undefined;
  const instance = await openInstance(folder, { clock });
  const known = instance.identity.name;
  if (name !== undefined && known !== name) {
    instance.close();
    throw new InstanceError(
      'DATA_FOLDER_TAKEN',
      `Cannot make instance ${name} in ${places.root}: ${known} lives there`,
      { hint: 'Choose another folder with --data.', details: { name: known } },
    );
  }
  if (isBeingMade(places)) {
    try {
      using making = begin(places, known);
      // More than its introduction, and somebody works with it already.
      if (instance.log.entryCount() <= 1) finishLog(instance);
      keepOutOfGit(places.root);
      making.finish();
    } catch (error) {
      instance.close();
      throw error;
    }
  }
  return instance;
}

const settingsOf = ({ settings = '' }: NewInstance): string => `${settingsTemplate}${settings}`;

function begin(places: DataFolder, name: string): Making {
  let making: Making | undefined;
  try {
    making = beginMaking(places);
  } catch (cause) {
    throw namedFailure(cause, places.root, name);
  }
  if (making === undefined) throw folderTaken(places.root, name);
  return making;
}

/** The log begins with what introduces its instance. */
function finishLog({ identity, log }: Instance): void {
  if (log.entryCount() === 0) log.openFeed({ audience: identity.instanceId, introduction: identity.bytes });
  else if (log.standing().state !== 'good') log.confirmHead();
  log.saveHead();
}

/** Removes what an instance makes in its folder, and what is called after it; what others put there stays. */
function removeOwn(places: DataFolder): void {
  const { root, database, head, settings, vault, keys, blobs, apps, runs, inbox, outbox } = places;
  const files = [database, head, settings, vault].map((path) => basename(path));
  const folders = [keys, blobs, apps, runs, inbox, outbox].map((path) => basename(path));
  // SQLite and whole replacement keep files beside the one they are about.
  const isBeside = (name: string): boolean =>
    files.some((one) => name.startsWith(`${one}-`) || name.startsWith(`${one}.`));
  for (const name of readdirSync(root)) {
    if (![...files, ...folders].includes(name) && !isBeside(name)) continue;
    rmSync(join(root, name), { recursive: true });
  }
}

async function fillFolder(places: DataFolder, intent: NewInstance, clock: Clock): Promise<Instance> {
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
  writeFileSync(places.settings, settingsOf(intent), { mode: 0o600 });
  faultPoint('init.keys-made');
  const instance = await openInstance(places.root, { clock, create: true });
  try {
    faultPoint('init.database-made');
    finishLog(instance);
    keepOutOfGit(places.root);
    return instance;
  } catch (error) {
    instance.db.close();
    throw error;
  }
}

/** Keys and secrets lie here: nobody is to commit them because the folder happens to lie in a checkout. */
function keepOutOfGit(root: string): void {
  writeFileSync(join(root, '.gitignore'), gitIgnore, { mode: 0o600 });
}

/** Of two that make an instance in one folder, the one that makes the folder of the keys has it. */
function takeFolder(keys: string, root: string, name: string): void {
  try {
    mkdirSync(keys, { mode: 0o700 });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw namedFailure(cause, root, name);
    throw folderTaken(root, name);
  }
}

/** What the system refused, by name; any other error as it is. */
function namedFailure(error: unknown, root: string, name: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return error;
  const why = error.code === 'ENOSPC' ? 'the disk is full' : String(error.code);
  return new InstanceError('DATA_FOLDER_NOT_WRITABLE', `Cannot make instance ${name} in ${root}: ${why}`, {
    hint: 'Choose a folder with --data that this account may make and write to, on a disk with space.',
    cause: error,
  });
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

/** One folder after the other: the runtime's own way to make several never comes back where the system refuses. */
function makeFolders(path: string): void {
  if (existsSync(path)) return;
  makeFolders(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/** Makes the data folder where it isn't there yet; an empty one will do, and one that an init was ended in. */
function makeFolder(places: DataFolder, name: string, beside: readonly string[]): void {
  const { root } = places;
  let content: string[];
  try {
    makeFolders(root);
    accessSync(root, constants.W_OK | constants.X_OK);
    content = readdirSync(root).filter((one) => !beside.includes(one));
  } catch (cause) {
    throw namedFailure(cause, root, name);
  }
  if (content.length > 0 && !isBeingMade(places)) throw folderTaken(root, name);
}

function folderTaken(root: string, name: string): InstanceError {
  return new InstanceError(
    'DATA_FOLDER_TAKEN',
    `Cannot make instance ${name} in ${root}: the folder is not empty`,
    {
      hint: 'Choose an empty or new folder with --data.',
    },
  );
}
