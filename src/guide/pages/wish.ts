import { isBefore, isCarried, releaseName, standingOf, wayOf, type Known, type Way } from '../known.ts';
import { carriedTo, never, next, once, type Leaf } from '../leaf.ts';
import type { Action } from '../page.ts';
import type { Standing } from '../site.ts';
import { moment } from '../../words.ts';

/** What is wanted where something is installed already that this release is not newer than. */
export const wish: Leaf = {
  id: 'wish',
  keys: (known) => (isOpen(known) ? once : never),
  isAsked: (known) => wayOf(known) === null,
  show: (known) => {
    const standing = standingOf(known)!;
    const { installed, compared, environment } = standing;
    const since = installed === null ? '' : `, since ${moment(installed.since)}`;
    return {
      title: compared === 'same' ? 'It is installed already' : 'Something newer is installed',
      blocks: [
        compared === 'same'
          ? { kind: 'text', text: `${releaseName(known)} runs in ${environment}${since}.` }
          : {
              kind: 'notice',
              tone: 'problem',
              text: isCarried(known)
                ? `This file holds ${releaseName(known)}, and ${installed?.number ?? ''} is installed in ${environment}${since}. An older release is not installed over a newer one.`
                : `${releaseName(known)} is older than ${installed?.number ?? ''}, which is installed in ${environment}${since}.`,
            },
      ],
      actions: wishesFor(known, standing),
      mustChoose: true,
    };
  },
  async take({ site, known, learn }, _key, { action }) {
    learn({ way: action as Way });
    // A result that is made again says what the first one said, until a person says something else.
    if (action === 'report') {
      const remark = await carriedTo(site).lastRemark(standingOf(known)!.environment, null);
      if (remark !== null) learn({ remark });
    }
    return next;
  },
};

function isOpen(known: Known): boolean {
  const compared = standingOf(known)?.compared;
  return (compared === 'same' || compared === 'older') && known.deployment === null && isBefore(known);
}

function wishesFor(known: Known, { compared, previous }: Standing): Action[] {
  const { release } = known;
  const again: Action = {
    id: 'again',
    label: 'Install it again',
    about: 'All steps once more, with values as they are today.',
  };
  const rollBack: Action[] =
    previous === null
      ? []
      : [
          {
            id: 'roll-back',
            label: `Go back to ${previous.number}`,
            about: 'The release that ran before, by its own steps and with its packages.',
          },
        ];
  const uninstall: Action[] =
    release?.hasUninstall === true
      ? [{ id: 'uninstall', label: 'Uninstall it', about: 'By the steps that its maker wrote for that.' }]
      : [];
  const report: Action = {
    id: 'report',
    label: 'Write the result file again',
    about: 'For the maker, of the last run; nothing else is done.',
  };
  // Who deploys by name means the release that was named; of a file nobody remembers which one it holds.
  const older: Action = {
    id: 'install',
    label: `Install ${release?.number ?? ''} all the same`,
    about: 'By its own steps, over the newer one.',
  };
  if (isCarried(known)) return [...(compared === 'same' ? [again] : []), ...rollBack, ...uninstall, report];
  return [compared === 'same' ? again : older, ...rollBack, ...uninstall];
}
