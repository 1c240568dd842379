import { featureKeyOf } from './config-file-features.ts';
import { nearest } from './nearest.ts';
import { scriptsBeforeSteps, scriptsIn, type Revision, type Step } from './revision.ts';

/** The names a text uses as `#{Name}`, as written; the variables room reads them. */
export type NamesIn = (text: string) => readonly string[];

/** A name used in a revision, and the first place that uses it, in words. */
export type Reference = { readonly name: string; readonly where: string };
/** A name that nothing gives a value to, with the one that was probably meant. */
export type UnknownReference = Reference & { readonly meant: string | undefined };

/** The names that scripts, values, folders and properties of a revision use, each once, in order of their use. */
export function referencesIn(revision: Revision, namesIn: NamesIn): Reference[] {
  const found = new Map<string, Reference>();
  for (const { text, where } of textsOf(revision)) {
    for (const name of namesIn(text)) {
      const key = name.toUpperCase();
      if (!found.has(key)) found.set(key, { name, where });
    }
  }
  return [...found.values()];
}

/**
 * References to names that are neither variables or inputs of the revision, nor among `alsoKnown`, nor Octopus's own
 * (`Octopus.…`, and `env:…`). A path below a known name counts as known: its value may be JSON.
 */
export function unknownReferences(
  revision: Revision,
  namesIn: NamesIn,
  alsoKnown: readonly string[],
): UnknownReference[] {
  const known = [
    ...revision.variables.map((variable) => variable.name),
    ...revision.inputs.map((input) => input.name),
    ...alsoKnown,
  ];
  const folded = new Set(known.map((name) => name.toUpperCase()));
  const isKnown = (name: string): boolean => {
    const upper = name.toUpperCase();
    if (/^(?:OCTOPUS[.A-Z]|ENV:)/.test(upper) || folded.has(upper)) return true;
    for (let at = 0; at < upper.length; at += 1) {
      if ((upper[at] === '.' || upper[at] === '[') && folded.has(upper.slice(0, at))) return true;
    }
    return upper.endsWith(']') && [...folded].some((one) => one.startsWith(upper));
  };
  return referencesIn(revision, namesIn)
    .filter(({ name }) => !isKnown(name))
    .map((reference) => ({ ...reference, meant: nearest(reference.name, known) }));
}

function textsOf(revision: Revision): { text: string; where: string }[] {
  const variables = revision.variables.map(({ name, value }) => ({ text: value, where: `variable ${name}` }));
  const before = scriptsBeforeSteps(revision).map(({ where, script }) => ({
    text: script.text,
    where: `${script.kind} script of ${where}`,
  }));
  const steps = revision.steps.flatMap((step) => textsOfStep(step, `step ${step.name}`));
  const uninstall = (revision.uninstall ?? []).flatMap((step) =>
    textsOfStep(step, `uninstall step ${step.name}`),
  );
  return [...variables, ...before, ...steps, ...uninstall];
}

function textsOfStep({ action, properties, when }: Step, called: string): { text: string; where: string }[] {
  const folders =
    action.kind === 'package'
      ? [
          ...(action.installTo ? [action.installTo.folder, ...action.installTo.keep] : []),
          ...action.substituteInFiles,
        ]
      : [];
  return [
    { text: when, where: `when: of ${called}` },
    ...(action.kind === 'manual' ? [{ text: action.instructions, where: `instructions of ${called}` }] : []),
    ...folders.map((text) => ({ text, where: `features of ${called}` })),
    ...scriptsIn(action).map(({ kind, text }) => ({ text, where: `${kind} script of ${called}` })),
    ...properties.map((one) => ({
      text: one.value,
      where: `${featureKeyOf(one.name) ?? `property ${one.name}`} of ${called}`,
    })),
  ];
}
