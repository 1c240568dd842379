import { entryBytesMax, ForkFound, headerBytes, signatureBytes, type Evidence } from '../events/index.ts';
import { told, type Decision } from './decision.ts';

/** What an entry has room for beside the entries it shows. */
const frontBytesMax = 1024;
const shownBytesMax = entryBytesMax - headerBytes - signatureBytes - frontBytesMax;

/** Shows the author of a feed what its key signed twice, once for each place. `shown` holds the places it was shown. */
export function showForks(intent: {
  readonly link: string;
  readonly evidence: readonly Evidence[];
  readonly shown: ReadonlySet<string>;
}): Decision {
  const { link, evidence } = intent;
  const shown = new Set(intent.shown);
  return evidence.flatMap((fork) => {
    if (shown.has(forkPlace(fork))) return [];
    shown.add(forkPlace(fork));
    return [told(link, ForkFound.make(proofOf(fork)))];
  });
}

/** By what a fork is known among those of one feed. */
export function forkPlace({ epoch, seq }: Pick<Evidence, 'epoch' | 'seq'>): string {
  return `${epoch}/${seq}`;
}

/** What was refused goes first: what is held here is given back wherever the author asks for it. */
function proofOf({ epoch, seq, kind, first, second }: Evidence): Parameters<typeof ForkFound.make>[0] {
  const entries = kind === 'head' ? [first] : [second, first];
  let left = shownBytesMax;
  const fitting = entries.filter((entry) => {
    const sizeBytes = entry.bytes.byteLength + entry.signature.byteLength;
    const fits = sizeBytes <= left;
    if (fits) left -= sizeBytes;
    return fits;
  });
  const shownEntries = fitting.map(({ bytes, signature }) => ({ bytes, signature }));
  const head = kind === 'head' && { head: Buffer.concat([second.bytes, second.signature]) };
  return { epoch, seq, entries: shownEntries, ...head };
}
