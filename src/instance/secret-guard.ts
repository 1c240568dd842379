import type { CrossgapEvent } from '../events/index.ts';
import { InstanceError } from './errors.ts';

/** Shorter secrets stand in ordinary text by chance. */
const shortestGuarded = 6;

/**
 * The second net under INV-8: throws where an event is about to carry a value of the vault in clear. The first net is
 * that nothing puts one there.
 */
export function secretGuard(secrets: () => readonly string[]): (event: CrossgapEvent) => void {
  return (event) => {
    const guarded = secrets()
      .filter((secret) => secret.length >= shortestGuarded)
      .flatMap((secret) => [secret, asInJson(secret)]);
    if (guarded.length === 0) return;
    const texts = textsIn(event.data);
    for (const secret of guarded) {
      if (!texts.some((text) => text.includes(secret))) continue;
      throw new InstanceError(
        'SECRET_IN_ENTRY',
        `Cannot record ${event.name}: it would carry a secret's value`,
        {
          hint: 'Look where that text comes from: a note, a reason, a name or an output; nothing was recorded.',
        },
      );
    }
  };
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
