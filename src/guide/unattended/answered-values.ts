import { nearest, type Problem } from '../../process/index.ts';
import type { GuideError } from '../errors.ts';
import { askedInputs, lackingInputs } from '../inputs.ts';
import { openRun, standingOf } from '../known.ts';
import type { InputStanding, Standing } from '../site.ts';
import type { Walk } from '../start-guide.ts';
import { invalidAnswers, type Answers } from './answers.ts';
import { missing } from './missing-answers.ts';
import { fetchValue, type Surroundings } from './value-sources.ts';

/** Gives the walk all values at once; tells everything that is missing or wrong, or nothing. */
export async function prefill(
  walk: Walk,
  answers: Answers,
  surroundings: Surroundings,
): Promise<GuideError | undefined> {
  const { inputs: own, steps } = standingOf(walk.known)!;
  const asked = askedInputs(walk.known);
  const inputs = [...asked, ...own.filter(({ name }) => !asked.some((one) => one.name === name))];
  const problems: Problem[] = unknownSteps(answers, steps);
  const refuse = (name: string, message: string, hint: string): void =>
    void problems.push({ ...answers.placeOf('values', name), message, hint });
  const values: Record<string, string> = {};
  for (const [name, source] of answers.values) {
    const input = inputs.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (input === undefined) {
      const names = inputs.map((one) => one.name);
      const meant = nearest(name, names);
      refuse(
        name,
        `this release has no input ${name}`,
        meant === undefined ? `It has ${names.join(', ') || 'none'}.` : `Did you mean ${meant}?`,
      );
    } else if (input.secret && source.kind === 'text') {
      refuse(
        name,
        `${name} is a secret and stands here as text`,
        'Take it out of the file, and write { file: … }, { env: … } or { command: […] }.',
      );
    } else {
      // Answers are those of the release in the file; one that is gone back to is given what it lacks.
      if (!asked.includes(input)) continue;
      const found = await fetchValue(source, surroundings);
      if ('why' in found) refuse(name, `${name}: ${found.why}`, 'Mend where it comes from.');
      else values[input.name] = found.value;
    }
  }
  walk.prefill(values);
  const lacking = lackingInputs(walk.known);
  for (const { input, why } of lacking.filter(({ isMissing }) => !isMissing))
    refuse(asWritten(answers, input), why, input.help ?? 'Correct the value.');
  if (problems.length > 0) return invalidAnswers(answers.path, problems);
  const missed = lacking.filter(({ isMissing }) => isMissing).map(({ input }) => input);
  return missed.length === 0 ? undefined : missing(answers, missed.map(inWords)).failure;
}

/** Has the answers compared with the values of then. None is needed, so none that is gone since is in the way. */
export async function compare(walk: Walk, { values }: Answers, surroundings: Surroundings): Promise<void> {
  const run = openRun(walk.known);
  const environment = run?.standing.environment ?? standingOf(walk.known)!.environment;
  const had: Record<string, string> = {};
  for (const [name, source] of values) {
    const found = await fetchValue(source, surroundings);
    if ('value' in found) had[name] = found.value;
  }
  if (surroundings.signal.aborted || Object.keys(had).length === 0) return;
  await walk.compare(environment, run?.open.deployment ?? null, had);
}

/** An answer to a step that there is not would be missed when the run has come to the one that was meant. */
function unknownSteps(answers: Answers, steps: Standing['steps']): Problem[] {
  const ids = steps.map(({ id }) => id);
  return [...answers.steps.keys()]
    .filter((id) => !ids.includes(id))
    .map((id) => {
      const meant = nearest(id, ids);
      const hint = meant === undefined ? `It has ${ids.join(', ') || 'none'}.` : `Did you mean ${meant}?`;
      return { ...answers.placeOf('steps', id), message: `this release has no step ${id}`, hint };
    });
}

/** The name by which the file of answers knows an input; letters may be large or small there. */
function asWritten({ values }: Answers, { name }: InputStanding): string {
  return [...values.keys()].find((one) => one.toLowerCase() === name.toLowerCase()) ?? name;
}

function inWords({ name, label, secret }: InputStanding): string {
  return `${name}${label === null ? '' : ` (${label})`}${secret ? ', a secret' : ''}`;
}
