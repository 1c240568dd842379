import type { Findings } from './findings.ts';
import type { InputDefinition, ScopedValue } from './revision.ts';
import type { ProcessEntry } from './schema.ts';
import { matchEqually } from './scope.ts';
import type { YamlPath } from './yaml-source.ts';

const nameLengthMax = 200;

type Values = ProcessEntry['variables'];

/** A value and where it stands in the file. */
export type PlacedValue = { readonly value: ScopedValue; readonly path: YamlPath };

/** The values below `variables:` at `path`, in the order of the file. */
export function readVariables(entry: Values, path: YamlPath, findings: Findings): PlacedValue[] {
  return findings.source.keysAt(path).flatMap((name) => {
    const given = entry?.[name];
    if (given === undefined) return [];
    const here = [...path, name];
    checkName(name, 'variable', here, findings);
    if (typeof given === 'string') {
      checkGiven(here, name, findings);
      return [{ value: { name, value: given, environments: [], tags: [] }, path: here }];
    }
    if (given.length === 0) findings.add(here, `${name} has no value`, 'Give it one, or leave it out.');
    return given.map((one, n) => {
      checkGiven([...here, n, 'value'], name, findings);
      const value = { name, value: one.value, environments: one.environments ?? [], tags: one.tags ?? [] };
      return { value, path: [...here, n] };
    });
  });
}

/** Refuses a name that is two things at once, and two values that would match equally. */
export function checkValues(
  variables: readonly PlacedValue[],
  inputs: readonly InputDefinition[],
  findings: Findings,
): void {
  const byName = new Map<string, PlacedValue[]>();
  const inputNames = new Set(inputs.map((input) => input.name.toUpperCase()));
  for (const placed of variables) {
    const key = placed.value.name.toUpperCase();
    const earlier = byName.get(key) ?? [];
    if (earlier.length === 0 && inputNames.has(key)) {
      findings.add(
        placed.path,
        `${placed.value.name} is an input and a variable`,
        'Keep one of the two: an input is asked for, a variable is given here.',
        'key',
      );
    }
    const twin = earlier.find((one) => matchEqually(one.value, placed.value));
    if (twin !== undefined) {
      const { line } = findings.source.placeOf(twin.path);
      findings.add(
        placed.path,
        `this value of ${placed.value.name} and the one in line ${line} match equally`,
        'Give them different environments or tags.',
      );
    }
    byName.set(key, [...earlier, placed]);
  }
}

/** Refuses a value that YAML takes for nothing: written that way it is an oversight, as what stands after `#` is. */
function checkGiven(path: YamlPath, name: string, findings: Findings): void {
  const plain = findings.source.plainAt(path);
  if (plain === undefined || !/^(?:~|null)?$/i.test(plain)) return;
  const what = plain === '' ? 'nothing stands here' : `${plain} is nothing in YAML`;
  findings.add(path, `${name} has no value: ${what}`, `Write "${plain}" where that is meant as text.`);
}

/** Refuses what other readers of YAML take for a truth or nothing, where a name stands. */
export function checkText(path: YamlPath, what: string, findings: Findings): void {
  const plain = findings.source.plainAt(path);
  if (plain === undefined || !/^(?:~|null|true|false|yes|no|on|off)$/i.test(plain)) return;
  findings.add(path, `${what} is text, and ${plain} is none in YAML`, `Write "${plain}" if it is meant.`);
}

export function isTrue(text: string): boolean {
  return text.toLowerCase() === 'true';
}

/** Refuses a name that would not mean what it looks like. */
export function checkName(
  name: string,
  what: 'input' | 'variable',
  path: YamlPath,
  findings: Findings,
): void {
  const problem =
    name === ''
      ? 'is empty'
      : name.length > nameLengthMax
        ? `is longer than ${nameLengthMax} characters`
        : name.includes('#{')
          ? 'holds a token; a name is plain text'
          : name.trim() !== name || /\p{Cc}|\p{Zl}|\p{Zp}|\p{Cs}/u.test(name)
            ? 'has blanks at its ends or control characters'
            : /^octopus\./i.test(name)
              ? 'begins with Octopus., as the names do that each run sets itself'
              : undefined;
  if (problem === undefined) return;
  findings.add(path, `the name of this ${what} ${problem}`, 'Choose another name.', 'key');
}
