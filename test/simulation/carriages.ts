import type { Carriage, CarriageParts } from './carriage.ts';
import { broker, courier, post } from './post.ts';
import { sharedFolder } from './shared-folder.ts';

/** Every way a link can travel. */
export const carriages: readonly ((parts: CarriageParts) => Carriage)[] = [
  (parts) => post(broker, parts),
  (parts) => post(courier, parts),
  sharedFolder,
];
