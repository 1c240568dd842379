import type { CrossgapError } from '../errors.ts';
import type { Ending } from './guide.ts';
import type { Known } from './known.ts';
import type { Action, Block, Page, Progress, ProgressLine } from './page.ts';
import { before, stands, type Stand } from './stands.ts';

/** What is under way on a page. */
export type Doing = { done: Progress | null; readonly lines: ProgressLine[] };

type Standing = {
  readonly problems: Readonly<Record<string, string>>;
  readonly trouble: CrossgapError | undefined;
  readonly work: Doing | undefined;
  readonly isStopping: boolean;
};

const back: Action = { id: 'back', label: 'Back', about: null };
const leave: Action = { id: 'leave', label: 'Leave', about: null };

/** A page as it is shown: its own part, what is under way or in the way, and where it leads. */
export function compose(known: Known, at: Stand, { problems, trouble, work, isStopping }: Standing): Page {
  const { leaf, key } = at;
  const shown = leaf.show(known, key, { problems });
  const { title, blocks, fields = [], actions, mustChoose = false, noWayBack = false } = shown;
  const frame = { id: leaf.id, title, place: placeOf(at, known) };
  if (work !== undefined) {
    const isRun = leaf.id === 'running';
    const stop: Action = isRun ? { id: 'stop', label: 'Stop', about: stopping } : { ...leave, id: 'stop' };
    return {
      ...frame,
      blocks: [...blocks, { kind: 'progress', done: work.done, lines: work.lines }],
      fields: [],
      actions: isStopping ? [] : [stop],
      mustChoose: false,
      isBusy: true,
    };
  }
  const canGoBack = !noWayBack && before(at, known).length > 0;
  return {
    ...frame,
    blocks: trouble === undefined || shown.tellsTrouble === true ? blocks : [...blocks, ...inTheWay(trouble)],
    fields,
    actions: [...actions, ...(canGoBack ? [back] : []), leaveOf(leaf.id, known)],
    mustChoose: mustChoose || actions.length === 0,
    isBusy: false,
  };
}

const stopping =
  'What is under way is ended at once, and nothing is undone. The next start goes on there: a script that was cut off runs again from its beginning.';

function inTheWay({ message, hint }: CrossgapError): Block[] {
  return [
    { kind: 'notice', tone: 'problem', text: message },
    { kind: 'text', text: hint },
  ];
}

/** What leaving means where something was begun, or a run from before is open. */
function leaveOf(id: string, { outcome, written, facts }: Known): Action {
  if (id === 'interrupted') {
    return { ...leave, label: 'Leave it as it is', about: 'Nothing is done; the next start asks again.' };
  }
  if (outcome?.state === 'waiting') return { ...leave, about: 'It waits; the next start asks again.' };
  if (outcome !== null && written === null && facts.carried !== null)
    return { ...leave, about: 'The result file can be made later.' };
  return leave;
}

/** Pages are counted once it is known which there are: from the release to the summary. */
function placeOf({ leaf, key }: Stand, known: Known): Page['place'] {
  const counted = stands(known).filter((one) => isCounted(one.leaf.id));
  const at = counted.findIndex((one) => one.leaf === leaf && one.key === key);
  if (at < 0) return null;
  const titles = counted.map((one) => one.leaf.show(known, one.key, { problems: {} }).title);
  return { at: at + 1, of: counted.length, titles };
}

const isCounted = (id: string): boolean => ['release', 'inputs', 'checks', 'summary'].includes(id);

/** What is shown when the guide is over: whoever shows pages has something to show to the end. */
export function overPage({ text, failure, exitCode }: Ending): Page {
  return {
    id: 'over',
    title: exitCode === 0 ? 'Done' : 'This is the end of it',
    place: null,
    blocks: [
      ...text.map((line): Block => ({ kind: 'text', text: line })),
      ...(failure === undefined ? [] : inTheWay(failure)),
    ],
    fields: [],
    actions: [],
    mustChoose: false,
    isBusy: false,
  };
}
