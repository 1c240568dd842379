import { askedInputs } from '../inputs.ts';
import { isCarried, isInstalling, openWait, standingOf, type Known } from '../known.ts';
import { foldersStay } from '../run-in-words.ts';
import { isUnreadWayBack } from '../scripts.ts';
import { never, next, once, type Leaf } from '../leaf.ts';
import type { Action, Block } from '../page.ts';
import type { RunOutcome } from '../site.ts';
import { span } from '../../words.ts';

/** What came of it, and what can be done now. */
export const result: Leaf = {
  id: 'result',
  keys: (known) => (known.outcome !== null && openWait(known) === undefined ? once : never),
  show: (known) => {
    const outcome = known.outcome!;
    return {
      title: titleOf(outcome),
      blocks: blocksOf(known, outcome),
      actions: actionsOf(known, outcome),
      mustChoose: outcome.state !== 'succeeded',
      noWayBack: true,
    };
  },
  async take({ known, learn }, _key, { action }) {
    if (action === 'next') return next;
    const { deployment } = known.outcome!;
    const { environment } = standingOf(known)!;
    const anew = {
      outcome: null,
      work: null,
      unused: [],
      checks: null,
      tried: {},
      lines: null,
      written: null,
    };
    switch (action) {
      case 'resume':
        learn({ ...anew, deployment, way: 'resume', work: { kind: 'resume', deployment, environment } });
        return { go: 'to', page: 'running' };
      case 'start-over':
        learn({ ...anew, deployment, way: 'start-over' });
        return {
          go: 'to',
          page: isInstalling({ ...known, ...anew, deployment, way: 'start-over' }) ? 'checks' : 'summary',
        };
      default:
        learn({ ...anew, way: 'roll-back' });
        return { go: 'to', page: firstOnWayBack({ ...known, ...anew, way: 'roll-back' }) };
    }
  },
};

/** What has to be read or given for the release that is gone back to comes first. */
function firstOnWayBack(known: Known): string {
  if (isUnreadWayBack(known)) return 'release';
  return askedInputs(known).length > 0 ? 'inputs' : 'summary';
}

function titleOf({ kind, state, number }: RunOutcome): string {
  switch (state) {
    case 'succeeded':
      if (kind === 'uninstall') return 'It is uninstalled';
      return kind === 'roll-back' ? `${number} is installed again` : `${number} is installed`;
    case 'failed':
      return 'It failed';
    case 'interrupted':
      return 'It was cut off';
    case 'cancelled':
      return 'It was given up';
    case 'waiting':
      return 'It waits';
  }
}

function blocksOf({ facts }: Known, outcome: RunOutcome): Block[] {
  const { state, durationMs, error, hindered, at, steps, logFile, lastLines, foldersLeft } = outcome;
  const isGood = state === 'succeeded';
  return [
    ...(isGood || error === null ? [] : [{ kind: 'notice', tone: 'problem', text: error } as const]),
    ...(hindered === undefined ? [] : [{ kind: 'text', text: hindered.hint } as const]),
    {
      kind: 'facts',
      facts: [
        ['Outcome', state],
        ...(at === null || isGood ? [] : ([['Stopped in', at]] as const)),
        ...(durationMs === null ? [] : ([['Took', lasted(durationMs)]] as const)),
        ['Run', outcome.deployment],
        ...(logFile === null ? [] : ([['Log', logFile]] as const)),
        ['Kept in', facts.dataFolder],
      ],
    },
    { kind: 'heading', text: 'Steps' },
    {
      kind: 'list',
      items: steps.map(({ name, state: how, durationMs: ms }) =>
        ms === null ? `${name}: ${inWords(how)}` : `${name}: ${inWords(how)}, ${lasted(ms)}`,
      ),
    },
    ...(foldersLeft.length === 0
      ? []
      : [{ kind: 'heading', text: foldersStay } as const, { kind: 'list', items: foldersLeft } as const]),
    ...(isGood || lastLines.length === 0
      ? []
      : [{ kind: 'verbatim', title: 'Last lines', text: lastLines.join('\n') } as const]),
  ];
}

/** `not-run` is how programs are told it. */
const inWords = (state: string): string => state.replaceAll('-', ' ');

/** Short ones to a tenth of a second: most steps are. */
const lasted = (ms: number): string => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : span(ms / 1000));

function actionsOf(known: Known, { kind, state }: RunOutcome): Action[] {
  const home: Action = {
    id: 'next',
    label: 'Make the result file',
    about: 'For the maker, to be carried back; you see every line of it before it is written.',
  };
  const last: Action = isCarried(known) ? home : { id: 'next', label: 'Done', about: null };
  if (state === 'succeeded') return [last];
  const previous = standingOf(known)?.previous ?? null;
  const resume: Action = {
    id: 'resume',
    label: 'Go on where it stopped',
    about: 'With the same release and the same values; what is done stays done.',
  };
  const startOver: Action = {
    id: 'start-over',
    label: 'Try it again',
    about:
      kind === 'install'
        ? 'From the first step, with values as they are then; go back from the checks to mend them.'
        : 'From the first step, with values as they are then.',
  };
  const rollBack: Action[] =
    previous === null || kind === 'roll-back'
      ? []
      : [
          {
            id: 'roll-back',
            label: `Go back to ${previous.number}`,
            about: 'The release that ran before, by its own steps and with its packages.',
          },
        ];
  return [...(state === 'interrupted' ? [resume] : []), startOver, ...rollBack, last];
}
