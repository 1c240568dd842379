import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { sameWords } from '../identity/index.ts';
import { replaceFile } from '../replace-file.ts';
import type { SealedFacts } from './envelope.ts';
import { BundleError, systemCode } from './errors.ts';

const Allowance = z.strictObject({
  /** Six words, an instance id or a name, as the operator wrote it: a sender or a receiver. */
  for: z.string().min(1).max(200),
  /** How much of theirs may lie here, in bytes. */
  quotaBytes: z.int().min(1),
});
/** Whose bundles are stored and passed on, and how much of them. */
export type Allowance = z.infer<typeof Allowance>;

/** What an operator allows who says nothing of amounts. */
export const quotaBytesDefault = 50_000_000_000;

const fileOf = (root: string): string => join(root, 'allowed.json');

/** What the operator allowed, in the order of the asking. @throws {BundleError} RELAY_STORE_DAMAGED */
export function readAllowances(root: string): Allowance[] {
  try {
    return z.array(Allowance).parse(JSON.parse(readFileSync(fileOf(root), 'utf8')));
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return [];
    throw new BundleError('RELAY_STORE_DAMAGED', `Cannot read ${fileOf(root)}: it is not as it was written`, {
      hint: 'Remove that file and allow relaying again: crossgap bundle relay allow --for NAME.',
      details: { file: fileOf(root) },
      cause,
    });
  }
}

/** Allows it, or changes the quota of what is allowed; undefined ends it. Returns whether anything changed. */
export function setAllowance(root: string, who: string, quotaBytes: number | undefined): boolean {
  const before = readAllowances(root);
  const known = before.find((one) => isSame(one.for, who));
  if (known?.quotaBytes === quotaBytes) return false;
  const others = before.filter((one) => one !== known);
  const after = quotaBytes === undefined ? others : [...others, { for: known?.for ?? who, quotaBytes }];
  mkdirSync(root, { recursive: true, mode: 0o700 });
  replaceFile(fileOf(root), JSON.stringify(after));
  return true;
}

function isSame(a: string, b: string): boolean {
  return a === b || sameWords(a, b);
}

/** A party of a bundle, as far as a relay knows it. */
export type Party = { readonly instance: string; readonly name: string; readonly words: string };

/** Sender and receiver of a bundle. The sender's words follow from its certificate; all else is what the sender says. */
export function partiesOf({ from, to }: SealedFacts, senderWords: string): { from: Party; to: Party } {
  return {
    from: { instance: from.instance, name: from.name, words: senderWords },
    to: { instance: to.instance, name: to.name, words: to.words },
  };
}

/** Whether an operator means this party. */
export function isMeant({ instance, name, words }: Party, who: string): boolean {
  return who === instance || who === name || sameWords(words, who);
}
