import { isSame, type FieldChange, type RevisionDiff, type StepChange, type StepsDiff } from './diff.ts';

/** The differences as lines for a terminal: what a tester or receiver reads before trusting a revision. */
export function describeDiff(diff: RevisionDiff): string[] {
  if (isSame(diff)) return ['The process is the same'];
  const { process, checks, steps, uninstall, variables, inputs } = diff;
  const lines: string[] = [];
  if (process !== null) lines.push(`Process ${process.before} is called ${process.after}`);
  lines.push(...checks.added.map((name) => `Check added: ${name}`));
  lines.push(...checks.removed.map((name) => `Check removed: ${name}`));
  for (const check of checks.changed) lines.push(`Check changed: ${check.name}`, ...changesOf(check));
  lines.push(...linesOfSteps('Step', steps), ...linesOfSteps('Uninstall step', uninstall));
  lines.push(...variables.added.map(({ field, after }) => `Variable added: ${field} = ${shown(after)}`));
  lines.push(...variables.removed.map(({ field }) => `Variable removed: ${field}`));
  lines.push(...variables.changed.map((field) => `Variable changed: ${change(field)}`));
  for (const { name, required, secret } of inputs.added) {
    const kind = [required ? 'required' : 'optional', ...(secret ? ['secret'] : [])].join(', ');
    lines.push(`Input added: ${name} (${kind})`);
  }
  lines.push(...inputs.removed.map((name) => `Input removed: ${name}`));
  for (const input of inputs.changed) lines.push(`Input changed: ${input.name}`, ...changesOf(input));
  lines.push(...inputs.nowRequired.map((name) => `Now required: ${name}`));
  return lines;
}

function linesOfSteps(called: string, steps: StepsDiff): string[] {
  return [
    ...steps.added.map(({ name, position }) => `${called} added: ${name} (as step ${position})`),
    ...steps.removed.map(({ name, position }) => `${called} removed: ${name} (was step ${position})`),
    ...steps.moved.map(({ name, from, to }) => `${called} moved: ${name} (from ${from} to ${to})`),
    ...steps.changed.flatMap((step) => [`${called} changed: ${step.name}`, ...changesOf(step)]),
  ];
}

function changesOf({ fields, scripts }: Pick<StepChange, 'fields' | 'scripts'>): string[] {
  return [
    ...fields.map((field) => `  ${change(field)}`),
    ...scripts.flatMap((script) => [
      `  ${script.where}: ${script.kind} script`,
      ...script.lines.map(({ sign, text }) => `    ${sign} ${printable(text)}`),
    ]),
  ];
}

function change({ field, before, after }: FieldChange): string {
  return `${field}: ${shown(before)} -> ${shown(after)}`;
}

function shown(text: string | null): string {
  if (text === null) return '(none)';
  const line = printable(text);
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
}

/** Control characters spelled out: a revision comes from elsewhere, and a terminal obeys them. */
function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character === '\t' ? '  ' : `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
