import {
  partiesMeant,
  passOn,
  receiptsFor,
  waitingFor,
  writeNotes,
  type Party,
  type PassedOn,
} from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { count, short, size } from '../../words.ts';
import { holdBundles } from './bundle-lock.ts';
import { misuse, type Outcome } from '../command.ts';
import { indented, table } from '../table.ts';
import { relayOf } from './relay-end.ts';

export type RelayWish = {
  readonly out: string;
  /** Only the bundle of this number, and only this part of it. */
  readonly bundle: number | undefined;
  readonly part: number | undefined;
};

/** Whose bundles lie here under this name, undefined where none ever did. */
export function relayReceiver(instance: Instance, who: string): Party | undefined {
  return partyNamed(partiesMeant(relayOf(instance), who), who);
}

/** The one party among those a word can mean. @throws CliError USAGE_INVALID where it can mean several */
export function partyNamed(parties: readonly Party[], who: string): Party | undefined {
  if (parties.length < 2) return parties[0];
  throw misuse(
    `Cannot tell whom ${who} means: ${parties.map(({ name, instance }) => `${name} ${instance}`).join(', ')}`,
    'Say the instance id.',
  );
}

/** Writes what lies here for a receiver as it came, and what is said here of bundles it sent. */
export async function passOnTo(instance: Instance, receiver: Party, wish: RelayWish): Promise<Outcome> {
  using _held = holdBundles(instance, 'export');
  const relay = relayOf(instance);
  const waiting = waitingFor(relay, receiver.instance);
  const wanted = waiting.filter(({ facts }) => wish.bundle === undefined || facts.number === wish.bundle);
  if (wish.bundle !== undefined && wanted.length === 0)
    throw misuse(
      `Cannot pass on bundle ${wish.bundle} to ${receiver.name}: it does not lie here`,
      waiting.length === 0
        ? 'Nothing waits for it; see `crossgap bundle relay list`.'
        : `Here lie ${waiting.map(({ facts }) => facts.number).join(', ')}.`,
    );
  const receipts = wish.bundle === undefined ? receiptsFor(relay, receiver.instance) : [];
  const passed: PassedOn[] = [];
  for (const record of wanted) passed.push(await passOn(relay, record, { out: wish.out, only: wish.part }));
  if (receipts.length > 0) await writeNotes(wish.out, receipts);
  return {
    document: {
      to: receiver.name,
      bundles: passed.map(({ facts, parts, missing }) => ({
        bundle: facts.number,
        id: facts.id,
        from: facts.from.name,
        sentAt: facts.sentAt,
        parts,
        missing,
      })),
      notes: receipts.length,
    },
    text: linesOf(receiver, passed, receipts.length),
  };
}

function linesOf(receiver: Party, passed: readonly PassedOn[], receipts: number): string[] {
  if (passed.length === 0 && receipts === 0) return [`Nothing lies here for ${receiver.name}`];
  const lines = passed.flatMap(({ facts, parts, missing }) => [
    `Bundle ${facts.number} from ${facts.from.name} for ${facts.to.name}, as it came; sealed, nobody here can read it`,
    ...indented([
      ...table([
        ['PART', 'FILE', 'SIZE', 'SHORT HASH'],
        ...parts.map(({ part, file, size: bytes, sha256 }) => [
          `${part} of ${facts.parts}`,
          file,
          size(bytes),
          short(sha256),
        ]),
      ]),
      ...missing.map((part) => `${part} of ${facts.parts}  has not come here yet`),
    ]),
  ]);
  if (receipts > 0)
    lines.push(
      `${count(receipts, 'hop note')} on bundles from ${receiver.name}, which tell it how far they came`,
    );
  return lines;
}
