import { trimmed } from './characters.ts';
import { expand, truthy } from './expand.ts';
import type { VariableSet } from './variable-set.ts';

/** Whether `text` evaluates without an unresolved token, parses, and counts as true. Throws VariableError. */
export function evaluatesTrue(text: string, variables: VariableSet): boolean {
  const { text: result, missing, failedAt, isNull } = expand(text, variables);
  return missing.length === 0 && failedAt === undefined && isNull === undefined && truthy(result);
}

/** A flag variable: `true` or `false` in any case, anything else is `otherwise`. Throws VariableError. */
export function flag(variables: VariableSet, name: string, otherwise: boolean): boolean {
  const value = trimmed(variables.get(name) ?? '').toLowerCase();
  return value === 'true' || (value !== 'false' && otherwise);
}

/** A list variable, split at commas; items are trimmed, empty ones dropped. Throws VariableError. */
export function list(variables: VariableSet, name: string): string[] {
  return items(variables.get(name) ?? '', /,/);
}

/** A path-list variable, split at line ends; items are trimmed, empty ones dropped. Throws VariableError. */
export function pathList(variables: VariableSet, name: string): string[] {
  return items(variables.get(name) ?? '', /[\r\n]/);
}

function items(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map(trimmed)
    .filter((item) => item !== '');
}
