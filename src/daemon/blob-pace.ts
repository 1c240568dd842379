import type { Instance } from '../instance/index.ts';
import { blobGate, type BlobGate } from '../sync/index.ts';

const gates = new WeakMap<Instance, BlobGate>();

/** When and how fast blobs move, by the settings of an instance: one gate for all its links. */
export function blobGateOf(instance: Instance): BlobGate {
  const before = gates.get(instance);
  if (before) return before;
  const { clock, settings } = instance;
  const { 'blob-rate': bytesPerSecond, 'blob-window': window } = settings.sync;
  const gate = blobGate({ clock, bytesPerSecond, window });
  gates.set(instance, gate);
  return gate;
}
