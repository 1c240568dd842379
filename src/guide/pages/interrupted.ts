import { isBefore, openRun, wantedAtStart, wayOf, type Known, type Way } from '../known.ts';
import { howItStands } from '../run-in-words.ts';
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
      title: titleOf(open),
      blocks: describeOpen(open, standing),
      actions: waysOn(known, open, standing),
      mustChoose: true,
    };
  },
  async take({ known, learn }, _key, { action }) {
    const { standing, open } = openRun(known)!;
    const { environment } = standing;
    // What failed is over, and has nothing to do with the run of another release; what is open is given up for it.
    const isOver = action === 'install' && open.state === 'failed';
    const deployment = isOver ? null : open.deployment;
    const work =
      action === 'resume' ? ({ kind: 'resume', deployment: open.deployment, environment } as const) : null;
    learn({ environment, deployment, way: action as Way, work });
    return next;
  },
};

const isInTheWay = (known: Known): boolean =>
  openRun(known) !== undefined && isBefore(known) && known.options.until !== 'questions';

function titleOf({ kind, state, number }: OpenRun): string {
  switch (kind) {
    case 'roll-back':
      return `Going back to ${number} ${howItStands[state]}`;
    case 'uninstall':
      return `Uninstalling ${number} ${howItStands[state]}`;
    case 'install':
      return state === 'running' ? 'A run is still under way' : `The last run ${howItStands[state]}`;
  }
}

function describeOpen(open: OpenRun, { environment }: Standing): Block[] {
  return [
    {
      kind: 'facts',
      facts: [
        [open.kind === 'roll-back' ? 'Going back to' : 'Release', open.number],
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
  known: Known,
  { kind, state, number }: OpenRun,
  { previous, compared, installed }: Standing,
): Action[] {
  const { release, facts } = known;
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
  const what = {
    install: `Release ${number}`,
    'roll-back': `Going back to ${number}`,
    uninstall: `Uninstalling ${number}`,
  };
  const startOver: Action = {
    id: 'start-over',
    label: 'Start over',
    about: `${what[kind]} from its first step, with values as they are today; steps that were done are done again.`,
  };
  const becomes =
    state === 'failed' ? `what became of ${number} stays as it is told` : 'this run is given up';
  const install: Action = {
    id: 'install',
    label: `Install ${release?.number ?? ''}`,
    about: `From its first step; ${becomes}.`,
  };
  const rollBack: Action = {
    id: 'roll-back',
    label: `Go back to ${previous?.number ?? ''}`,
    about: `The release that ran before, by its own steps and with its packages; ${becomes}.`,
  };
  const takeOff: Action = {
    id: 'uninstall',
    label: 'Take it off this machine',
    about: `By the steps that its maker wrote for that; ${becomes}.`,
  };
  if (state === 'running') return [resume];
  const goesOn = state === 'failed' ? [] : [state === 'waiting' ? decide : resume];
  // Who starts with another release means that one: over starts what the run was for only where it is the same.
  const isOther = release !== null && (release.number !== number || kind === 'uninstall');
  const isBack = release?.number === previous?.number && state !== 'failed';
  const mayBe = isOther && !isBack && (compared !== 'older' || facts.carried === null);
  const isSame = kind !== 'install' || !isOther;
  // Starting to go back over again is going back.
  const goesBack = previous !== null && kind !== 'roll-back';
  // What a first installation began is there and would not go by itself.
  const isFirst = previous === null && installed === null && kind === 'install';
  const isMeant = wantedAtStart(known) === 'uninstall' && kind !== 'uninstall';
  const comesOff = release?.hasUninstall === true && (isFirst || isMeant);
  return [
    ...goesOn,
    ...(mayBe ? [install] : []),
    ...(isSame ? [startOver] : []),
    ...(goesBack ? [rollBack] : []),
    ...(comesOff ? [takeOff] : []),
  ];
}
