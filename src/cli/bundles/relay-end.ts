import { join } from 'node:path';
import { noteShelf, type Relay } from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';

/** This instance as one that stores and passes on what others send each other. */
export function relayOf(instance: Instance): Relay {
  const { identity, keys, folder, clock } = instance;
  return {
    root: join(folder.root, 'relay'),
    shelf: noteShelf(join(folder.root, 'hops')),
    self: {
      instance: identity.instanceId,
      name: identity.name,
      introduction: identity.bytes,
      signing: keys.signing,
    },
    now: () => new Date(clock.now()).toISOString(),
  };
}
