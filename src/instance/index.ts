export { createInstance } from './create.ts';
export { dataFolder, type DataFolder } from './data-folder.ts';
export { InstanceError, type InstanceErrorCode } from './errors.ts';
export { readInvitation, writeInvitation, type Invitation, type InvitationKind } from './invitation.ts';
export { openInstance, type Identity, type Instance } from './open.ts';
export { findLink, findRelease, releaseOf } from './look-up.ts';
export { deployable, placeOf } from './deployable.ts';
export type { Vault, SecretRef } from './vault.ts';
