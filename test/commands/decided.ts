import { expect } from 'vitest';
import type { Decision } from '../../src/commands/index.ts';

/** A decision as a list of `self NAME` and `LINK NAME`, in order. */
export function decided(decision: Decision): string[] {
  return decision.map(({ to, event }) => `${to === 'self' ? 'self' : to.link} ${event.name}`);
}

/** The data of the only event of this name in a decision. */
export function dataOf(decision: Decision, name: string): Record<string, unknown> {
  const found = decision.filter(({ event }) => event.name === name);
  expect(found).toHaveLength(1);
  return found[0]!.event.data as Record<string, unknown>;
}

/** A digest, an id, made of one repeated hex digit. */
export const digest = (digit: string): string => digit.repeat(64);
export const id = (digit: string): string => digit.repeat(32);
