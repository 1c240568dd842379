import { bundles } from './bundles.ts';
import type { Carriage, CarriageParts } from './carriage.ts';
import { hub } from './hub.ts';
import { broker, courier, post } from './post.ts';
import { sharedFolder } from './shared-folder.ts';

/** Every way a link can travel, and how often one does: what takes much time is seen less often, and never seldom. */
export const carriages = {
  broker: { weight: 3, make: (parts) => post(broker, parts) },
  courier: { weight: 3, make: (parts) => post(courier, parts) },
  folder: { weight: 4, make: sharedFolder },
  hub: { weight: 4, make: hub },
  bundles: { weight: 1, make: (parts) => bundles({ relayed: false }, parts) },
  relay: { weight: 1, make: (parts) => bundles({ relayed: true }, parts) },
} satisfies Record<string, { readonly weight: number; readonly make: (parts: CarriageParts) => Carriage }>;

export type Way = keyof typeof carriages;
export const waysOf = Object.keys(carriages) as Way[];
