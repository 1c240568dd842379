import type { CrossgapEvent } from '../events/index.ts';
import { InstanceError } from './errors.ts';

/** Shorter secrets stand in ordinary text by chance. */
const shortestGuarded = 6;

/**
 * The second net under INV-8: throws where one of the events of a decision is about to carry a value of the vault in
 * clear. The first net is that nothing puts one there. The vault is opened once a decision, after it was made: a
 * secret that it keeps is guarded too.
 */
export function secretGuard(secrets: () => readonly string[]): (events: readonly CrossgapEvent[]) => void {
  return (events) => {
    if (events.length === 0) return;
    const guarded = secrets()
      .filter((secret) => secret.length >= shortestGuarded)
      .flatMap((secret) => [secret, asInJson(secret)]);
    if (guarded.length === 0) return;
    for (const event of events) refuseSecrets(event, guarded);
  };
}

function refuseSecrets(event: CrossgapEvent, guarded: readonly string[]): void {
  const texts = textsIn(event.data);
  if (!guarded.some((secret) => texts.some((text) => text.includes(secret)))) return;
  throw new InstanceError('SECRET_IN_ENTRY', `Cannot record ${event.name}: it would carry a secret's value`, {
    hint: 'Look where that text comes from: a note, a reason, a name or an output; nothing was recorded.',
  });
}

/** Documents in entries are JSON, where quotes, backslashes and line ends look different. */
const asInJson = (text: string): string => JSON.stringify(text).slice(1, -1);

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (value instanceof Uint8Array)
    return [Buffer.from(value).toString('latin1'), Buffer.from(value).toString()];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}
