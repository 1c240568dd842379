import { moment, span } from '../../words.ts';
import { good, note, type HostCheck } from './host-check.ts';

const dayMs = 86_400_000;
/** Somebody's signature this old says more about the clock than about the software. */
const oldMs = 3 * 365 * dayMs;

/**
 * Whether the clock of this machine can be right, by the newest time that somebody signed. Nothing that is decided here
 * depends on it; the times that are shown do.
 */
export function lookAtClock(now: number, newestSignedAt: number | null): HostCheck {
  const looked = { id: 'clock', name: 'Clock' };
  const shown = moment(now);
  if (newestSignedAt === null) return good(looked, shown);
  const behindMs = newestSignedAt - now;
  const hint = 'Set the clock if it is wrong. The installation does not depend on it.';
  if (behindMs > dayMs) {
    return note(looked, `${shown}, ${span(behindMs / 1000)} before the newest thing that was signed`, hint);
  }
  if (-behindMs > oldMs) {
    return note(looked, `${shown}, ${span(-behindMs / 1000)} after the newest thing that was signed`, hint);
  }
  return good(looked, shown);
}
