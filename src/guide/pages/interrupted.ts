import { isBefore, openRun, wayOf, type Known, type Way } from '../known.ts';
import { never, next, once, type Leaf } from '../leaf.ts';
import type { Action, Block } from '../page.ts';
import type { OpenRun, Standing } from '../site.ts';

/** A run from before came to no end. A person decides what becomes of it; there is no default. */
export const interrupted: Leaf = {
  id: 'interrupted',
  // Once something is run in this start, what came of it has a page of its own.
  keys: (known) => (isInTheWay(known) ? once : never),
  isAsked: (known) => wayOf(known) === null,
  show: (known) => {
    const { standing, open } = openRun(known)!;
    return {
      title: titles[open.state],
      blocks: describeOpen(open, standing),
      actions: waysOn(known, open, standing),
      mustChoose: true,
    };
  },
  async take({ known, learn }, _key, { action }) {
    const { standing, open } = openRun(known)!;
    const { environment } = standing;
    // What failed is over: another release goes its own way, and has nothing to do with that run.
    if (action === 'install') {
      learn({ environment, way: 'install' });
      return next;
    }
    const { deployment } = open;
    const work = action === 'resume' ? ({ kind: 'resume', deployment, environment } as const) : null;
    learn({ environment, deployment, way: action as Way, work });
    return next;
  },
};

const isInTheWay = (known: Known): boolean =>
  openRun(known) !== undefined && isBefore(known) && known.options.until !== 'questions';

const titles = {
  interrupted: 'The last run was cut off',
  waiting: 'The last run waits for a person',
  running: 'A run is still under way',
  failed: 'The last run failed',
} as const satisfies Record<OpenRun['state'], string>;

function describeOpen(open: OpenRun, { environment }: Standing): Block[] {
  return [
    {
      kind: 'facts',
      facts: [
        ['Release', open.number],
        ['Environment', environment],
        ['Run', open.deployment],
        ...(open.at === null
          ? []
          : ([[open.state === 'failed' ? 'Failed in' : 'Stands at', open.at]] as const)),
      ],
    },
    ...(open.error === null ? [] : [{ kind: 'notice', tone: 'problem', text: open.error } as const]),
    ...(open.done.length === 0
      ? [{ kind: 'text', text: 'No step was finished before that.' } as const]
      : [
          { kind: 'heading', text: 'Done before that' } as const,
          { kind: 'list', items: open.done } as const,
        ]),
  ];
}

function waysOn(
  { release, facts }: Known,
  { state, number }: OpenRun,
  { previous, compared }: Standing,
): Action[] {
  const resume: Action = {
    id: 'resume',
    label: state === 'running' ? 'Look on' : 'Go on where it stopped',
    about:
      state === 'running'
        ? 'It goes on by itself; what it does is shown here until it ends.'
        : 'With the same release and the same values; what is done stays done, and the step it stopped in goes on.',
  };
  const decide: Action = {
    id: 'decide',
    label: 'See what it asks',
    about: 'It shows what is to be done or decided, and goes on with your answer.',
  };
  const startOver: Action = {
    id: 'start-over',
    label: 'Start over',
    about: `Release ${number} from its first step, with values as they are today; steps that were done are done again.`,
  };
  const rollBack: Action[] =
    previous === null
      ? []
      : [
          {
            id: 'roll-back',
            label: `Go back to ${previous.number}`,
            about:
              'The release that ran before, by its own steps and with its packages; this run is given up.',
          },
        ];
  if (state === 'running') return [resume];
  if (state === 'failed') {
    const isOther = release !== null && release.number !== number;
    const install: Action = {
      id: 'install',
      label: `Install ${release?.number ?? ''}`,
      about: `From its first step; what became of ${number} stays as it is told.`,
    };
    const mayBe = isOther && (compared !== 'older' || facts.carried === null);
    return [...(mayBe ? [install] : []), startOver, ...rollBack];
  }
  return [state === 'waiting' ? decide : resume, startOver, ...rollBack];
}
