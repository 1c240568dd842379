import { existsSync } from 'node:fs';
import { accountName } from '../account.ts';
import { systemClock, type Clock } from '../clock.ts';
import { createDatabase, openDatabase, type Database } from '../db/index.ts';
import { eventCatalog, openLog, type CrossgapEvent, type Log } from '../events/index.ts';
import {
  fingerprintWords,
  loadInstanceKeys,
  openIntroduction,
  readKeyFile,
  type InstanceKeys,
  type OpenedIntroduction,
} from '../identity/index.ts';
import { openBlobStore, type BlobStore, type ZipLimits } from '../packages/index.ts';
import { projector, readAnew, rebuildReadModels } from '../projections/index.ts';
import { loadSettings, type Settings } from '../settings/index.ts';
import { dataFolder, type DataFolder } from './data-folder.ts';
import { InstanceError } from './errors.ts';
import { finishKeyChange } from './key-change.ts';
import { refuseHalfRestored } from './half-restored.ts';
import { packageLimits } from './package-limits.ts';
import { linkPins } from './pins.ts';
import { recorder, recorderOfMany, type Record, type RecordEach } from './record.ts';
import { secretGuard } from './secret-guard.ts';
import { openVault, type Vault } from './vault.ts';

/** Who this instance is. */
export type Identity = OpenedIntroduction & {
  /** The introduction as it was signed. */
  readonly bytes: Uint8Array;
  /** The certificate's fingerprint as six words, to compare by phone. */
  readonly words: string;
};

/** An instance as the command line and the daemon stand on it. */
export type Instance = Disposable & {
  readonly folder: DataFolder;
  readonly settings: Settings;
  readonly clock: Clock;
  readonly identity: Identity;
  readonly keys: InstanceKeys;
  readonly db: Database;
  readonly log: Log<CrossgapEvent>;
  readonly blobs: BlobStore;
  /** What a package that is opened here may be at most. */
  readonly packageLimits: ZipLimits;
  readonly vault: Vault;
  /** The operating system's account that runs this process. */
  readonly actor: string;
  readonly record: Record;
  readonly recordEach: RecordEach;
  /** Whether the blob of this digest is whole in the store. */
  holds(digest: string): boolean;
  close(): void;
};

/**
 * Opens the instance in a data folder.
 *
 * @throws InstanceError DATA_FOLDER_MISSING, and what settings, keys, database and log find wrong
 */
export async function openInstance(
  path: string,
  options: { clock?: Clock; create?: boolean } = {},
): Promise<Instance> {
  const folder = dataFolder(path);
  refuseHalfRestored(folder);
  if (options.create !== true && !existsSync(folder.database)) {
    throw new InstanceError('DATA_FOLDER_MISSING', `Cannot open ${folder.root}: no instance lives there`, {
      hint: 'Make one with `crossgap init --name NAME --new-certificate FILE.pfx`, or say where it is with --data.',
    });
  }
  const clock = options.clock ?? systemClock;
  finishKeyChange(folder, clock);
  const settings = loadSettings(folder.settings);
  const keys = loadInstanceKeys(folder.keys);
  const bytes = readKeyFile(folder.introduction);
  const introduction = openIntroduction(bytes);
  if (!Buffer.from(keys.signing.publicKey).equals(introduction.signingKey)) {
    throw new InstanceError(
      'INSTANCE_DAMAGED',
      `Cannot open ${folder.root}: the introduction is not that of the instance key`,
      { hint: 'Put the keys folder back as it was, whole.' },
    );
  }
  const identity: Identity = { ...introduction, bytes, words: fingerprintWords(introduction.chain[0]!) };
  const { instanceId } = identity;
  if (options.create === true) createDatabase({ path: folder.database, clock });
  const db = openDatabase({ path: folder.database, clock });
  try {
    let fold = projector(db, instanceId);
    const log = openLog({
      db,
      clock,
      catalog: eventCatalog,
      instanceId,
      signer: keys.signing,
      sideFile: folder.head,
      fold: (entries) => fold(entries),
      refold: (history) => {
        rebuildReadModels(db, instanceId, history);
        fold = projector(db, instanceId);
      },
      pinFor: linkPins(db),
    });
    readAnew(db, instanceId, { first: () => log.findKeys(), history: () => log.history() });
    const blobs = await openBlobStore(folder.blobs);
    const vault = openVault(folder.vault, readKeyFile(folder.vaultKey), instanceId);
    const actor = accountName();
    const close = (): void => {
      if (!db.open) return;
      try {
        if (log.standing().state === 'good') log.saveHead();
      } finally {
        db.close();
      }
    };
    const refuseSecrets = secretGuard(() => vault.values());
    const recording = { log, introduction: bytes, actor, refuseSecrets };
    return {
      folder,
      settings,
      clock,
      identity,
      keys,
      db,
      log,
      blobs,
      packageLimits: packageLimits(settings),
      vault,
      actor,
      record: recorder(recording),
      recordEach: recorderOfMany(recording),
      holds: (digest) => existsSync(blobs.path(digest)),
      close,
      [Symbol.dispose]: close,
    };
  } catch (error) {
    db.close();
    throw error;
  }
}
