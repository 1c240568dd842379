import { eventCatalog, type CrossgapEvent } from '../events/index.ts';
import type { Place } from './projection.ts';

/** What one instance tells another. All other events decide something, and each side decides in its own feed alone. */
const told: ReadonlySet<string> = new Set<CrossgapEvent['name']>([
  'feed.opened',
  'epoch.started',
  'key.rotated',
  'key.replaced',
  'receipt.given',
  'fork.found',
  'release.offered',
  'release.timed',
  'chunks.asked',
  'chunks.listed',
  'revocation.told',
  'release.withdrawn',
  'value.given',
  'offer.answered',
  'input.reported',
  'deployment.reported',
]);

/** Whether anything may follow from an event at this place. */
export function mayDecide(name: CrossgapEvent['name'], place: Place): boolean {
  return place.kind === 'self' || told.has(name);
}

/** Whether a type is known to mean something in its author's own feed only. */
export function decidesAtHome(type: string): boolean {
  return eventCatalog.versionOf(type) !== undefined && !told.has(type);
}
