import type { InputStanding, Values } from '../../guide/index.ts';
import type { Instance } from '../../instance/index.ts';
import type { Revision } from '../../process/index.ts';
import {
  nameKey,
  readGivenValues,
  readInputs,
  sourceOf,
  type InputSource,
  type ReleaseRow,
} from '../../projections/index.ts';
import { definitionsOf } from '../told/input-definitions.ts';
import { keepInput, refuseUnfitValue } from '../runs/keep-input.ts';
import { arrangePlace } from './place-here.ts';

/**
 * What a release asks for, in the order of its process, and what is known of it in an environment of this site, where
 * `before` is installed.
 */
export function inputsHere(
  { db }: Instance,
  release: ReleaseRow,
  {
    revision,
    environment,
    before,
  }: {
    readonly revision: Pick<Revision, 'inputs'>;
    readonly environment: string;
    readonly before: ReleaseRow | undefined;
  },
): InputStanding[] {
  const known = { inputs: readInputs(db), given: readGivenValues(db, release.link, false) };
  const asked = new Map(before?.document.inputs.map((one) => [nameKey(one.name), one]));
  const defined = new Map(revision.inputs.map((one) => [nameKey(one.name), one]));
  return release.document.inputs.map((input) => {
    const definition = defined.get(nameKey(input.name));
    const source = sourceOf(input, environment, known);
    return {
      name: input.name,
      label: input.label,
      help: input.help,
      group: definition?.group ?? null,
      type: input.type as InputStanding['type'],
      choices: input.choices,
      secret: input.secret,
      mayBeShown: definition?.mayBeShown === true,
      required: input.required,
      default: input.default,
      hasTest: definition?.test !== undefined,
      isKnown: source.from === 'set' || source.from === 'given',
      value: input.secret ? null : valueOf(source),
      wasAsked: isSame(asked.get(nameKey(input.name)), input),
    };
  });
}

type Asked = ReleaseRow['document']['inputs'][number];

/** Whether a question is one that was there before: with other choices, another type or default it is a new one. */
function isSame(before: Asked | undefined, input: Asked): boolean {
  return (
    before !== undefined &&
    before.type === input.type &&
    before.default === input.default &&
    before.choices.join('\n') === input.choices.join('\n')
  );
}

function valueOf(source: InputSource): string | null {
  switch (source.from) {
    case 'set':
      return source.input.value;
    case 'given':
      return source.value;
    case 'default':
    case 'nowhere':
      return null;
  }
}

/**
 * Keeps answers to what releases ask for, for one environment: secrets in the vault, the others readable. All are looked
 * at before the first is kept; one that is empty and not needed is left alone.
 *
 * @throws CommandError INPUT_INVALID
 */
export function keepAnswers(
  instance: Instance,
  releases: readonly ReleaseRow[],
  { environment, values }: { readonly environment: string; readonly values: Values },
): void {
  const asked = new Map(
    releases.flatMap(({ document }) => document.inputs.map((input) => [nameKey(input.name), input] as const)),
  );
  const answers = Object.entries(values).flatMap(([name, value]) => {
    const input = asked.get(nameKey(name));
    return input === undefined || (value === '' && (!input.required || input.type !== 'text'))
      ? []
      : [{ input, value }];
  });
  for (const { input, value } of answers)
    refuseUnfitValue(instance.db, input.name, value, definitionsOf(instance.db, input.name));
  instance.record((db) => arrangePlace(db, environment));
  for (const { input, value } of answers)
    keepInput(instance, { name: input.name, environment, secret: input.secret, value });
}
