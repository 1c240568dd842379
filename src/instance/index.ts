export { backupInstance, type BackupFacts } from './backup.ts';
export { chunkListsOf } from './chunk-lists.ts';
export { createInstance, instanceAt, type NewInstance } from './create.ts';
export { dataFolder, type DataFolder } from './data-folder.ts';
export { InstanceError, type InstanceErrorCode } from './errors.ts';
export {
  readInvitation,
  writeInvitation,
  type HubAddress,
  type Invitation,
  type InvitationKind,
} from './invitation.ts';
export { ensureNatsKey, natsSeedFile, readNatsKey, type NatsKey } from './nats-key.ts';
export { packageLimits } from './package-limits.ts';
export { openInstance, type Identity, type Instance } from './open.ts';
export { findLink, findLinks, findRelease, releaseOf } from './look-up.ts';
export { deployable, placeOf } from './deployable.ts';
export type { Vault, SecretRef } from './vault.ts';
export { restoreInstance, type Restored } from './restore.ts';
export { revokeKeys, rotateKeys, type ChangedKeys, type NewIdentity } from './rotate.ts';
