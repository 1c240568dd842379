import { isSame, type FieldChange, type RevisionDiff } from './diff.ts';

/** The differences as lines for a terminal: what a tester or receiver reads before trusting a revision. */
export function describeDiff(diff: RevisionDiff): string[] {
  if (isSame(diff)) return ['The process is the same'];
  const { process, steps, variables, inputs } = diff;
  const lines: string[] = [];
  if (process !== null) lines.push(`Process ${process.before} is called ${process.after}`);
  for (const { name, position } of steps.added) lines.push(`Step added: ${name} (as step ${position})`);
  for (const { name, position } of steps.removed) lines.push(`Step removed: ${name} (was step ${position})`);
  for (const { name, from, to } of steps.moved) lines.push(`Step moved: ${name} (from ${from} to ${to})`);
  for (const { name, fields, scripts } of steps.changed) {
    lines.push(`Step changed: ${name}`, ...fields.map((field) => `  ${change(field)}`));
    for (const script of scripts) {
      lines.push(`  ${script.where}: ${script.kind} script`);
      lines.push(...script.lines.map(({ sign, text }) => `    ${sign} ${printable(text)}`));
    }
  }
  lines.push(...variables.added.map(({ field, after }) => `Variable added: ${field} = ${shown(after)}`));
  lines.push(...variables.removed.map(({ field }) => `Variable removed: ${field}`));
  lines.push(...variables.changed.map((field) => `Variable changed: ${change(field)}`));
  for (const { name, required, secret } of inputs.added) {
    const kind = [required ? 'required' : 'optional', ...(secret ? ['secret'] : [])].join(', ');
    lines.push(`Input added: ${name} (${kind})`);
  }
  lines.push(...inputs.removed.map((name) => `Input removed: ${name}`));
  for (const { name, fields } of inputs.changed) {
    lines.push(`Input changed: ${name}`, ...fields.map((field) => `  ${change(field)}`));
  }
  lines.push(...inputs.nowRequired.map((name) => `Now required: ${name}`));
  return lines;
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
