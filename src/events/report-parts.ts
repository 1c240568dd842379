// Parts of a report of a run that a person may strike out, by name: `times`, `failed-at`, `exit-code`, `error`, `rating`,
// `comment`, `log`, `last-lines` or one of them (`last-lines.4`), and of a step, counted from 1, `step.3` as a whole or
// its `times`, `exit-code`, `error`, its whole `trace` or one line of it: `step.3.convention.8`, `.7.5`, `.F`.

const ofStep = String.raw`step\.[1-9]\d{0,2}(?:\.(?:times|exit-code|error|trace|convention\.(?:\d{1,2}(?:\.\d)?|F)))?`;
const ofRun = String.raw`times|failed-at|exit-code|error|rating|comment|log|last-lines(?:\.[1-9]\d?)?`;
const part = new RegExp(`^(?:${ofStep}|${ofRun})$`);

/** Whether this names a part that a report can have. */
export const isReportPart = (name: string): boolean => part.test(name);

/** `step 3, error`; the name as it is where it comes from a newer program. */
export function partInWords(name: string): string {
  if (!isReportPart(name)) return name;
  const [, step, ofIt] = /^step\.(\d+)(?:\.(.*))?$/.exec(name) ?? [];
  if (step === undefined) return inWords(name);
  return ofIt === undefined ? `step ${step}` : `step ${step}, ${inWords(ofIt)}`;
}

/** The first word is the part; what follows it says which of several. */
function inWords(name: string): string {
  const [kind = '', ...which] = name.split('.');
  return [kind.replace('-', ' '), which.join('.')].filter((word) => word !== '').join(' ');
}
