import { PackagePushed, SourceCompared, type EventOf } from '../events/index.ts';
import { cut } from './bounded.ts';
import { atHome, type Decision } from './decision.ts';

type Push = EventOf<typeof PackagePushed>['data'];
type Comparison = EventOf<typeof SourceCompared>['data'];

const messageMax = 1000;

/** What became of a push; said once for as long as it stays the same. */
export function recordPush(
  known: Pick<Push, 'outcome' | 'code'> | undefined,
  { message, ...push }: Push,
): Decision {
  const isNews = known?.outcome !== push.outcome || known.code !== push.code;
  // What was taken and is there when it is looked at again is no news either.
  const isDone = known !== undefined && doneWith.has(known.outcome) && doneWith.has(push.outcome);
  if (!isNews || isDone) return [];
  return [
    atHome(PackagePushed.make({ ...push, message: message === null ? null : cut(message, messageMax) })),
  ];
}

const doneWith: ReadonlySet<string> = new Set(['taken', 'there']);

/** What a repository was found to have under a name: an alarm that is new, or the end of one. */
export function recordComparison(
  known: Pick<Comparison, 'found'> | undefined,
  comparison: Comparison,
): Decision {
  const { expected, found } = comparison;
  const isNews = found === expected ? known !== undefined : known?.found !== found;
  return isNews ? [atHome(SourceCompared.make(comparison))] : [];
}
