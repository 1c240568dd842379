import type { ForeseenStep } from '../../executor/index.ts';
import { fewFiles } from './few-files.ts';
import { indented, table } from '../table.ts';

/** Of scripts a plan shows those of the process by itself. */
type Shown = Omit<ForeseenStep, 'scripts'> & {
  readonly scripts: readonly (ForeseenStep['scripts'][number] | string)[];
};

/** States of conventions that nobody looks for in a plan. */
const idle = new Set(['feature-off', 'nothing-to-do', 'not-run']);

/** What each step would do, a line for each convention with something to do, and what is worth knowing below. */
export function describeForeseen(steps: readonly Shown[]): string[] {
  return steps.flatMap((step, at) => [
    `${at + 1}. ${step.name}${standing(step)}`,
    ...(step.onlyWhere === undefined ? [] : [`   only where ${step.onlyWhere} is true by then`]),
    ...indented(indented(table(linesOf(step)))),
    ...indented(indented(notesOn(step))),
  ]);
}

function standing({ state, skippedBecause, error }: Shown): string {
  switch (state) {
    case 'runs':
      return '';
    case 'waits':
      return ': waits for a person';
    case 'failed':
      return `: would fail: ${error ?? 'for an unknown reason'}`;
    case 'skipped':
    case 'not-run':
      return `: ${state}: ${skippedBecause ?? ''}`;
  }
}

function linesOf({ conventions, error }: Shown): string[][] {
  return conventions
    .filter(({ state }) => !idle.has(state) && state !== 'skipped')
    .map(({ number, name, state, files = [], detail = '' }) => [
      String(number).padStart(3),
      name,
      state === 'failed' ? 'FAILS' : '',
      [detail === error ? '' : detail, fewFiles(files.filter((file) => !detail.includes(file)))]
        .filter((part) => part !== '')
        .join(': '),
    ]);
}

/** What a person would want to know before it runs. */
function notesOn(step: Shown): string[] {
  return [
    ...step.transforms.map(({ target, by }) => `${target} is transformed by ${by.join(', then ')}`),
    ...step.noValue.flatMap(({ where, tokens, later }) => {
      const never = tokens.filter((token) => !later.includes(token));
      return [
        ...(never.length === 0 ? [] : [`no value for ${never.join(', ')} in ${where}`]),
        ...(later.length === 0 ? [] : [`set while it runs, if at all: ${later.join(', ')} in ${where}`]),
      ];
    }),
    ...step.noFile.map(({ feature, pattern }) => `no file matches ${pattern} (${feature})`),
    ...step.transformsUnused.map((file) => `${file} is a transform, and nothing applies it`),
    ...step.namedLikeFeatures.map((file) => `${file} is named like a script of a feature and is not run`),
    ...step.scripts.flatMap((one) =>
      typeof one === 'string' || one.rather.length === 0
        ? []
        : [`${one.script} is run rather than ${one.rather.join(', ')}`],
    ),
    ...step.warnings,
  ];
}
