import type { TakenForRelay } from '../../bundles/index.ts';
import type { Instance } from '../../instance/index.ts';
import { ago, commandLine, count } from '../../words.ts';
import { indented } from '../table.ts';
import { hopOf, wayLines } from './relay-hops.ts';

/** What came of a bundle that is to be passed on, in a word or two. */
export function storedOf({ failure, partsIn, arrivedAt }: TakenForRelay): string {
  if (arrivedAt !== null) return 'has arrived';
  if (partsIn.length > 0) return failure === undefined ? 'stored' : 'stored partly';
  return failure === undefined ? 'nothing new' : 'not stored';
}

/** The same for scripts. */
export function storedDocument(taken: TakenForRelay): Record<string, unknown> {
  const { facts, partsIn, partsKnown, failure } = taken;
  return {
    bundle: facts.number,
    id: facts.id,
    from: facts.from.name,
    to: facts.to.name,
    link: null,
    relayed: true,
    outcome: storedOf(taken),
    sentAt: facts.sentAt,
    parts: facts.parts,
    stored: [...partsIn, ...partsKnown].toSorted((a, b) => a - b),
    ...(failure !== undefined && { error: failure.code }),
  };
}

/** The same for people. */
export function storedLines(instance: Instance, taken: TakenForRelay): string[] {
  const { facts, words, partsIn, partsKnown } = taken;
  const made = `made ${ago(facts.sentAt, instance.clock.now())}, ${words}`;
  const lines = [
    `Bundle ${facts.number} from ${facts.from.name} for ${facts.to.name}: ${storedOf(taken)} (${made}); sealed, nobody here can read it`,
    `  ${count(partsIn.length, 'new part')}, ${partsIn.length + partsKnown.length} of ${facts.parts} lie here`,
    ...indented(
      wayLines(
        instance,
        taken.route.map((note) => hopOf(note, facts)),
      ),
    ),
  ];
  if (partsIn.length > 0)
    lines.push(
      `It goes on with: ${commandLine('bundle', 'export', '--to', facts.to.name, '--out', 'FOLDER')}`,
    );
  return lines;
}
