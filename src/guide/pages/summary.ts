import { changedBefore } from '../changed-before.ts';
import { askedInputs, valueOf, valuesToKeep } from '../inputs.ts';
import {
  aimOf,
  goneBackTo,
  isBefore,
  isInstalling,
  releaseName,
  standingOf,
  wayOf,
  type Known,
} from '../known.ts';
import { never, next, once, type Leaf } from '../leaf.ts';
import type { Block } from '../page.ts';
import type { Standing, Work } from '../site.ts';
import { span } from '../../words.ts';
import { GuideError } from '../errors.ts';

/** All that was decided, before it begins. Only `go` on this page has anything done outside the own folder. */
export const summary: Leaf = {
  id: 'summary',
  keys: (known) => {
    const way = wayOf(known);
    const isShown = isInstalling(known) || way === 'start-over' || way === 'roll-back' || way === 'uninstall';
    return isShown && isBefore(known) && standingOf(known) !== undefined ? once : never;
  },
  async enter({ known }) {
    const trouble = impossible(known);
    if (trouble !== undefined) throw trouble;
  },
  show: (known) => {
    const standing = standingOf(known)!;
    const can = impossible(known) === undefined;
    return {
      title: 'Summary',
      blocks: [
        { kind: 'facts', facts: factsOf(known, standing) },
        ...(isInstalling(known) ? planned(known, standing) : []),
        ...(can
          ? [
              {
                kind: 'text',
                text: `${changedBefore(known) ?? 'Nothing was changed so far.'} It begins with the next word of yours.`,
              } as const,
            ]
          : []),
      ],
      actions: can ? [{ id: 'go', label: doing(known), about: null }] : [],
    };
  },
  async take({ site, known, learn }) {
    const { environment } = standingOf(known)!;
    const values = valuesToKeep(known);
    if (askedInputs(known).length > 0 && Object.keys(values).length > 0) await site.keep(environment, values);
    // What was meant stands from here on, whatever is installed when it is over.
    learn({ way: wayOf(known), work: workOf(known) });
    return next;
  },
};

function workOf(known: Known): Work {
  const { environment } = standingOf(known)!;
  const [way, { deployment }] = [wayOf(known), known];
  if (way === 'roll-back' || way === 'uninstall') return { kind: way, environment };
  if (way === 'start-over' && deployment !== null) return { kind: way, deployment, environment };
  if (deployment === null) return { kind: 'install', again: way === 'again', environment };
  const again = standingOf(known)?.compared === 'same';
  return { kind: 'install', again, environment, instead: deployment };
}

/** What is asked for and there is nothing for: a release to go back to, steps to uninstall by. */
function impossible(known: Known): GuideError | undefined {
  const [standing, way] = [standingOf(known)!, wayOf(known)];
  const { environment } = standing;
  if (way === 'roll-back' && standing.previous === null) {
    return new GuideError(
      'WAY_IMPOSSIBLE',
      `Cannot go back in ${environment}: there is no other release to go back to`,
      {
        hint: 'Install the release that is wanted with its own file.',
        details: { environment },
      },
    );
  }
  if (way === 'uninstall' && known.release?.hasUninstall !== true) {
    return new GuideError(
      'WAY_IMPOSSIBLE',
      `Cannot uninstall ${releaseName(known)}: its maker wrote no steps for that`,
      { hint: 'Ask the maker how it is taken off a machine.', details: { environment } },
    );
  }
  // What a run began that came to no good end can be taken off as well.
  if (way === 'uninstall' && standing.installed === null && standing.open === null) {
    return new GuideError(
      'WAY_IMPOSSIBLE',
      `Cannot uninstall in ${environment}: nothing is installed there`,
      {
        hint: 'Name the environment that is meant.',
        details: { environment },
      },
    );
  }
  return undefined;
}

function doing(known: Known): string {
  const number = known.release?.number ?? '';
  switch (aimOf(known)) {
    case 'roll-back':
      return `Go back to ${goneBackTo(known)} now`;
    case 'uninstall':
      return 'Uninstall now';
    case 'install':
      return wayOf(known) === 'start-over' ? `Start ${number} over now` : `Install ${number} now`;
  }
}

function factsOf(known: Known, standing: Standing): (readonly [string, string])[] {
  const { environment, installed, expectedMs } = standing;
  const then = {
    install: known.release?.number ?? '',
    'roll-back': `${goneBackTo(known)}, by its own steps and with its packages`,
    uninstall: 'nothing',
  };
  return [
    ['Product', known.release?.process ?? ''],
    ['Environment', environment],
    ['Installed now', installed?.number ?? 'nothing'],
    ['Installed then', then[aimOf(known)]],
    ...(expectedMs === null || !isInstalling(known)
      ? []
      : ([['Takes about', span(Math.ceil(expectedMs / 1000))]] as const)),
    ['On this machine as', known.facts.account],
  ];
}

function planned({ typed }: Known, { inputs, steps }: Standing): Block[] {
  const values = inputs.map((input): readonly [string, string] => {
    const { name, label, secret, isKnown } = input;
    const isGiven = name in typed || isKnown;
    if (secret && isGiven) return [label ?? name, name in typed ? '(typed, not shown)' : '(kept, not shown)'];
    return [label ?? name, valueOf(input, typed) ?? '(not given)'];
  });
  return [
    ...(values.length === 0
      ? []
      : ([
          { kind: 'heading', text: 'Values' },
          { kind: 'facts', facts: values },
        ] as const)),
    { kind: 'heading', text: 'Steps' },
    {
      kind: 'list',
      items: steps.map(({ name, skippedBecause }, at) =>
        skippedBecause === null ? `${at + 1}. ${name}` : `${at + 1}. ${name}: skipped, ${skippedBecause}`,
      ),
    },
  ];
}
